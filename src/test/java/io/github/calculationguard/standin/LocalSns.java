package io.github.calculationguard.standin;

import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.LocalService;
import io.github.athenasparklocal.Reply;
import io.github.calculationguard.spark.AccountRegion;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * SNS's Publish over HTTP, and its subscriptions with their filter policies. It records messages
 * and who receives them, and delivers nothing.
 */
public final class LocalSns extends LocalService {

  private static final int MAX_BYTES = 256 * 1024;
  // Printable ASCII that does not begin with a space.
  private static final Pattern SUBJECT = Pattern.compile("[!-~][ -~]{0,98}");
  private static final Pattern ATTRIBUTE = Pattern.compile("[\\w-]+(\\.[\\w-]+)*");
  private static final Pattern ATTRIBUTE_TYPE =
      Pattern.compile("(String|String\\.Array|Number|Binary)(\\.[\\w.-]+)?");

  private final InstantSource clock;
  private final AccountRegion place;
  private final Set<String> topics = new HashSet<>();
  private final List<SnsMessage> messages = new CopyOnWriteArrayList<>();
  private final Map<String, SnsSubscription> subscriptions = new ConcurrentHashMap<>();

  /** Listens on the loopback address, on a free port. */
  public LocalSns(InstantSource clock, AccountRegion place) {
    this(clock, place, loopback());
  }

  /**
   * @param address port 0 for a free one
   */
  public LocalSns(InstantSource clock, AccountRegion place, InetSocketAddress address) {
    super(address, clock);
    this.clock = clock;
    this.place = place;
    listen();
  }

  /**
   * Adds a topic.
   *
   * @return its ARN
   */
  public String addTopic(String name) {
    var arn =
        "arn:%s:sns:%s:%s:%s".formatted(place.partition(), place.region(), place.accountId(), name);
    synchronized (topics) {
      topics.add(arn);
    }
    return arn;
  }

  /** All messages, in order. */
  public List<SnsMessage> messages() {
    return List.copyOf(messages);
  }

  /** What a subscription received, by its ARN, in order. */
  public List<SnsMessage> received(String subscriptionArn) {
    return subscription(subscriptionArn).received();
  }

  /** Clears the messages and the recorded requests. */
  public void forget() {
    messages.clear();
    forgetCalls();
  }

  @Override
  protected String operationOf(Request request) {
    return form(request.body()).getOrDefault("Action", "");
  }

  @Override
  protected Reply answer(String operation, Request request) {
    var form = form(request.body());
    try {
      var result =
          switch (operation) {
            case "Publish" -> SnsError.element("MessageId", publish(form));
            case "Subscribe" -> SnsError.element("SubscriptionArn", subscribe(form));
            case "SetSubscriptionAttributes" -> {
              subscription(form.getOrDefault("SubscriptionArn", ""))
                  .set(
                      form.getOrDefault("AttributeName", ""),
                      form.getOrDefault("AttributeValue", ""));
              yield "";
            }
            default ->
                throw new SnsError(
                    400,
                    "InvalidAction",
                    "The local SNS knows Publish, Subscribe and SetSubscriptionAttributes.");
          };
      return new Reply(
          200,
          "text/xml",
          "<%1$sResponse xmlns=\"%2$s\"><%1$sResult>%3$s</%1$sResult><ResponseMetadata>%4$s</ResponseMetadata></%1$sResponse>"
              .formatted(
                  operation,
                  SnsError.NAMESPACE,
                  result,
                  SnsError.element("RequestId", request.id())));
    } catch (SnsError error) {
      return error.reply(request.id());
    }
  }

  @Override
  protected Reply refuse(String operation, Fault.Refusal refusal) {
    return (switch (refusal) {
          case THROTTLED -> new SnsError(400, "Throttling", "Rate exceeded");
          case INTERNAL_ERROR -> new SnsError(500, "InternalError", "An internal error occurred");
          case UNAVAILABLE ->
              new SnsError(503, "ServiceUnavailable", "The service is not available");
          case EXPIRED_TOKEN ->
              new SnsError(
                  403, "ExpiredToken", "The security token included in the request is expired");
          case DENIED ->
              new SnsError(
                  403,
                  "AuthorizationError",
                  "User: arn:%s:sts::%s:assumed-role/guard/guard is not authorized to perform: SNS:%s"
                      .formatted(place.partition(), place.accountId(), operation));
        })
        .reply(UUID.randomUUID().toString());
  }

  @Override
  protected Reply fail(Fault.Chosen error) {
    return new SnsError(error.status(), error.code(), error.message())
        .reply(UUID.randomUUID().toString());
  }

  private String publish(Map<String, String> form) {
    var topic = topic(form.getOrDefault("TopicArn", form.get("TargetArn")));
    var message = form.get("Message");
    if (message == null) {
      throw new SnsError(
          400,
          "ValidationError",
          "1 validation error detected: Value null at 'message' failed to satisfy constraint:"
              + " Member must not be null");
    }
    if (message.isEmpty()) {
      throw invalid("Empty message");
    }
    var subject = form.get("Subject");
    if (subject != null && !SUBJECT.matcher(subject).matches()) {
      throw invalid("Subject");
    }
    var structure = form.get("MessageStructure");
    if (structure != null && !structure.equals("json")) {
      throw invalid("Invalid MessageStructure: " + structure);
    }
    if (structure != null) {
      checkStructure(message);
    }
    var attributes = attributes(form, "MessageAttributes.entry.");
    if (bytes(message, attributes) > MAX_BYTES) {
      throw invalid("Message too long");
    }
    var kept =
        new SnsMessage(
            UUID.randomUUID().toString(),
            topic,
            subject,
            message,
            structure != null,
            attributes,
            clock.instant());
    messages.add(kept);
    subscriptions.values().forEach(it -> it.offer(kept));
    return kept.id();
  }

