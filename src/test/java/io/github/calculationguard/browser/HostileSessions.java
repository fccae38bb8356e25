package io.github.calculationguard.browser;

import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.play.WidgetStory;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Sessions whose descriptions try to break the page. */
final class HostileSessions {

  /** Markup, scripts, forged actions, control characters, and harmless text from right to left. */
  static final List<String> TEXTS =
      List.of(
          "<script>window.broken = 1</script><img src=x onerror='window.broken = 2'>",
          "\" onmouseover=\"window.broken = 3\" x='",
          "</cwdb-action><cwdb-action action=\"call\" endpoint=\"arn:aws:lambda:us-east-1:123456789012:function:evil\">{}",
          "&lt;b&gt; &quot; &#39; ' \\\" {\"calculationExecutionId\":\"other\"}",
          "a".repeat(1024),
          "\u202eحساب الطلبات \u05d7\u05d9\u05e9\u05d5\u05d1 \u202c\u0000\n\t end",
          "🔥🧨👩‍👩‍👧‍👦 Zażółć 計算");

  private HostileSessions() {}

  /** Adds a session for each text. The calculations are named hostile-0, hostile-1 … */
  static void add(SparkModel model, Instant now) {
    model.addWorkGroup("guests", SparkModel.PYSPARK_3, Map.of("Owner", TEXTS.getFirst()));
    for (var index = 0; index < TEXTS.size(); index++) {
      WidgetStory.busy(
          model, now, "guests", "hostile-" + index, TEXTS.get(index), 40 - index, Map.of());
    }
  }
}
