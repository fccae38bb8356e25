package io.github.calculationguard.report;

import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.Severity;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is said to people, before it is put in a protocol's words. All text in it is clean.
 *
 * @param subject all that matters, at a glance
 * @param headline what happened, in a sentence
 * @param facts by their names, in the order in which a tired person wants them
 * @param next what to do, each with its command
 * @param thread what belongs together in a chat
 * @param attributes for filter policies
 * @param queue for programs: a line of JSON
 */
public record Message(
    Severity severity,
    String subject,
    String headline,
    Map<String, String> facts,
    List<String> next,
    AccountRegion place,
    String thread,
    Map<String, String> attributes,
    String queue) {

  private static final int MOST_OF_SUBJECT = 99;

  public Notification announcement() {
    return new Notification(sendable(subject), text(), queue, chat(), attributes);
  }

  /** SNS takes ASCII only, and not too much of it. */
  private static String sendable(String subject) {
    var ascii = subject.replaceAll("[^\\x20-\\x7E]", "?").strip();
    return ascii.length() <= MOST_OF_SUBJECT
        ? ascii
        : ascii.substring(0, MOST_OF_SUBJECT - 3).strip() + "...";
  }

  private String text() {
    var text = new StringBuilder(headline).append("\n\n");
    facts.forEach((name, value) -> text.append("%-12s %s\n".formatted(name + ":", value)));
    if (!next.isEmpty()) {
      text.append("\nWhat to do next\n");
      next.forEach(step -> text.append("  * ").append(step).append('\n'));
    }
    return text.append("\nConsole: ").append(console()).append('\n').toString();
  }

  /** Amazon Q Developer drops whatever has another schema, and says nothing. */
  private String chat() {
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

  private String console() {
    var domain =
        switch (place.partition()) {
          case "aws-cn" -> "console.amazonaws.cn";
          case "aws-us-gov" -> "console.amazonaws-us-gov.com";
          default -> "console.aws.amazon.com";
        };
    return "https://%s.%s/athena/home?region=%1$s".formatted(place.region(), domain);
  }
}
