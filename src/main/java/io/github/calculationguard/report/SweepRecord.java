package io.github.calculationguard.report;

import static java.util.Objects.requireNonNullElse;

import module java.base;

import io.github.calculationguard.guard.Inventory.Failure;
import io.github.calculationguard.guard.SweepReport;
import io.github.calculationguard.guard.SweepReport.*;
import io.github.calculationguard.spark.Severity;

/**
 * The log lines of a sweep, its metrics, and the notification of what is new to people.
 *
 * @param stack the name of the guard's own stack
 */
public record SweepRecord(SweepReport report, InvocationInfo info, String stack) {

  /** A summary, then a line for each failure. */
  public List<LogRecord> lines() {
    var lines = new ArrayList<>(List.of(summary()));
    report.failures().forEach(it -> lines.add(failure(it)));
    return lines;
  }

  /** The line of each finding. */
  public SequencedMap<Judged, LogRecord> findings() {
    var findings = new LinkedHashMap<Judged, LogRecord>();
    report.judged().stream()
        .filter(it -> it.disposition() != Disposition.LEFT)
        .forEach(it -> findings.put(it, finding(it)));
    return findings;
  }

  /** The line of something that could not be read or published. */
  public LogRecord failure(Failure failure) {
    var why = requireNonNullElse(failure.why(), "no time was left to call AWS");
    var record =
        head("sweep_failure", Severity.ERROR)
            .put("subject", failure.what() + " " + failure.of())
            .put("reason", UserText.aws(why));
    return failure.cause() == null ? record : record.error(failure.cause());
  }

  /** The line of a notification that failed. */
  public LogRecord notNotified(RuntimeException e, Instant at) {
    var record = LogRecord.sweepFailure("notification", e, report.inventory().place(), info, at);
    return new Audience(report.news()).putInto(record);
  }

  /**
   * The sweep's metrics.
   *
   * @param tagFailures how many warnings could not be written down after the report was made
   */
  public Metrics metrics(int tagFailures) {
    var inventory = report.inventory();
    return new Metrics()
        .count("SessionsSeen", inventory.sessionsSeen())
        .count("CalculationsSeen", inventory.calculationsSeen())
        .count("Findings", report.exceeded())
        .count("ActionsHeldBack", report.count(Disposition.HELD_BACK))
        .count("SweepFailures", report.failures().size() + tagFailures)
        .put("SweepDuration", "Milliseconds", report.took().toMillis())
        .count("AthenaCalls", calls());
  }

  /** The notification of what is new. */
  public Notification notification() {
    var message = new SweepMessage(report, stack);
    var findings = message.listed().map(it -> finding(it).fields()).toList();
    return message.notification(message.audience().putInto(summary()).put("findings", findings));
  }

  private LogRecord head(String event, Severity severity) {
    var inventory = report.inventory();
    return new LogRecord(event, severity, inventory.place(), info, inventory.startedAt());
  }

  private LogRecord summary() {
    var inventory = report.inventory();
    var isError = !report.failures().isEmpty() || report.count(Disposition.HELD_BACK) > 0;
    var severity = report.complete() ? Severity.INFO : Severity.WARNING;
    var record =
        head("sweep", isError ? Severity.ERROR : severity)
            .put("outcome", report.complete() ? "COMPLETE" : "OUT_OF_TIME")
            .put("work_groups", inventory.workGroups())
            .put("work_groups_done", inventory.workGroupsDone())
            .put("sessions_seen", inventory.sessionsSeen())
            .put("sessions_left", inventory.sessionsLeft())
            .put("calculations_seen", inventory.calculationsSeen())
            .put(
                "judged",
                report.judged().size()
                    - report.count(Disposition.KEPT_OPEN)
                    - report.count(Disposition.NOT_EXEMPT))
            .put("over", report.exceeded());
    for (var disposition : Disposition.values()) {
      if (disposition != Disposition.LEFT) {
        record.put(disposition.name().toLowerCase(Locale.ROOT), report.count(disposition));
      }
    }
    record
        .put("stopped_meanwhile", report.stoppedMeanwhile())
        .put("failed", report.failures().size())
        .put("unreadable_tags", inventory.invalidTags().size())
        .put("would_save_usd_per_hour", report.usdPerHour(report.all(Disposition.OBSERVED)))
        .put("exempt_usd_per_hour", report.usdPerHour(report.all(Disposition.EXEMPT)))
        .put("duration_millis", report.took().toMillis())
        .put("calls", calls());
    report.calls().forEach((name, calls) -> record.put("calls" + lowerSnake(name), calls));
    return record;
  }

  private int calls() {
    return report.calls().values().stream().mapToInt(Integer::intValue).sum();
  }

  private static String lowerSnake(String operation) {
    return operation.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }

  private LogRecord finding(Judged judged) {
    var usage = judged.verdict().usage();
    var record =
        head("finding", judged.severity())
            .put("outcome", judged.disposition())
            .put("reason", judged.reason())
            .returned(judged.returned());
    if (usage != null) {
      record
          .put("rule", usage.rule())
          .put("limit", usage.limit())
          .put("observed", usage.observed())
          .put("limit_set_by", judged.limits().setBy(usage.rule()));
    }
    return record.details(judged.snapshot());
  }
}
