package io.github.calculationguard.standin;

import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.LocalService;
import io.github.athenasparklocal.Refused;
import io.github.athenasparklocal.Reply;
import io.github.calculationguard.spark.AccountRegion;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** EventBridge's PutEvents over HTTP. Listeners get each event in its envelope. */
public final class LocalEventBridge extends LocalService {

  /**
   * An event on a bus.
   *
   * @param bus the bus's name
   * @param json the envelope, as a rule's target gets it
   */
  public record Event(String bus, String json) {

    /** Its detail-type. */
    public String detailType() {
      return String.valueOf(Json.object(json).get("detail-type"));
    }
  }

  private static final String TARGET = "AWSEvents.";
  private static final int MOST_ENTRIES = 10;
  private static final int MOST_BYTES = 256 * 1024;

  private final InstantSource clock;
  private final AccountRegion place;
  private final Set<String> buses = new CopyOnWriteArraySet<>(List.of("default"));
  private final List<Event> events = new CopyOnWriteArrayList<>();
  private final List<Consumer<Event>> listeners = new CopyOnWriteArrayList<>();

  /** Listens on the loopback address, on a free port. */
  public LocalEventBridge(InstantSource clock, AccountRegion place) {
    this(clock, place, loopback());
  }

  /**
   * @param address port 0 for a free one
   */
  public LocalEventBridge(InstantSource clock, AccountRegion place, InetSocketAddress address) {
    super(address, clock);
    this.clock = clock;
    this.place = place;
    listen();
  }

  /** Adds an event bus beside the default one. */
  public void addBus(String name) {
    buses.add(name);
  }

  /** Adds a listener to all events, called before the caller gets its answer. */
  public void onEvent(Consumer<Event> listener) {
    listeners.add(listener);
  }

  /** The account and Region that it is of. */
  public AccountRegion place() {
    return place;
  }

  /**
   * Takes an event that a rule forwards to a bus of this account and Region. Its envelope stays as
   * it is: also its account and Region are those that it was put in.
   *
   * @throws IllegalArgumentException if there is no such bus
   */
  public void forward(String bus, String json) {
    if (!buses.contains(bus)) {
      throw new IllegalArgumentException("no bus " + bus);
    }
    hand(new Event(bus, json));
  }

  /** All events, in order. */
  public List<Event> events() {
    return List.copyOf(events);
  }

  /** The events of a detail-type, in order. */
  public List<Event> events(String detailType) {
    return events.stream().filter(it -> it.detailType().equals(detailType)).toList();
  }

  /** Clears the events and the recorded requests. */
  public void forget() {
    events.clear();
    forgetCalls();
  }

  @Override
  protected String operationOf(Request request) {
    var target = request.header().apply("X-Amz-Target");
    return target != null && target.startsWith(TARGET) ? target.substring(TARGET.length()) : "";
  }

  @Override
  protected Reply answer(String operation, Request request) {
    try {
      if (!operation.equals("PutEvents")) {
        throw Refused.byProtocol(
            "UnknownOperationException", "The local EventBridge knows PutEvents.");
      }
      return Reply.json(200, putEvents(object(request.body())));
    } catch (Refused refused) {
      return refused.reply();
    }
  }

  private static Map<?, ?> object(String body) {
    try {
      if (Json.parse(body) instanceof Map<?, ?> object) {
        return object;
      }
    } catch (IOException e) {
      // Refused below, like JSON of another kind.
    }
    throw Refused.byProtocol("SerializationException", "The body is not a JSON object");
  }

  @Override
  protected Reply refuse(String operation, Fault.Refusal refusal) {
    var denied =
        "User: arn:%s:sts::%s:assumed-role/guard/guard is not authorized to perform: events:%s"
            .formatted(place.partition(), place.accountId(), operation);
    return Refused.by(refusal, "InternalException", denied).reply();
  }

  @Override
  protected Reply fail(Fault.Chosen error) {
    return Refused.of(error.status(), error.code(), error.message()).reply();
  }

