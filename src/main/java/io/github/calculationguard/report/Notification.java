package io.github.calculationguard.report;

import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.Severity;
import io.jstach.jstache.JStache;
import io.jstach.jstache.JStacheConfig;
import io.jstach.jstache.JStacheType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One message to people and programs. All text in it is clean.
 *
 * @param subject what matters most, in one line; at most 99 ASCII characters, as SNS requires
 * @param headline what happened, in one sentence
 * @param facts by name, the most important first
 * @param next what to do, each with its command
 * @param thread groups messages in a chat
 * @param attributes for filter policies
 * @param queue one line of JSON, for programs
 */
// Without the library's own classes, whose loading would delay the first message. Not escaped.
@JStache(path = "notification.mustache")
@JStacheConfig(type = JStacheType.STACHE)
public record Notification(
    Severity severity,
    String subject,
    String headline,
    Map<String, String> facts,
    List<String> next,
    AccountRegion place,
    String thread,
    Map<String, String> attributes,
    String queue) {

  private static final int MAX_SUBJECT = 99;

  public Notification {
    subject = sendable(subject);
  }

  /** SNS accepts ASCII subjects of limited length only. */
  private static String sendable(String subject) {
    var ascii = subject.replaceAll("[^\\x20-\\x7E]", "?").strip();
    return ascii.length() <= MAX_SUBJECT
        ? ascii
        : ascii.substring(0, MAX_SUBJECT - 3).strip() + "...";
  }

  /** For people, as an email and wherever nothing else fits. */
  public String text() {
    return NotificationRenderer.of().execute(this);
  }

  /** The facts as the email lists them. */
  List<String> lines() {
    return facts.entrySet().stream()
        .map(it -> "%-12s %s".formatted(it.getKey() + ":", it.getValue()))
        .toList();
  }

  /** For Slack and Teams. Amazon Q Developer silently drops what does not follow its schema. */
  public String chat() {
    var description = new StringBuilder();
    facts.forEach((name, value) -> description.append("*%s:* `%s`\n".formatted(name, value)));
    var steps = new ArrayList<>(next);
    steps.add("Open the console: " + console());
    var content = new LinkedHashMap<String, Object>();
    content.put("textType", "client-markdown");
    content.put("title", emoji() + " " + headline);
    content.put("description", description.toString());
    content.put("nextSteps", steps);
    var metadata = new LinkedHashMap<String, Object>();
    metadata.put("threadId", thread);
    metadata.put("summary", subject);
    metadata.put("additionalContext", attributes);
    var chat = new LinkedHashMap<String, Object>();
    chat.put("version", "1.0");
    chat.put("source", "custom");
    chat.put("content", content);
    chat.put("metadata", metadata);
    return Json.line(chat);
  }

  private String emoji() {
    return switch (severity) {
      case INFO -> ":white_check_mark:";
      case WARNING -> ":warning:";
      case ERROR -> ":x:";
    };
  }

  String console() {
    var domain =
        switch (place.partition()) {
          case "aws-cn" -> "console.amazonaws.cn";
          case "aws-us-gov" -> "console.amazonaws-us-gov.com";
          default -> "console.aws.amazon.com";
        };
    return "https://%s.%s/athena/home?region=%1$s".formatted(place.region(), domain);
  }
}
