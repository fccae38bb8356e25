package io.github.calculationguard.aws;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.Faults;
import io.github.athenasparklocal.HandClock;
import io.github.calculationguard.guard.Finding;
import io.github.calculationguard.guard.Inventory.Scope;
import io.github.calculationguard.guard.Limits;
import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.guard.Sweep;
import io.github.calculationguard.guard.SweepReport.Disposition;
import io.github.calculationguard.guard.SweepReport.Judged;
import io.github.calculationguard.guard.Verdict.Exceeded;
import io.github.calculationguard.guard.Verdict.Usage;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.CalculationState;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.InternalBus.Event;
import io.github.calculationguard.spark.Return;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Session.Executor;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.spark.SessionState;
import io.github.calculationguard.spark.Snapshot;
import io.github.calculationguard.standin.Json;
import io.github.calculationguard.standin.LocalEventBridge;
import io.github.calculationguard.standin.LocalWorld;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.StandardRetryStrategy;
import software.amazon.awssdk.services.eventbridge.EventBridgeClient;

class EventBridgePublisherTest {

  private static final Instant FOUND = Instant.parse("2026-11-22T09:30:01.417Z");
  private static final Deadline DEADLINE = new Deadline(FOUND.plusSeconds(30));

  private final HandClock clock = new HandClock(FOUND.plusSeconds(1));
  private final LocalEventBridge bus = new LocalEventBridge(clock, LocalWorld.PLACE);
  private final EventBridgeClient client = client(bus.endpoint());
  private final EventBridgePublisher orders = new EventBridgePublisher(client, "guard", clock);

  @AfterEach
  void close() {
    client.close();
    bus.close();
  }

  private static EventBridgeClient client(URI endpoint) {
    return EventBridgeClient.builder()
        .endpointOverride(endpoint)
        .region(Region.US_EAST_1)
        .credentialsProvider(AnonymousCredentialsProvider.create())
        .httpClient(Apache5HttpClient.create())
        .overrideConfiguration(
            c -> c.retryStrategy(StandardRetryStrategy.builder().maxAttempts(1).build()))
        .build();
  }

  private static Session session(@Nullable Instant idleSince) {
    return new Session(
        new SessionId("9cc1ebb2-aac5-b1ca-8247-5d827bd8232f"),
        "analytics-spark",
        new SessionState(idleSince == null ? "BUSY" : "IDLE"),
        null,
        null,
        FOUND.minus(Duration.ofHours(6)),
        idleSince,
        null,
        20,
        null,
        null);
  }

  private static final Limits LIMITS = new Limits(Limits.Mode.ENFORCE, Map.of(), 80);
  private static final String ARN = "arn:aws:athena:us-east-1:123456789012:workgroup/etl";

  private static Event calculation(String id) {
    var snapshot =
        new Snapshot(
            new Calculation(
                new CalculationId(id),
                session(null).id(),
                new CalculationState("RUNNING"),
                null,
                FOUND.minus(Duration.ofSeconds(11_250)),
                null,
                Duration.ofMinutes(738),
                Calculation.NO_OUTPUT),
            session(null),
            null,
            List.of(),
            FOUND);
    var usage = new Usage(Rule.MAX_CALCULATION_MINUTES, 120, 187.5, null);
    var tags = Map.of("calculation-guard:max-calculation-minutes", "120");
    return finding(
        snapshot,
        LIMITS.withWorkGroupTags(ARN, tags),
        new Exceeded(usage, "running for 3 h 7 min, limit 2 h"),
        null,
        Duration.ofHours(24));
  }

  private static Event idleSession() {
    var snapshot =
        new Snapshot(
            null,
            session(Instant.parse("2026-11-22T07:57:46.123Z")),
            null,
            List.of(new Executor(1.025, FOUND.minus(Duration.ofHours(6)), null)),
            FOUND);
    var usage = new Usage(Rule.MAX_SESSION_IDLE_MINUTES, 60, 92.25, null);
    return finding(
        snapshot,
        LIMITS,
        new Exceeded(usage, "idle for 1 h 32 min, limit 1 h"),
        new Return("5d1f0b7e-3c42-6a19-ce60-2b9d7c5a1f38", true),
        Duration.ofHours(36));
  }

  private static Event finding(
      Snapshot snapshot,
      Limits limits,
      Exceeded verdict,
      @Nullable Return returned,
      Duration maxExempt) {
    var policy = new Sweep.Policy(new Scope("*", limits, maxExempt, "owner"), true, 10, 0.35);
    var judged = new Judged(snapshot, limits, verdict, Disposition.ORDERED, returned);
    return new Finding(judged, policy, FOUND.plus(Duration.ofMinutes(10))).event();
  }

