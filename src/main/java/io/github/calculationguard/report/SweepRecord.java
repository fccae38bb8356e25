package io.github.calculationguard.report;

import static java.util.stream.Collectors.joining;

import module java.base;

import io.github.calculationguard.guard.Limits.InvalidTag;
import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.SweepReport;
import io.github.calculationguard.guard.SweepReport.Disposition;
import io.github.calculationguard.guard.SweepReport.Judged;
import io.github.calculationguard.guard.Verdict.Warning;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.Format;
import io.github.calculationguard.spark.Severity;
import io.jstach.jstache.JStache;
import io.jstach.jstache.JStacheConfig;
import io.jstach.jstache.JStacheType;
import org.jspecify.annotations.Nullable;

/** The log lines of a sweep, its metrics, and the notification of what is new to people. */
@JStache(path = "sweep.mustache")
@JStacheConfig(type = JStacheType.STACHE)
public record SweepRecord(SweepReport report, InvocationInfo info, String stack) {

  /** Nobody reads more than this; the log has everything. */
  private static final int MAX_OF_A_KIND = 10;

  /** What people are notified of, the most important first. */
  private static final List<Kind> KINDS =
      List.of(
          new Kind(Disposition.HELD_BACK, "held back", "Held back"),
          new Kind(Disposition.OBSERVED, "would stop", "Observed"),
          new Kind(Disposition.WARNED, "near or over", "Warning"),
          new Kind(Disposition.EXEMPT, "exempt", "Exempt"));

  private record Kind(Disposition disposition, String summary, String title) {}

  /** A summary, then a line for each failure and each finding. */
  public List<LogRecord> lines() {
    var lines = new ArrayList<>(List.of(summary()));
    for (var failure : report.failures()) {
      lines.add(
          new LogRecord()
              .head("sweep_failure", Severity.ERROR, report.place(), info, report.startedAt())
              .put("subject", failure.where())
              .put("reason", UserText.aws(failure.why()))
              .tail(info));
    }
    report.judged().stream()
        .filter(it -> it.disposition() != Disposition.LEFT)
        .forEach(it -> lines.add(finding(it)));
    return lines;
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
      InvocationInfo info,
      Instant at) {
    return new LogRecord()
        .head("sweep_failure", Severity.ERROR, place, info, at)
        .put("subject", subject)
        .put("reason", UserText.aws(String.valueOf(e.getMessage())))
        .error(e)
        .tail(info);
  }

  /** The sweep's metrics. */
  public Metrics metrics() {
    return new Metrics()
        .count("SessionsSeen", report.sessionsSeen())
        .count("CalculationsSeen", report.calculationsSeen())
        .count("Findings", report.over())
        .count("ActionsHeldBack", report.count(Disposition.HELD_BACK))
        .count("SweepFailures", report.failures().size())
        .put("SweepDuration", "Milliseconds", report.took().toMillis())
        .count("AthenaCalls", calls());
  }

  /** The notification of what is new. */
  public Notification notification() {
    var place = report.place();
    var severity =
        Stream.concat(
                report.news().judged().stream().map(it -> severity(it.disposition())),
                report.news().invalidTags().stream().map(_ -> Severity.WARNING))
            .max(Severity::compareTo)
            .orElse(Severity.INFO);
    return Notification.of(
        record(),
        severity,
        "SWEEP | %s | %s %s".formatted(counts(), place.accountId(), place.region()),
        SweepRecordRenderer.of().execute(this),
        place,
        "sweep",
        Map.of("outcome", "SWEPT", "trigger", "sweep", "severity", severity.name()));
  }

  private static Severity severity(Disposition disposition) {
    return switch (disposition) {
      case LEFT, ORDERED, EXEMPT -> Severity.INFO;
      case WARNED, OBSERVED -> Severity.WARNING;
      case HELD_BACK, REFUSED -> Severity.ERROR;
    };
  }

  private LogRecord head(String event, Severity severity) {
    return new LogRecord().head(event, severity, report.place(), info, report.startedAt());
  }

  private LogRecord summary() {
    var isError = !report.failures().isEmpty() || report.count(Disposition.HELD_BACK) > 0;
    var severity = report.complete() ? Severity.INFO : Severity.WARNING;
    var record =
        head("sweep", isError ? Severity.ERROR : severity)
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
        .put("would_save_usd_per_hour", report.usdPerHour(Disposition.OBSERVED))
        .put("exempt_usd_per_hour", report.usdPerHour(Disposition.EXEMPT))
        .put("duration_millis", report.took().toMillis())
        .put("calls", calls());
    report.calls().forEach((name, calls) -> record.put("calls" + lowerSnake(name), calls));
    return record.tail(info);
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
        head("finding", severity(judged.disposition()))
            .put("outcome", judged.disposition())
            .put("reason", judged.verdict().reason());
    if (usage != null) {
      record
          .put("rule", usage.rule())
          .put("limit", usage.limit())
          .put("observed", usage.observed());
    }
    return record.details(judged.snapshot(), info.usdPerDpuHour()).tail(info);
  }

