package io.github.calculationguard.standin;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import software.amazon.event.ruler.Ruler;

/**
 * A subscription to a topic, and what it received. Its filter policy is matched by EventBridge's
 * own engine, whose patterns have the same form.
 *
 * @see <a href="https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html">
 *     filter policies</a>
 */
final class SnsSubscription {

  private static final int MAX_KEYS = 5;

  final String arn;
  final String topicArn;
  private final String protocol;
  private final List<SnsMessage> received = new CopyOnWriteArrayList<>();
  private volatile @Nullable String policy;
  private volatile boolean isOfBody;

  SnsSubscription(String arn, String topicArn, String protocol) {
    this.arn = arn;
    this.topicArn = topicArn;
    this.protocol = protocol;
  }

  List<SnsMessage> received() {
    return List.copyOf(received);
  }

  void set(String name, String value) {
    switch (name) {
      case "FilterPolicy" -> policy = value.isEmpty() || value.equals("{}") ? null : valid(value);
      case "FilterPolicyScope" -> {
        if (!value.matches("MessageAttributes|MessageBody")) {
          throw invalid("FilterPolicyScope: Invalid value [" + value + "]");
        }
        isOfBody = value.equals("MessageBody");
      }
      case "RawMessageDelivery", "RedrivePolicy", "DeliveryPolicy" -> {}
      default -> throw invalid("AttributeName");
    }
  }

  private static String valid(String policy) {
    try {
      if (Json.parse(policy) instanceof Map<?, ?> keys && keys.size() <= MAX_KEYS) {
        matches("{}", policy);
        return policy;
      }
    } catch (IOException | IllegalArgumentException e) {
      // Refused below.
    }
    throw invalid("FilterPolicy: it is no object of at most 5 keys with lists of conditions");
  }

  private static SnsError invalid(String why) {
    return new SnsError(400, "InvalidParameter", "Invalid parameter: Attributes Reason: " + why);
  }

  void offer(SnsMessage message) {
    var wanted = policy;
    if (message.topicArn().equals(topicArn)
        && (wanted == null || matches(isOfBody ? body(message) : attributes(message), wanted))) {
      received.add(message);
    }
  }

  /** What is no JSON object matches no policy. */
  private String body(SnsMessage message) {
    var text = message.text(protocol);
    try {
      return Json.parse(text) instanceof Map<?, ?> ? text : "{}";
    } catch (IOException e) {
      return "{}";
    }
  }

  private static String attributes(SnsMessage message) {
    var values = new HashMap<String, Object>();
    message
        .attributes()
        .forEach(
            (name, it) -> {
              // A policy sees no binary attribute, and a list as its members.
              switch (it.type().replaceFirst("(?<=Number|String|Binary)\\.(?!Array).*", "")) {
                case "String" -> values.put(name, it.value());
                case "String.Array", "Number" -> values.put(name, parsed(it.value()));
                default -> {}
              }
            });
    return Json.text(values);
  }

  private static Object parsed(String json) {
    return Objects.requireNonNullElse(Json.object("{\"it\":" + json + "}").get("it"), "");
  }

  private static boolean matches(String event, String policy) {
    try {
      return Ruler.matchesRule(event, policy);
    } catch (Exception e) { // The engine declares no narrower one.
      throw new IllegalArgumentException("no policy: " + policy, e);
    }
  }
}
