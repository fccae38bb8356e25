package io.github.calculationguard.report;

import module java.base;

import io.github.calculationguard.stop.*;

/**
 * A metrics line in CloudWatch's embedded metric format. CloudWatch bills a metric for each
 * combination of dimensions, so there is only one: the service.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html">the
 *     specification</a>
 */
public final class Metrics {

  private final List<Map<String, String>> metrics = new ArrayList<>();
  private final Map<String, Object> values = new LinkedHashMap<>();

  /** The metrics of a request with its outcome. */
  public static Metrics of(StopResult result, double usdPerDpuHour) {
    var metrics = new Metrics().count("StopRequests", 1).count(result.outcome().metric(), 1);
    var effort = result.effort();
    if (effort == null || effort.hadEnded()) {
      return metrics;
    }
    if (result.outcome() == Outcome.CANCELED) {
      metrics.put("TimeToCanceled", "Milliseconds", effort.took().toMillis());
    }
    var cost = result.snapshot() == null ? null : result.snapshot().cost();
    return cost == null ? metrics : metrics.put("CostAtStop", "None", cost.usd(usdPerDpuHour));
  }

  /** The metrics of a failed request. */
  public static Metrics ofFailure() {
    return new Metrics().count("StopRequests", 1).count("StopFailures", 1);
  }

  /** Adds a count. */
  public Metrics count(String name, long count) {
    return put(name, "Count", count);
  }

  /** Adds a value in one of CloudWatch's units. */
  public Metrics put(String name, String unit, Number value) {
    metrics.add(Map.of("Name", name, "Unit", unit));
    values.put(name, value);
    return this;
  }

  /** One line of JSON. */
  public String line(String service, Instant at) {
    var dimensions = List.of(List.of("Service"));
    var directive =
        Map.of("Namespace", "CalculationGuard", "Dimensions", dimensions, "Metrics", metrics);
    var line = new LinkedHashMap<String, Object>();
    line.put(
        "_aws", Map.of("Timestamp", at.toEpochMilli(), "CloudWatchMetrics", List.of(directive)));
    line.put("Service", service);
    line.putAll(values);
    return Json.line(line);
  }
}
