package io.github.calculationguard.report;

import static java.util.Objects.requireNonNullElse;

import module java.base;

import io.github.calculationguard.spark.*;
import io.github.calculationguard.stop.*;
import io.jstach.jstache.JStache;
import io.jstach.jstache.JStacheConfig;
import io.jstach.jstache.JStacheType;
import org.jspecify.annotations.Nullable;

/**
 * One message to people and programs. All text in it is clean.
 *
 * @param record what is logged of the same, and sent to programs
 * @param subject what matters most, in one line; at most 99 ASCII characters, as SNS requires
 * @param lines the headline, then facts with their names before a colon, and next steps after an
 *     asterisk. Blank lines and facts without a text are left out.
 * @param thread groups messages in a chat
 * @param buttons what the buttons under a chat message need beside the Region, without spaces
 * @param attributes for filter policies: texts, and lists of texts
 */
public record Notification(
    LogRecord record,
    Severity severity,
    String subject,
    List<String> lines,
    AccountRegion place,
    String thread,
    Map<String, String> buttons,
    Map<String, Object> attributes) {

  /** The attributes that name whom a notification is for. */
  static final String WORK_GROUP = "work_group";

  static final String OWNER = "owner";

  private static final int MAX_SUBJECT = 99;
  private static final String STEP = "* ";

  // Of Amazon Q's schema.
  private static final int MAX_TITLE = 250;
  private static final int MAX_DESCRIPTION = 8000;
  private static final int MAX_NOTE = 100;

  record Fact(String name, String text) {

    static Fact of(String line) {
      var colon = line.indexOf(':');
      return new Fact(line.substring(0, Math.max(colon, 0)), line.substring(colon + 1).strip());
    }
  }

  public Notification {
    var ascii = UserText.ascii(subject);
    lines = lines.stream().filter(it -> !it.isBlank()).toList();
    subject =
        ascii.length() <= MAX_SUBJECT ? ascii : ascii.substring(0, MAX_SUBJECT - 3).strip() + "...";
  }

  /** The record of an outcome, and its notification. */
  public static Notification of(
      Request request, StopResult result, InvocationInfo info, Instant at) {
    var record = LogRecord.of(request, result, info, at);
    var message = StopMessage.of(request, result, record, info);
    var severity = LogRecord.severity(result);
    var attributes = new LinkedHashMap<String, Object>();
    for (var key : List.of("outcome", "state", "trigger")) {
      putAttribute(attributes, key, record.text(key));
    }
    var session = message.snapshot().session();
    putAttribute(attributes, WORK_GROUP, session == null ? null : session.workGroup());
    putAttribute(attributes, OWNER, message.snapshot().owner());
    attributes.put("severity", severity.name());
    return new Notification(
        record,
        severity,
        message.subject(),
        StopMessageRenderer.of().execute(message).lines().toList(),
        request.metadata().place(),
        requireNonNullElse(message.sessionId(), request.metadata().id()),
        message.buttons(),
        attributes);
  }

  /** Adds a text as an attribute, which may not be empty. */
  static void putAttribute(Map<String, Object> attributes, String name, @Nullable String text) {
    var value = text == null ? "" : UserText.ascii(text);
    if (!value.isEmpty()) {
      attributes.put(name, value);
    }
  }

  String headline() {
    return lines.getFirst();
  }

  /** The most important first. */
  List<Fact> facts() {
    return lines.stream()
        .skip(1)
        .filter(it -> !it.startsWith(STEP))
        .map(Fact::of)
        .filter(it -> !it.text().isEmpty())
        .toList();
  }

  List<String> nextSteps() {
    return lines.stream()
        .filter(it -> it.startsWith(STEP))
        .map(it -> it.substring(STEP.length()))
        .toList();
  }

  /** For people, as an email and wherever nothing else fits. */
  public String text() {
    var text = new StringBuilder(headline()).append("\n\n");
    facts().forEach(it -> text.append("%-12s %s\n".formatted(it.name() + ":", it.text())));
    if (!nextSteps().isEmpty()) {
      text.append("\nWhat to do next\n");
    }
    nextSteps().forEach(it -> text.append("  * ").append(it).append('\n'));
    return text.append("\nConsole: ").append(console()).append('\n').toString();
  }

  /** For programs: one line of JSON. */
  public String queue() {
    return Json.line(record.fields());
  }

  /** For Slack and Teams. Amazon Q Developer silently drops what does not follow its schema. */
  public String chat() {
    var emoji =
        switch (severity) {
          case INFO -> ":white_check_mark: ";
          case WARNING -> ":warning: ";
          case ERROR -> ":x: ";
        };
    var steps = new ArrayList<>(nextSteps());
    steps.add("Open the console: " + console());
    var content = new LinkedHashMap<String, Object>();
    content.put("textType", "client-markdown");
    content.put("title", UserText.cut(emoji + headline(), MAX_TITLE));
    content.put("description", description());
    content.put("nextSteps", steps);
    var metadata = new LinkedHashMap<String, Object>();
    metadata.put("threadId", thread);
    metadata.put("summary", subject);
    // An owner is not clean, because it is filtered by.
    var context = new LinkedHashMap<>(attributes);
    context.values().removeIf(List.class::isInstance);
    context.remove(OWNER);
    context.put("region", place.region());
    context.putAll(buttons);
    metadata.put("additionalContext", context);
    var chat = new LinkedHashMap<String, Object>();
    chat.put("version", "1.0");
    chat.put("source", "custom");
    chat.put("content", content);
    chat.put("metadata", metadata);
    return Json.line(chat);
  }

  /** As many facts as fit, the most important first. */
  private String description() {
    var facts = facts();
    var description = new StringBuilder();
    for (var shown = 0; shown < facts.size(); shown++) {
      var line = "*%s:* `%s`\n".formatted(facts.get(shown).name(), facts.get(shown).text());
      if (description.length() + line.length() > MAX_DESCRIPTION - MAX_NOTE) {
        var leftOut = facts.size() - shown;
        return description
            .append("*Left out:* `%d more facts; the email has them all`\n".formatted(leftOut))
            .toString();
      }
      description.append(line);
    }
    return description.toString();
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

  /**
   * HTML without a script, for the viewer of the dashboard who clicked on Stop. It says so if this
   * could not be published.
   */
  public String popup() {
    var all = new ArrayList<>(facts());
    if (record.isFalse("announced")) {
      all.add(new Fact("Attention", "No notification was sent: " + record.text("reason")));
    }
    return PopupRenderer.of().execute(new Popup(headline(), all, nextSteps()));
  }

  /** The same where a click did not end in an outcome. */
  public static String failurePopup(LogRecord record) {
    var headline =
        record.isFalse("handed_over")
            ? "Stop was sent, but the work has NOT stopped yet, and the guard cannot follow up."
            : "The stop could not be confirmed.";
    var reason = new Fact("Reason", String.valueOf(record.text("reason")));
    var step = "Click the button again. It is safe to stop something twice.";
    return PopupRenderer.of().execute(new Popup(headline, List.of(reason), List.of(step)));
  }

  // Escaped, unlike the rest.
  @JStache(path = "popup.mustache")
  @JStacheConfig(type = JStacheType.JSTACHIO)
  record Popup(String headline, List<Fact> facts, List<String> nextSteps) {}
}
