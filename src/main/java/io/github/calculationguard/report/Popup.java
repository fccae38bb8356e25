package io.github.calculationguard.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a viewer of the dashboard reads after a click on Stop: HTML without a script, in the colours
 * of whatever it pops up from.
 */
public final class Popup {

  private static final String STYLE =
      """
      <style>
      .cg-popup{max-width:46rem;line-height:1.4}
      .cg-popup h2{font-size:1.2em;margin:0 0 .6em}
      .cg-popup table{border-collapse:collapse;width:100%}
      .cg-popup th,.cg-popup td{text-align:left;vertical-align:top;padding:.2em 1em .2em 0;overflow-wrap:anywhere}
      .cg-popup th{font-weight:normal;opacity:.75;white-space:nowrap}
      .cg-popup li{overflow-wrap:anywhere}
      </style>
      """;

  private Popup() {}

  /**
   * Of an outcome.
   *
   * @param record what was logged of it, which knows whether others were told
   */
  public static String of(Message message, LogRecord record) {
    var facts = new LinkedHashMap<>(message.facts());
    if (Boolean.FALSE.equals(record.fields().get("announced"))) {
      facts.put("Attention", "Nobody else was told: " + record.fields().get("reason"));
    }
    return html(message.headline(), facts, message.next());
  }

  /** Of a click that did not end in an outcome. */
  public static String ofFailure(LogRecord record) {
    return html(
        "Athena could not be reached. Whether anything was stopped is not known.",
        Map.of("Because", String.valueOf(record.fields().get("reason"))),
        List.of("Click Stop again: stopping twice is harmless."));
  }

  private static String html(String headline, Map<String, String> facts, List<String> next) {
    var html = new StringBuilder(STYLE).append("<div class=\"cg-popup\">\n");
    html.append("<h2>").append(Html.text(headline)).append("</h2>\n<table>\n");
    facts.forEach(
        (name, value) ->
            html.append(
                "<tr><th scope=\"row\">%s</th><td><bdi>%s</bdi></td></tr>\n"
                    .formatted(Html.text(name), Html.text(value))));
    html.append("</table>\n");
    if (!next.isEmpty()) {
      html.append("<p>What to do next</p>\n<ul>\n");
      next.forEach(step -> html.append("<li>").append(Html.text(step)).append("</li>\n"));
      html.append("</ul>\n");
    }
    return html.append("</div>\n").toString();
  }
}
