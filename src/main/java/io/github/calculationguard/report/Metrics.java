package io.github.calculationguard.report;

import io.github.calculationguard.stop.StopOutcome;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A metrics line in CloudWatch's embedded metric format. CloudWatch bills a metric by its
 * dimensions, so there is one: the service.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html">the
 *     specification</a>
 */
public final class Metrics {

  private final Map<String, String> units = new LinkedHashMap<>();
  private final Map<String, Object> values = new LinkedHashMap<>();

  /** Of an order that ended in an outcome. */
  public static Metrics of(StopReport story) {
    var metrics = new Metrics().count("StopRequests", 1);
    switch (story.outcome()) {
      case StopOutcome.Canceled canceled -> {
        metrics.count("StopCanceled", 1);
        if (!canceled.effort().repeat()) {
          metrics.put("TimeToCanceled", "Milliseconds", canceled.effort().took().toMillis());
        }
      }
      case StopOutcome.Canceling _ -> metrics.count("StopCanceling", 1);
      case StopOutcome.SessionTerminated _ -> metrics.count("StopEscalated", 1);
      case StopOutcome.FinishedAnyway _,
          StopOutcome.AlreadyOver _,
          StopOutcome.LeftAlone _,
          StopOutcome.NotFound _,
          StopOutcome.Denied _,
          StopOutcome.Invalid _,
          StopOutcome.DryRun _ ->
          metrics.count("StopOther", 1);
    }
    var details = story.outcome().details();
    var cost = details == null ? null : details.cost();
    var effort = story.outcome().effort();
    if (cost != null && effort != null && !effort.repeat()) {
      metrics.put("CostAtStop", "None", cost.usd(story.teller().usdPerDpuHour()));
    }
    return metrics;
  }

  /** Of an order that did not end in an outcome. */
  public static Metrics ofFailure() {
    return new Metrics().count("StopRequests", 1).count("StopFailures", 1);
  }

  /** Adds a count. */
  public Metrics count(String name, long count) {
    return put(name, "Count", count);
  }

  /** Adds a value in one of CloudWatch's units. */
  public Metrics put(String name, String unit, Number value) {
    units.put(name, unit);
    values.put(name, value);
    return this;
  }

  /** One line of JSON. */
  public String line(String service, Instant at) {
    var line = new LinkedHashMap<String, Object>();
    var told =
        units.entrySet().stream()
            .map(metric -> Map.of("Name", metric.getKey(), "Unit", metric.getValue()))
            .toList();
    var by = List.of(List.of("Service"));
    var directive = Map.of("Namespace", "CalculationGuard", "Dimensions", by, "Metrics", told);
    line.put(
        "_aws", Map.of("Timestamp", at.toEpochMilli(), "CloudWatchMetrics", List.of(directive)));
    line.put("Service", service);
    line.putAll(values);
    return Json.line(line);
  }
}
