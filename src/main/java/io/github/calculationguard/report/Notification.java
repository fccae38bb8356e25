package io.github.calculationguard.report;

import static java.util.Objects.requireNonNullElse;
import static java.util.stream.Collectors.joining;

import module java.base;

import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.Severity;
import io.github.calculationguard.stop.Request;
import io.github.calculationguard.stop.StopResult;
import io.jstach.jstache.JStache;
import io.jstach.jstache.JStacheConfig;
import io.jstach.jstache.JStacheType;
import org.jspecify.annotations.Nullable;

/**
 * One message to people and programs. All text in it is clean.
 *
 * @param record what is logged of the same, and sent to programs
 * @param subject what matters most, in one line; at most 99 ASCII characters, as SNS requires
 * @param headline what happened, in one sentence
 * @param facts the most important first
 * @param next what to do, each with its command
 * @param thread groups messages in a chat
 * @param buttons what the buttons under a chat message need, without spaces
 * @param attributes for filter policies: texts, and lists of texts
 */
// Without the library's own classes, whose loading would delay the first message. Not escaped.
@JStache(path = "notification.mustache")
@JStacheConfig(type = JStacheType.STACHE)
public record Notification(
    LogRecord record,
    Severity severity,
    String subject,
    String headline,
    List<Fact> facts,
    List<String> next,
    AccountRegion place,
    String thread,
    Map<String, String> buttons,
    Map<String, Object> attributes) {

  /** The attributes that name whom a notification is for. */
  static final String WORK_GROUP = "work_group";

  static final String OWNER = "owner";

  private static final int MAX_SUBJECT = 99;

  /** Something known, by its name. */
  record Fact(String name, String text) {

    /** The fact in a line: its name, a colon, and the text. */
    static Fact of(String line) {
      var colon = line.indexOf(':');
      return new Fact(line.substring(0, Math.max(colon, 0)), line.substring(colon + 1).strip());
    }

    /** The fact as the email lists it. */
    String line() {
      return "%-12s %s".formatted(name + ":", text);
    }
  }

  public Notification {
    var ascii = subject.replaceAll("[^\\x20-\\x7E]", "?").strip();
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
      Optional.ofNullable(record.text(key)).ifPresent(it -> attributes.put(key, it));
    }
    var snapshot = result.snapshot();
    var session = snapshot == null ? null : snapshot.session();
    putAttribute(attributes, WORK_GROUP, session == null ? null : session.workGroup());
    putAttribute(attributes, OWNER, snapshot == null ? null : snapshot.owner());
    attributes.put("severity", severity.name());
    var thread = requireNonNullElse(message.sessionId(), request.metadata().id());
    var text = StopMessageRenderer.of().execute(message);
    var place = request.metadata().place();
    var buttons = message.buttons();
    return of(record, severity, message.subject(), text, place, thread, buttons, attributes);
  }

  /** Adds a text as an attribute, which may not be empty. */
  static void putAttribute(Map<String, Object> attributes, String name, @Nullable String text) {
    var value = text == null ? "" : UserText.attribute(text);
    if (!value.isEmpty()) {
      attributes.put(name, value);
    }
  }

  /**
   * A notification from a template's text.
   *
   * @param text lines: the headline, facts with their names before a colon, and steps after an
   *     asterisk. Empty lines and facts without a text are left out.
   */
  static Notification of(
      LogRecord record,
      Severity severity,
      String subject,
      String text,
      AccountRegion place,
      String thread,
      Map<String, String> buttons,
      Map<String, Object> attributes) {
    var lines = text.lines().filter(line -> !line.isBlank()).toList();
    var steps =
        lines.stream().filter(it -> it.startsWith("* ")).map(it -> it.substring(2)).toList();
    var facts =
        lines.stream()
            .skip(1)
            .filter(it -> !it.startsWith("* "))
            .map(Fact::of)
            .filter(it -> !it.text().isEmpty())
            .toList();
    return new Notification(
        record,
        severity,
        subject,
        lines.getFirst(),
        facts,
        steps,
        place,
        thread,
        buttons,
        attributes);
  }

  /** For people, as an email and wherever nothing else fits. */
  public String text() {
    return NotificationRenderer.of().execute(this);
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
    var description =
        facts.stream().map(it -> "*%s:* `%s`\n".formatted(it.name(), it.text())).collect(joining());
    var steps = new ArrayList<>(next);
    steps.add("Open the console: " + console());
    var content = new LinkedHashMap<String, Object>();
    content.put("textType", "client-markdown");
    content.put("title", emoji + headline);
    content.put("description", description);
    content.put("nextSteps", steps);
    var metadata = new LinkedHashMap<String, Object>();
    metadata.put("threadId", thread);
    metadata.put("summary", subject);
    // An owner is not clean, because it is filtered by.
    var context = new LinkedHashMap<>(attributes);
    context.values().removeIf(List.class::isInstance);
    context.remove(OWNER);
    context.putAll(buttons);
    metadata.put("additionalContext", context);
    var chat = new LinkedHashMap<String, Object>();
    chat.put("version", "1.0");
    chat.put("source", "custom");
    chat.put("content", content);
    chat.put("metadata", metadata);
    return Json.line(chat);
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
    var all = new ArrayList<>(facts);
    if (record.isUnannounced()) {
      all.add(new Fact("Attention", "No notification was sent: " + record.text("reason")));
    }
    return PopupRenderer.of().execute(new Popup(headline, all, next));
  }

  /** The same where a click did not end in an outcome. */
  public static String failurePopup(LogRecord record) {
    var headline =
        record.isNotHandedOver()
            ? "It was asked to stop and has NOT stopped yet, and the guard cannot go on with it."
            : "Athena could not be reached. It is not known whether anything was stopped.";
    var reason = new Fact("Reason", String.valueOf(record.text("reason")));
    var step = "Click the button again. It is safe to stop something twice.";
    return PopupRenderer.of().execute(new Popup(headline, List.of(reason), List.of(step)));
  }

  // Escaped, unlike the rest.
  @JStache(path = "popup.mustache")
  @JStacheConfig(type = JStacheType.JSTACHIO)
  record Popup(String headline, List<Fact> facts, List<String> next) {}
}
