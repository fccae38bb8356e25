package io.github.calculationguard.report;

import io.jstach.jstache.JStache;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a viewer of the dashboard reads after a click on Stop: HTML without a script. */
@JStache(path = "popup.mustache")
public record Popup(String headline, List<Map.Entry<String, String>> facts, List<String> next) {

  /**
   * Shows an outcome.
   *
   * @param record its log record, which says whether a notification was sent
   */
  public static String of(Notification message, LogRecord record) {
    var facts = new LinkedHashMap<>(message.facts());
    if (Boolean.FALSE.equals(record.fields().get("announced"))) {
      facts.put("Attention", "No notification was sent: " + record.fields().get("reason"));
    }
    return html(message.headline(), facts, message.next());
  }

  /** Shows that a click did not end in an outcome. */
  public static String ofFailure(LogRecord record) {
    return html(
        "Athena could not be reached. It is not known whether anything was stopped.",
        Map.of("Reason", String.valueOf(record.fields().get("reason"))),
        List.of("Click Stop again. It is safe to stop a calculation twice."));
  }

  private static String html(String headline, Map<String, String> facts, List<String> next) {
    return PopupRenderer.of().execute(new Popup(headline, List.copyOf(facts.entrySet()), next));
  }
}