  /** All of an event but what differs from event to event, and from rounding to rounding. */
  private static Map<?, ?> comparable(String json) {
    var event = Json.object(json);
    event.remove("id");
    event.remove("time");
    if (event.get("detail") instanceof Map<?, ?> detail
        && detail.get("cost") instanceof Map<?, ?> cost) {
      cost.remove("usd");
    }
    return event;
  }

  @Test
  void putsFindingsOnTheBusAsTheSamplesHaveThem() throws IOException {
    bus.addBus("guard");

    var refused =
        orders.put(
            List.of(calculation("82c1ebb4-bd08-e4c3-5631-a662fb2ff2c5"), idleSession()), DEADLINE);

    assertThat(refused).isEmpty();
    assertThat(bus.events()).extracting(LocalEventBridge.Event::bus).containsOnly("guard");
    assertThat(comparable(bus.events().getFirst().json()))
        .isEqualTo(comparable(Files.readString(Path.of("events", "finding-calculation.json"))));
    assertThat(comparable(bus.events().getLast().json()))
        .isEqualTo(comparable(Files.readString(Path.of("events", "finding-session.json"))));
    assertThat(bus.events().getFirst().json()).contains("\"usd\":4.305");
  }

  @Test
  void putsTenAtOnce() {
    bus.addBus("guard");

    orders.put(IntStream.range(0, 23).mapToObj(n -> calculation("c-" + n)).toList(), DEADLINE);

    assertThat(bus.events()).hasSize(23);
    assertThat(bus.counts()).isEqualTo(Map.of("PutEvents", 3));
  }

  /** Orders two stops of a bus that gives these answers, and returns what it was asked. */
  private List<String> orderTwo(List<String> answers, Map<Event, String> refused)
      throws IOException {
    var asked = new ArrayList<String>();
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          var answer = answers.get(asked.size()).getBytes(StandardCharsets.UTF_8);
          asked.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    server.start();
    var port = server.getAddress().getPort();
    try (var client = client(URI.create("http://127.0.0.1:" + port))) {
      refused.putAll(
          new EventBridgePublisher(client, "guard", clock)
              .put(List.of(calculation("c-1"), calculation("c-2")), DEADLINE));
      return asked;
    } finally {
      server.stop(0);
    }
  }

  private static final String SECOND_REFUSED =
      """
      {"FailedEntryCount": 1, "Entries": [{"EventId": "1"},
       {"ErrorCode": "ThrottlingException", "ErrorMessage": "Too many."}]}""";

  @Test
  void putsARefusedEntryOnceMore() throws IOException {
    var refused = new HashMap<Event, String>();

    var asked =
        orderTwo(
            List.of(
                SECOND_REFUSED, "{\"FailedEntryCount\": 0, \"Entries\": [{\"EventId\": \"2\"}]}"),
            refused);

    assertThat(refused).isEmpty();
    assertThat(asked).hasSize(2);
    assertThat(asked.getFirst()).contains("c-1").contains("c-2");
    assertThat(asked.getLast()).doesNotContain("c-1").contains("c-2");
  }

  @Test
  void givesUpAfterTheSecondTryAndSaysWhy() throws IOException {
    var refused = new HashMap<Event, String>();

    orderTwo(
        List.of(
            SECOND_REFUSED,
            """
            {"FailedEntryCount": 1, "Entries": [
             {"ErrorCode": "InternalFailure", "ErrorMessage": "Not today."}]}"""),
        refused);

    assertThat(refused).isEqualTo(Map.of(calculation("c-2"), "InternalFailure: Not today."));
  }

  @Test
  void refusesAllWhereTheAnswerLeavesOneOut() throws IOException {
    var refused = new HashMap<Event, String>();
    var one = "{\"FailedEntryCount\": 0, \"Entries\": [{\"EventId\": \"1\"}]}";

    orderTwo(List.of(one, one), refused);

    assertThat(refused).hasSize(2).containsValue("EventBridge did not answer for each event");
  }

  @Test
  void refusesWhatADefectOfOursKeepsFromBeingWritten() {
    var detail =
        new AbstractMap<String, Object>() {
          @Override
          public Set<Entry<String, Object>> entrySet() {
            throw new IllegalStateException("a defect");
          }
        };
    var event = new Event("Odd", FOUND, detail);

    assertThat(orders.put(List.of(event), DEADLINE).get(event))
        .isEqualTo("java.lang.IllegalStateException: a defect");
  }

  @Test
  void refusesAllWhereTheBusFails() {
    bus.faults(Faults.always(Fault.Refusal.DENIED));

    assertThat(orders.put(List.of(calculation("c-1"), idleSession()), DEADLINE))
        .hasSize(2)
        .allSatisfy((_, why) -> assertThat(why).contains("not authorized"));
  }

  @Test
  void refusesAllWhereNoTimeIsLeft() {
    assertThat(orders.put(List.of(calculation("c-1")), new Deadline(FOUND))).hasSize(1);
    assertThat(bus.calls()).isEmpty();
  }
}