  /** An address need not confirm here. */
  private String subscribe(Map<String, String> form) {
    var topic = topic(form.get("TopicArn"));
    var protocol = form.getOrDefault("Protocol", "");
    if (!protocol.matches("email|email-json|http|https|sqs|lambda|sms|firehose|application")) {
      throw invalid("Amazon SNS does not support this protocol string: " + protocol);
    }
    var subscription = new SnsSubscription(topic + ":" + UUID.randomUUID(), topic, protocol);
    var names = series(form, "Attributes.entry.", ".key");
    for (var i = 1; i <= names.size(); i++) {
      subscription.set(names.get(i - 1), form.getOrDefault("Attributes.entry." + i + ".value", ""));
    }
    subscriptions.put(subscription.arn, subscription);
    return subscription.arn;
  }

  private SnsSubscription subscription(String arn) {
    var subscription = subscriptions.get(arn);
    if (subscription == null) {
      throw new SnsError(404, "NotFound", "Subscription does not exist");
    }
    return subscription;
  }

  private String topic(@Nullable String arn) {
    if (arn == null || arn.isEmpty()) {
      throw invalid("TopicArn or TargetArn Reason: no value for required parameter");
    }
    var parts = arn.split(":", -1);
    if (parts.length != 6 || !parts[0].equals("arn") || !parts[2].equals("sns")) {
      throw invalid("TopicArn Reason: An ARN must have at least 6 elements, not " + parts.length);
    }
    synchronized (topics) {
      if (!topics.contains(arn)) {
        throw new SnsError(404, "NotFound", "Topic does not exist");
      }
    }
    return arn;
  }

  private static void checkStructure(String message) {
    try {
      if (!(Json.parse(message) instanceof Map<?, ?> texts)) {
        throw invalid("Message Structure - JSON message body failed to parse");
      }
      if (!(texts.get("default") instanceof String)) {
        throw invalid("Message Structure - No default entry in JSON message body");
      }
    } catch (IOException e) {
      throw invalid("Message Structure - JSON message body failed to parse");
    }
  }

  private static Map<String, SnsMessage.Attribute> attributes(
      Map<String, String> form, String prefix) {
    var attributes = new LinkedHashMap<String, SnsMessage.Attribute>();
    var names = series(form, prefix, ".Name");
    for (var i = 1; i <= names.size(); i++) {
      var name = names.get(i - 1);
      var type = form.getOrDefault(prefix + i + ".Value.DataType", "");
      var value =
          form.getOrDefault(
              prefix
                  + i
                  + (type.startsWith("Binary") ? ".Value.BinaryValue" : ".Value.StringValue"),
              "");
      var lowerCase = name.toLowerCase(Locale.ROOT);
      if (name.length() > 256
          || !ATTRIBUTE.matcher(name).matches()
          || lowerCase.startsWith("aws.")
          || lowerCase.startsWith("amazon.")) {
        throw unusable("The message attribute name '%s' is invalid.".formatted(name));
      }
      if (!ATTRIBUTE_TYPE.matcher(type).matches()) {
        throw unusable(
            "The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."
                .formatted(name));
      }
      if (value.isEmpty()) {
        throw unusable(
            "The message attribute '%s' must contain non-empty message attribute value for message attribute type '%s'."
                .formatted(name, type));
      }
      if (attributes.put(name, new SnsMessage.Attribute(type, value)) != null) {
        throw unusable("The message attribute '%s' is there twice.".formatted(name));
      }
    }
    return attributes;
  }

  /** The values that a form numbers from 1. */
  private static List<String> series(Map<String, String> form, String prefix, String suffix) {
    return Stream.iterate(1, i -> i + 1)
        .map(i -> form.get(prefix + i + suffix))
        .takeWhile(Objects::nonNull)
        .toList();
  }

  private static int bytes(String message, Map<String, SnsMessage.Attribute> attributes) {
    var text = new StringBuilder(message);
    attributes.forEach(
        (name, attribute) -> text.append(name).append(attribute.type()).append(attribute.value()));
    return text.toString().getBytes(StandardCharsets.UTF_8).length;
  }

  private static SnsError invalid(String what) {
    return new SnsError(400, "InvalidParameter", "Invalid parameter: " + what);
  }

  private static SnsError unusable(String message) {
    return new SnsError(400, "ParameterValueInvalid", message);
  }

  private static Map<String, String> form(String body) {
    var form = new HashMap<String, String>();
    for (var pair : body.split("&", -1)) {
      var parts = pair.split("=", 2);
      form.put(decode(parts[0]), parts.length == 1 ? "" : decode(parts[1]));
    }
    return form;
  }

  private static String decode(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return text;
    }
  }
}
