package io.github.calculationguard.report;

import static java.util.Comparator.naturalOrder;
import static java.util.Objects.requireNonNullElse;
import static java.util.stream.Collectors.joining;

import module java.base;

import io.github.calculationguard.guard.Inventory;
import io.github.calculationguard.guard.Inventory.Failure;
import io.github.calculationguard.guard.Limits.InvalidTag;
import io.github.calculationguard.guard.SweepReport;
import io.github.calculationguard.guard.SweepReport.Disposition;
import io.github.calculationguard.guard.SweepReport.Judged;
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
    return head("sweep_failure", Severity.ERROR)
        .put("subject", failure.what() + " " + failure.of())
        .put("reason", UserText.aws(why))
        .tail(info);
  }

  /** The line of a notification that failed. */
  public LogRecord notNotified(RuntimeException e, Instant at) {
    return audience()
        .putInto(LogRecord.sweepFailure("notification", e, inventory().place(), info, at));
  }

  /**
   * The sweep's metrics.
   *
   * @param later how much failed after the report was made
   */
  public Metrics metrics(int later) {
    return new Metrics()
        .count("SessionsSeen", inventory().sessionsSeen())
        .count("CalculationsSeen", inventory().calculationsSeen())
        .count("Findings", report.exceeded())
        .count("ActionsHeldBack", report.count(Disposition.HELD_BACK))
        .count("SweepFailures", report.failures().size() + later)
        .put("SweepDuration", "Milliseconds", report.took().toMillis())
        .count("AthenaCalls", calls());
  }

  /** The notification of what is new. */
  public Notification notification() {
    var place = inventory().place();
    var ofTags = report.news().invalidTags().isEmpty() ? Severity.INFO : Severity.WARNING;
    var severity =
        report.news().judged().stream()
            .map(Judged::severity)
            .reduce(ofTags, BinaryOperator.maxBy(naturalOrder()));
    var only = only();
    return Notification.of(
        record(),
        severity,
        "SWEEP | %s | %s | %s %s"
            .formatted(audience().inSubject(), counts(), place.accountId(), place.region()),
        SweepRecordRenderer.of().execute(this),
        place,
        only == null ? "sweep" : only.judged().session().id().value(),
        only == null ? Map.of() : only.buttons(),
        audience().attributes(severity));
  }

  private LogRecord head(String event, Severity severity) {
    var inventory = inventory();
    return new LogRecord().head(event, severity, inventory.place(), info, inventory.startedAt());
  }

  private LogRecord summary() {
    var inventory = inventory();
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
    return record.details(judged.snapshot(), info.usdPerDpuHour()).tail(info);
  }

  /** The summary with what is new, for programs. */
  private LogRecord record() {
    var record = audience().putInto(summary());
    var findings =
        sections().stream()
            .flatMap(it -> it.judged().stream().limit(MAX_OF_A_KIND))
            .map(it -> finding(it).fields());
    record.fields().put("findings", findings.toList());
    return record;
  }

  private List<Judged> news(Disposition disposition) {
    return report.news().judged().stream().filter(it -> it.disposition() == disposition).toList();
  }

  // What follows is for the template.

  Inventory inventory() {
    return report.inventory();
  }

  /** What people are notified of, by kind. */
  record Section(String title, String count, List<Judged> judged, List<String> facts) {

    List<String> shown() {
      return facts.subList(0, Math.min(facts.size(), MAX_OF_A_KIND));
    }

    @Nullable Integer more() {
      return facts.size() > MAX_OF_A_KIND ? (Integer) (facts.size() - MAX_OF_A_KIND) : null;
    }
  }

  /** The most important first. */
  List<Section> sections() {
    var tags = report.news().invalidTags().keySet().stream().map(SweepRecord::fact).toList();
    // Two things may be said of a session. What it costs is said with the first.
    var priced = new HashSet<String>();
    return Stream.of(
            section("Held back", "held back", Disposition.HELD_BACK, priced),
            section("Observed", "would stop", Disposition.OBSERVED, priced),
            section("Warning", "near or over", Disposition.WARNED, priced),
            section("Not exempt", "not exempt as asked", Disposition.NOT_EXEMPT, priced),
            section("Kept open", "kept open", Disposition.KEPT_OPEN, priced),
            section("Exempt", "exempt", Disposition.EXEMPT, priced),
            new Section("Tag", Format.count(tags.size(), "invalid tag"), List.of(), tags))
        .filter(it -> !it.facts().isEmpty())
        .toList();
  }

  private Section section(String title, String summary, Disposition kind, Set<String> priced) {
    var news = news(kind);
    var facts = news.stream().map(it -> fact(it, isPriced(it, priced))).toList();
    return new Section(title, news.size() + " " + summary, news, facts);
  }

  private static boolean isPriced(Judged it, Set<String> priced) {
    var isFirst = priced.add(it.snapshot().id());
    // What runs in a session has said what the session costs from now on.
    priced.add(it.session().id().value());
    return isFirst;
  }

  @Nullable FindingText only() {
    return FindingText.only(report, info.usdPerDpuHour());
  }

  private String fact(Judged judged, boolean isPriced) {
    var snapshot = judged.snapshot();
    var calculation = snapshot.calculation();
    var text = FindingText.of(judged, report, info.usdPerDpuHour());
    return Stream.of(
            calculation == null ? null : "calculation " + calculation.id(),
            "session " + judged.session().id(),
            audience().member(judged.session().workGroup(), snapshot.owner()),
            UserText.quotedOrNull(snapshot.description()),
            text.reason(),
            isPriced ? text.cost() : null,
            text.consequence(),
            text.keep() == null ? null : "to exempt it: " + text.keep())
        .filter(it -> it != null && !it.isEmpty())
        .collect(joining("; "));
  }

  private static String fact(InvalidTag tag) {
    return "%s = %s on %s; it takes %s; nothing there is stopped until it is corrected"
        .formatted(
            UserText.clean(tag.key()),
            UserText.quoted(tag.value()),
            UserText.aws(tag.arn()),
            tag.accepted());
  }

  String counts() {
    return sections().stream().map(Section::count).collect(joining(", "));
  }

  Audience audience() {
    return new Audience(report.news());
  }

  String startedAt() {
    return Format.time(inventory().startedAt());
  }

  String sessions() {
    return Format.count(inventory().sessionsSeen(), "session");
  }

  int ordered() {
    return report.count(Disposition.ORDERED);
  }

  String failures() {
    return Format.count(report.failures().size(), "failure");
  }

  boolean isReturned() {
    return report.news().judged().stream().anyMatch(it -> it.returned() != null);
  }

  boolean isHeldBack() {
    return !news(Disposition.HELD_BACK).isEmpty();
  }

  boolean isEscalationMissing() {
    return news(Disposition.WARNED).stream().anyMatch(it -> report.terminateCommand(it) != null);
  }

  @Nullable String savings() {
    return news(Disposition.OBSERVED).isEmpty()
        ? null
        : Format.usdPerHour(report.usdPerHour(news(Disposition.OBSERVED)));
  }
}
