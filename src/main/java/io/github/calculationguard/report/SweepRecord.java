package io.github.calculationguard.report;

import io.github.calculationguard.guard.SweepReport;
import io.github.calculationguard.guard.SweepReport.Disposition;
import io.github.calculationguard.guard.SweepReport.Failure;
import io.github.calculationguard.guard.SweepReport.Judged;
import io.github.calculationguard.guard.Verdict;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.Format;
import io.github.calculationguard.spark.Severity;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What a sweep leaves in the log: a line on it all, and one on each thing that is not left alone.
 */
public final class SweepRecord {

  private final SweepReport report;
  private final InvocationInfo teller;

  SweepRecord(SweepReport report, InvocationInfo teller) {
    this.report = report;
    this.teller = teller;
  }

  /** All its lines, the one on it all first. */
  public static List<LogRecord> of(SweepReport report, InvocationInfo teller) {
    var it = new SweepRecord(report, teller);
    return Stream.of(
            Stream.of(it.summary()),
            report.failures().stream().map(it::failure),
            report.judged().stream()
                .filter(judged -> judged.fate() != Disposition.LEFT)
                .map(it::finding))
        .flatMap(lines -> lines)
        .toList();
  }

  /** Of a sweep that could find out nothing. */
  public static LogRecord ofFailure(
      String why, AccountRegion place, InvocationInfo teller, Instant at) {
    return new LogRecord()
        .head("sweep_failure", Severity.ERROR, place, teller, at)
        .put("reason", UserText.clean(why, UserText.MOST_OF_AWS))
        .tail(teller);
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
        .count("AthenaCalls", callsMade(report));
  }

  /** How much a person should care for a sweep. */
  static Severity severity(SweepReport report) {
    return !report.failures().isEmpty() || report.count(Disposition.HELD_BACK) > 0
        ? Severity.ERROR
        : report.complete() ? Severity.INFO : Severity.WARNING;
  }

  private static int callsMade(SweepReport report) {
    return report.calls().values().stream().mapToInt(Integer::intValue).sum();
  }

  /** One line on it all. */
  LogRecord summary() {
    var record =
        head("sweep", severity(report))
            .put("outcome", report.complete() ? "COMPLETE" : "OUT_OF_TIME")
            .put("work_groups", report.workGroups())
            .put("work_groups_done", report.workGroupsDone())
            .put("sessions_seen", report.sessionsSeen())
            .put("calculations_seen", report.calculationsSeen())
            .put("judged", report.judged().size())
            .put("over", report.over())
            .put("warned", report.count(Disposition.WARNED))
            .put("ordered", report.count(Disposition.ORDERED))
            .put("refused", report.count(Disposition.REFUSED))
            .put("held_back", report.count(Disposition.HELD_BACK))
            .put("observed", report.count(Disposition.OBSERVED))
            .put("exempt", report.count(Disposition.EXEMPT))
            .put("failed", report.failures().size())
            .put("unreadable_tags", report.unreadable().size())
            .put("would_save_usd_per_hour", Format.rounded(report.usdPerHour(Disposition.OBSERVED)))
            .put("exempt_usd_per_hour", Format.rounded(report.usdPerHour(Disposition.EXEMPT)))
            .put("duration_millis", report.took().toMillis())
            .put("calls", callsMade(report));
    report
        .calls()
        .forEach((operation, calls) -> record.put("calls" + lowerSnake(operation), calls));
    return record.tail(teller);
  }

  private static String lowerSnake(String operation) {
    return operation.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }

  private LogRecord failure(Failure failure) {
    return head("sweep_failure", Severity.ERROR)
        .put("subject", failure.where())
        .put("reason", UserText.clean(failure.why(), UserText.MOST_OF_AWS))
        .tail(teller);
  }

  /** One thing that was found, by the keys of the log contract. */
  LogRecord finding(Judged judged) {
    var usage =
        switch (judged.verdict()) {
          case Verdict.Leave _ -> null;
          case Verdict.Warn warn -> warn.usage();
          case Verdict.Over over -> over.usage();
        };
    return head("finding", severity(judged.fate()))
        .put("outcome", judged.fate().name())
        .put("reason", judged.verdict().reason())
        .put("rule", usage == null ? null : usage.rule())
        .put("limit", usage == null ? null : Format.rounded(usage.limit()))
        .put("observed", usage == null ? null : Format.rounded(usage.observed()))
        .details(judged.details(), teller.usdPerDpuHour())
        .tail(teller);
  }

  /** How much a person should care for what was found. */
  static Severity severity(Disposition fate) {
    return switch (fate) {
      case LEFT, ORDERED, EXEMPT -> Severity.INFO;
      case WARNED, OBSERVED -> Severity.WARNING;
      case HELD_BACK, REFUSED -> Severity.ERROR;
    };
  }

  private LogRecord head(String event, Severity severity) {
    return new LogRecord().head(event, severity, report.place(), teller, report.startedAt());
  }
}
