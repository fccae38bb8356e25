package io.github.calculationguard.standin;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A published message.
 *
 * @param message as it was published: for a structured message a JSON object with a text for each
 *     protocol
 * @param structured whether MessageStructure was json
 */
public record SnsMessage(
    String id,
    String topicArn,
    @Nullable String subject,
    String message,
    boolean structured,
    Map<String, Attribute> attributes,
    Instant publishedAt) {

  /**
   * An attribute, by which subscribers filter.
   *
   * @param type such as String
   */
  public record Attribute(String type, String value) {}

  public SnsMessage {
    attributes = Map.copyOf(attributes);
  }

  /**
   * The text that a protocol's subscribers get.
   *
   * @param protocol such as email, sqs, lambda or https
   */
  public String text(String protocol) {
    if (!structured) {
      return message;
    }
    var texts = Json.object(message);
    return String.valueOf(texts.get(protocol) instanceof String text ? text : texts.get("default"));
  }

  /** What arrives at a protocol's subscriber, the wrapping included. */
  public String delivery(String protocol) {
    return switch (protocol) {
      case "email" -> "Subject: %s\n\n%s".formatted(subjectOrUsual(), text(protocol));
      case "lambda" ->
          Json.text(
              Map.of(
                  "Records",
                  List.of(
                      Map.of(
                          "EventSource",
                          "aws:sns",
                          "EventVersion",
                          "1.0",
                          "EventSubscriptionArn",
                          topicArn + ":local",
                          "Sns",
                          envelope(protocol)))));
      default -> Json.text(envelope(protocol));
    };
  }

  private String subjectOrUsual() {
    return subject == null ? "AWS Notification Message" : subject;
  }

  private Map<String, @Nullable Object> envelope(String protocol) {
    var envelope = new LinkedHashMap<String, @Nullable Object>();
    envelope.put("Type", "Notification");
    envelope.put("MessageId", id);
    envelope.put("TopicArn", topicArn);
    if (subject != null || protocol.equals("lambda")) {
      envelope.put("Subject", subject);
    }
    envelope.put("Message", text(protocol));
    envelope.put("Timestamp", publishedAt.toString());
    envelope.put("SignatureVersion", "1");
    envelope.put("Signature", "local");
    if (!attributes.isEmpty() || protocol.equals("lambda")) {
      var all = new TreeMap<String, Object>();
      attributes.forEach(
          (name, attribute) ->
              all.put(name, Map.of("Type", attribute.type(), "Value", attribute.value())));
      envelope.put("MessageAttributes", all);
    }
    return envelope;
  }
}