  private Map<String, Object> putEvents(Map<?, ?> request) {
    if (!(request.get("Entries") instanceof List<?> entries)
        || entries.isEmpty()
        || entries.size() > MOST_ENTRIES) {
      throw Refused.of(
          400,
          "ValidationException",
          "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member"
              + " must have length between 1 and 10");
    }
    if (bytes(entries) > MOST_BYTES) {
      throw Refused.of(
          400,
          "ValidationException",
          "Total size of the entries in the request is over the limit.");
    }
    var results = new ArrayList<Map<String, String>>();
    for (var entry : entries) {
      results.add(put(entry instanceof Map<?, ?> map ? map : Map.of()));
    }
    var failed = results.stream().filter(result -> result.containsKey("ErrorCode")).count();
    return Map.of("FailedEntryCount", failed, "Entries", results);
  }

  private static int bytes(List<?> entries) {
    var text = new StringBuilder();
    for (var entry : entries) {
      if (entry instanceof Map<?, ?> map) {
        text.append(map.get("Source")).append(map.get("DetailType")).append(map.get("Detail"));
      }
    }
    return text.toString().getBytes(StandardCharsets.UTF_8).length;
  }

  private Map<String, String> put(Map<?, ?> entry) {
    for (var name : List.of("Source", "DetailType", "Detail")) {
      if (!(entry.get(name) instanceof String text) || text.isEmpty()) {
        return failure(
            "InvalidArgument",
            "Parameter %1$s is not valid. Reason: %1$s is a required argument.".formatted(name));
      }
    }
    var source = text(entry, "Source");
    var detailType = text(entry, "DetailType");
    if (source.toLowerCase(Locale.ROOT).startsWith("aws.")) {
      return failure("NotAuthorizedForSourceException", "Not authorized for the source.");
    }
    if (source.length() > 256 || detailType.length() > 128) {
      var name = source.length() > 256 ? "Source" : "DetailType";
      return failure(
          "InvalidArgument", "Parameter %s is not valid. Reason: it is too long.".formatted(name));
    }
    Object detail;
    try {
      detail = Json.parse(text(entry, "Detail"));
    } catch (IOException e) {
      return failure("MalformedDetail", "Detail is malformed.");
    }
    if (!(detail instanceof Map<?, ?>)) {
      return failure("MalformedDetail", "Detail is malformed.");
    }
    var id = UUID.randomUUID().toString();
    var bus = busOf(entry.get("EventBusName"));
    if (bus == null) {
      // AWS accepts it and drops it.
      return Map.of("EventId", id);
    }
    hand(new Event(bus, Json.text(envelope(id, entry, detail))));
    return Map.of("EventId", id);
  }

  private void hand(Event event) {
    events.add(event);
    listeners.forEach(listener -> listener.accept(event));
  }

  private @Nullable String busOf(@Nullable Object name) {
    if (name == null) {
      return "default";
    }
    var prefix =
        "arn:%s:events:%s:%s:event-bus/"
            .formatted(place.partition(), place.region(), place.accountId());
    var text = name.toString();
    var bus = text.startsWith(prefix) ? text.substring(prefix.length()) : text;
    return buses.contains(bus) ? bus : null;
  }

  private Map<String, Object> envelope(String id, Map<?, ?> entry, Object detail) {
    var envelope = new LinkedHashMap<String, Object>();
    envelope.put("version", "0");
    envelope.put("id", id);
    envelope.put("detail-type", text(entry, "DetailType"));
    envelope.put("source", text(entry, "Source"));
    envelope.put("account", place.accountId());
    envelope.put("time", timeOf(entry).truncatedTo(ChronoUnit.SECONDS).toString());
    envelope.put("region", place.region());
    envelope.put(
        "resources", entry.get("Resources") instanceof List<?> resources ? resources : List.of());
    envelope.put("detail", detail);
    return envelope;
  }

  private Instant timeOf(Map<?, ?> entry) {
    return entry.get("Time") instanceof Number seconds
        ? Instant.ofEpochMilli((long) (seconds.doubleValue() * 1000))
        : clock.instant();
  }

  private static String text(Map<?, ?> entry, String name) {
    return String.valueOf(entry.get(name));
  }

  private static Map<String, String> failure(String code, String message) {
    return Map.of("ErrorCode", code, "ErrorMessage", message);
  }
}