  private List<Judged> news(Disposition kind) {
    return report.news().judged().stream().filter(it -> it.disposition() == kind).toList();
  }

  String counts() {
    var counts = new ArrayList<String>();
    for (var kind : KINDS) {
      var count = news(kind.disposition()).size();
      if (count > 0) {
        counts.add(count + " " + kind.summary());
      }
    }
    var tags = report.news().invalidTags().size();
    if (tags > 0) {
      counts.add(Format.count(tags, "invalid tag"));
    }
    return String.join(", ", counts);
  }

  List<String> facts() {
    var facts = new ArrayList<String>();
    for (var kind : KINDS) {
      add(facts, kind.title(), news(kind.disposition()).stream().map(this::fact).toList());
    }
    add(facts, "Tag", report.news().invalidTags().stream().map(SweepRecord::fact).toList());
    return facts;
  }

  private static void add(List<String> facts, String title, List<String> all) {
    for (var index = 0; index < Math.min(all.size(), MAX_OF_A_KIND); index++) {
      facts.add("%s %d: %s".formatted(title, index + 1, all.get(index)));
    }
    if (all.size() > MAX_OF_A_KIND) {
      facts.add("%s more: %d more, in the log".formatted(title, all.size() - MAX_OF_A_KIND));
    }
  }

  private String fact(Judged judged) {
    var snapshot = judged.snapshot();
    var calculation = snapshot.calculation();
    var costs = new Costs(snapshot, report.policy().usdPerDpuHour());
    return Stream.of(
            calculation == null ? null : "calculation " + calculation.id(),
            "session " + judged.session().id(),
            "workgroup " + UserText.clean(judged.session().workGroup()),
            snapshot.owner() == null ? null : "owner " + UserText.quoted(snapshot.owner()),
            snapshot.description() == null ? null : UserText.quoted(snapshot.description()),
            judged.verdict().reason(),
            costs.soFar() == null
                ? null
                : "cost so far %s (%s)".formatted(costs.soFarText(), costs.basis()),
            costs.perHour() == null ? null : costs.perHourText() + " until its session ends",
            consequence(judged))
        .flatMap(Stream::ofNullable)
        .collect(joining("; "));
  }

  private @Nullable String consequence(Judged judged) {
    var exemptUntil = judged.limits().exemptUntil();
    if (judged.disposition() == Disposition.EXEMPT && exemptUntil != null) {
      return "exempt until " + Format.time(exemptUntil);
    }
    if (!(judged.verdict() instanceof Warning warning) || warning.stopAt() == null) {
      return null;
    }
    var will = judged.limits().mode() == Mode.ENFORCE ? "will" : "would";
    var command = report.exemptCommand(judged);
    return "%s be stopped by the first sweep after %s%s"
        .formatted(
            will,
            Format.time(warning.stopAt()),
            command == null ? "" : "; to exempt it: " + command);
  }

  private static String fact(InvalidTag tag) {
    var value = UserText.quoted(tag.value());
    return "%s = %s on %s; it takes %s; nothing there is stopped until it is corrected"
        .formatted(UserText.clean(tag.key()), value, UserText.aws(tag.arn()), tag.accepted());
  }

  String startedAt() {
    return Format.time(report.startedAt());
  }

  String sessions() {
    return Format.count(report.sessionsSeen(), "session");
  }

  int ordered() {
    return report.count(Disposition.ORDERED);
  }

  String failures() {
    return Format.count(report.failures().size(), "failure");
  }

  boolean isHeldBack() {
    return !news(Disposition.HELD_BACK).isEmpty();
  }

  @Nullable String savings() {
    return news(Disposition.OBSERVED).isEmpty()
        ? null
        : Format.usdPerHour(report.usdPerHour(Disposition.OBSERVED));
  }

  /** The summary with what is new, for programs. */
  private LogRecord record() {
    var record = summary();
    record
        .fields()
        .put(
            "findings",
            KINDS.stream()
                .flatMap(kind -> news(kind.disposition()).stream().limit(MAX_OF_A_KIND))
                .map(judged -> finding(judged).fields())
                .toList());
    return record;
  }
}
