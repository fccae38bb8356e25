package io.github.calculationguard.report;

import io.github.calculationguard.guard.SweepReport;
import io.github.calculationguard.guard.SweepReport.Disposition;
import io.github.calculationguard.guard.SweepReport.Failure;
import io.github.calculationguard.guard.SweepReport.Judged;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.Format;
import io.github.calculationguard.spark.Severity;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The log lines of a sweep: a summary, and a line for each failure and each finding. */
public final class SweepRecord {

  private final SweepReport report;
  private final InvocationInfo invocation;

  SweepRecord(SweepReport report, InvocationInfo invocation) {
    this.report = report;
    this.invocation = invocation;
  }

  /** All lines, the summary first. */
  public static List<LogRecord> of(SweepReport report, InvocationInfo invocation) {
    var it = new SweepRecord(report, invocation);
    return Stream.of(
            Stream.of(it.summary()),
            report.failures().stream().map(it::failure),
            report.judged().stream()
                .filter(judged -> judged.disposition() != Disposition.LEFT)
                .map(it::finding))
        .flatMap(lines -> lines)
        .toList();
  }

  /**
   * The line of a failure that is no part of the report.
   *
   * @param subject what failed; absent where the whole sweep did
   */
  public static LogRecord ofFailure(
      @Nullable String subject,
      RuntimeException e,
      AccountRegion place,
      InvocationInfo invocation,
      Instant at) {
    return new LogRecord()
        .head("sweep_failure", Severity.ERROR, place, invocation, at)
        .put("subject", subject)
        .put("reason", UserText.clean(String.valueOf(e.getMessage()), UserText.MOST_OF_AWS))
        .error(e)
        .tail(invocation);
  }

  /** The sweep's metrics. */
  public static Metrics metrics(SweepReport report) {
    return new Metrics()
        .count("SessionsSeen", report.sessionsSeen())
        .count("CalculationsSeen", report.calculationsSeen())
        .count("Findings", report.over())
        .count("ActionsHeldBack", report.count(Disposition.HELD_BACK))
        .count("SweepFailures", report.failures().size())
        .put("SweepDuration", "Milliseconds", report.took().toMillis())
        .count("AthenaCalls", calls(report));
  }

  private static int calls(SweepReport report) {
    return report.calls().values().stream().mapToInt(Integer::intValue).sum();
  }

  private Severity severity() {
    return !report.failures().isEmpty() || report.count(Disposition.HELD_BACK) > 0
        ? Severity.ERROR
        : report.complete() ? Severity.INFO : Severity.WARNING;
  }

  /** How much people should care about a verdict that ended like this. */
  static Severity severity(Disposition disposition) {
    return switch (disposition) {
      case LEFT, ORDERED, EXEMPT -> Severity.INFO;
      case WARNED, OBSERVED -> Severity.WARNING;
      case HELD_BACK, REFUSED -> Severity.ERROR;
    };
  }

  LogRecord summary() {
    var record =
        head("sweep", severity())
            .put("outcome", report.complete() ? "COMPLETE" : "OUT_OF_TIME")
            .put("work_groups", report.workGroups())
            .put("work_groups_done", report.workGroupsDone())
            .put("sessions_seen", report.sessionsSeen())
            .put("calculations_seen", report.calculationsSeen())
            .put("judged", report.judged().size())
            .put("over", report.over());
    for (var disposition : Disposition.values()) {
      if (disposition != Disposition.LEFT) {
        record.put(disposition.name().toLowerCase(Locale.ROOT), report.count(disposition));
      }
    }
    record
        .put("stopped_meanwhile", report.stoppedMeanwhile())
        .put("failed", report.failures().size())
        .put("unreadable_tags", report.invalidTags().size())
        .put("would_save_usd_per_hour", perHour(Disposition.OBSERVED))
        .put("exempt_usd_per_hour", perHour(Disposition.EXEMPT))
        .put("duration_millis", report.took().toMillis())
        .put("calls", calls(report));
    report
        .calls()
        .forEach((operation, calls) -> record.put("calls" + lowerSnake(operation), calls));
    return record.tail(invocation);
  }

  private double perHour(Disposition disposition) {
    return Format.rounded(report.usdPerHour(disposition));
  }

  private static String lowerSnake(String operation) {
    return operation.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }

  private LogRecord failure(Failure failure) {
    return head("sweep_failure", Severity.ERROR)
        .put("subject", failure.where())
        .put("reason", UserText.clean(failure.why(), UserText.MOST_OF_AWS))
        .tail(invocation);
  }

  /** One verdict, by the keys of the log contract. */
  LogRecord finding(Judged judged) {
    var usage = judged.usage();
    var record =
        head("finding", severity(judged.disposition()))
            .put("outcome", judged.disposition().name())
            .put("reason", judged.verdict().reason());
    if (usage != null) {
      record
          .put("rule", usage.rule())
          .put("limit", Format.rounded(usage.limit()))
          .put("observed", Format.rounded(usage.observed()));
    }
    return record.details(judged.snapshot(), invocation.usdPerDpuHour()).tail(invocation);
  }

  private LogRecord head(String event, Severity severity) {
    return new LogRecord().head(event, severity, report.place(), invocation, report.startedAt());
  }
}
