package io.github.calculationguard.lambda;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * CloudWatch's rules for metrics in a log, by which it drops in silence whatever breaks them.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html">the
 *     specification</a>
 */
final class EmbeddedMetricFormat {

  private static final int MOST_BYTES = 256 * 1024;
  private static final int MOST_METRICS = 100;
  private static final int MOST_DIMENSIONS = 30;
  private static final int MOST_VALUES = 100;
  private static final String NAME = "(?s).{1,1024}";

  /** Those of the API's MetricDatum. */
  private static final Set<String> UNITS =
      Set.of(
          ("Seconds Microseconds Milliseconds Bytes Kilobytes Megabytes Gigabytes Terabytes Bits Kilobits"
                  + " Megabits Gigabits Terabits Percent Count Bytes/Second Kilobytes/Second"
                  + " Megabytes/Second Gigabytes/Second Terabytes/Second Bits/Second Kilobits/Second"
                  + " Megabits/Second Gigabits/Second Terabits/Second Count/Second None")
              .split(" ", -1));

  private EmbeddedMetricFormat() {}

  /**
   * The names of a line's metrics.
   *
   * @throws AssertionError if it breaks a rule
   */
  static List<String> names(String line, Instant from, Instant to) {
    assertThat(line.getBytes(StandardCharsets.UTF_8)).hasSizeLessThan(MOST_BYTES);
    var root = GuardedWorld.json(line);
    var metadata = object(root.get("_aws"), "Timestamp", "CloudWatchMetrics");
    assertThat(metadata.get("Timestamp")).isInstanceOf(Long.class);
    var timestamp = Instant.ofEpochMilli((Long) requireNonNull(metadata.get("Timestamp")));
    assertThat(timestamp).isBetween(from, to).isAfter(to.minus(Duration.ofDays(14)));
    var names = new ArrayList<String>();
    for (var item : list(metadata.get("CloudWatchMetrics"), 1, Integer.MAX_VALUE)) {
      var directive = object(item, "Namespace", "Dimensions", "Metrics");
      name(directive.get("Namespace"));
      for (var set : list(directive.get("Dimensions"), 1, Integer.MAX_VALUE)) {
        for (var dimension : list(set, 0, MOST_DIMENSIONS)) {
          name(root.get(name(dimension)));
        }
      }
      for (var definition : list(directive.get("Metrics"), 1, MOST_METRICS)) {
        var metric = object(definition, "Name", "Unit");
        var name = name(metric.get("Name"));
        assertThat(UNITS).contains(String.valueOf(metric.get("Unit")));
        number(root.get(name));
        names.add(name);
      }
    }
    assertThat(names).doesNotHaveDuplicates();
    return names;
  }

  private static Map<?, ?> object(@Nullable Object node, String... members) {
    assertThat(node).isInstanceOf(Map.class);
    var object = (Map<?, ?>) requireNonNull(node);
    assertThat(object.keySet().stream().map(String::valueOf)).containsExactlyInAnyOrder(members);
    return object;
  }

  private static List<?> list(@Nullable Object node, int least, int most) {
    assertThat(node).isInstanceOf(List.class);
    var list = (List<?>) requireNonNull(node);
    assertThat(list).hasSizeBetween(least, most);
    return list;
  }

  private static String name(@Nullable Object node) {
    assertThat(node).isInstanceOf(String.class);
    assertThat((String) node).matches(NAME).isNotBlank();
    return (String) requireNonNull(node);
  }

  private static void number(@Nullable Object node) {
    if (node instanceof List<?> values) {
      assertThat(values).hasSizeBetween(1, MOST_VALUES).allMatch(it -> it instanceof Number);
    } else {
      assertThat(node).isInstanceOf(Number.class);
    }
  }
}
