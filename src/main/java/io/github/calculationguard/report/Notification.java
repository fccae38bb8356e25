package io.github.calculationguard.report;

import module java.base;

import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.Severity;
import io.github.calculationguard.stop.Request;
import io.github.calculationguard.stop.StopResult;
import io.jstach.jstache.JStache;
import io.jstach.jstache.JStacheConfig;
import io.jstach.jstache.JStacheType;

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
    var ascii = subject.replaceAll("[^\\x20-\\x7E]", "?").strip();
    subject =
        ascii.length() <= MAX_SUBJECT ? ascii : ascii.substring(0, MAX_SUBJECT - 3).strip() + "...";
  }

  /**
   * The notification of an outcome.
   *
   * @param record what is logged of the outcome
   */
  public static Notification of(
      Request request, StopResult result, LogRecord record, InvocationInfo info) {
    var model = StopMessage.of(request, result, record, info);
    var severity = result.outcome().severity();
    var attributes = new LinkedHashMap<String, String>();
    for (var key : List.of("outcome", "state", "work_group", "trigger")) {
      Optional.ofNullable(record.text(key)).ifPresent(it -> attributes.put(key, it));
    }
    attributes.put("severity", severity.name());
    var text = StopMessageRenderer.of().execute(model);
    var place = request.metadata().place();
    var thread = model.sessionId() == null ? request.metadata().orderId() : model.sessionId();
    return of(severity, model.subject(), text, place, thread, attributes, record.line());
  }

  /**
   * A notification from a template's text.
   *
   * @param text lines: the headline, facts with their names before a colon, and steps after an
   *     asterisk
   */
  static Notification of(
      Severity severity,
      String subject,
      String text,
      AccountRegion place,
      String thread,
      Map<String, String> attributes,
      String queue) {
    var lines = text.lines().filter(line -> !line.isBlank()).toList();
    var facts = new LinkedHashMap<String, String>();
    var next = new ArrayList<String>();
    for (var line : lines.subList(1, lines.size())) {
      if (line.startsWith("* ")) {
        next.add(line.substring(2));
      } else {
        var fact = line.split(": *", 2);
        if (!fact[1].isEmpty()) {
          facts.put(fact[0], fact[1]);
        }
      }
    }
    var headline = lines.getFirst();
    return new Notification(
        severity, subject, headline, facts, next, place, thread, attributes, queue);
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
    var emoji =
        switch (severity) {
          case INFO -> ":white_check_mark: ";
          case WARNING -> ":warning: ";
          case ERROR -> ":x: ";
        };
    var content = new LinkedHashMap<String, Object>();
    content.put("textType", "client-markdown");
    content.put("title", emoji + headline);
    content.put(
        "description",
        facts.entrySet().stream()
            .map(it -> "*%s:* `%s`\n".formatted(it.getKey(), it.getValue()))
            .collect(Collectors.joining()));
    var console = Stream.of("Open the console: " + console());
    content.put("nextSteps", Stream.concat(next.stream(), console).toList());
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
   * HTML without a script, for the viewer of the dashboard who clicked on Stop.
   *
   * @param record the outcome's, which says whether this was published
   */
  public String popup(LogRecord record) {
    var all = new LinkedHashMap<>(facts);
    if (Boolean.FALSE.equals(record.fields().get("announced"))) {
      all.put("Attention", "No notification was sent: " + record.fields().get("reason"));
    }
    return Popup.html(headline, all, next);
  }

  /** The same where a click did not end in an outcome. */
  public static String failurePopup(LogRecord record) {
    return Popup.html(
        "Athena could not be reached. It is not known whether anything was stopped.",
        Map.of("Reason", String.valueOf(record.fields().get("reason"))),
        List.of("Click Stop again. It is safe to stop a calculation twice."));
  }

  // Escaped, unlike the rest.
  @JStache(path = "popup.mustache")
  @JStacheConfig(type = JStacheType.JSTACHIO)
  record Popup(String headline, List<Map.Entry<String, String>> facts, List<String> next) {

    static String html(String headline, Map<String, String> facts, List<String> next) {
      return PopupRenderer.of().execute(new Popup(headline, List.copyOf(facts.entrySet()), next));
    }
  }
}
