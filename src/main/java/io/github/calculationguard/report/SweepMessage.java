package io.github.calculationguard.report;

import io.github.calculationguard.guard.InvalidTag;
import io.github.calculationguard.guard.Limits;
import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.SweepReport;
import io.github.calculationguard.guard.SweepReport.Disposition;
import io.github.calculationguard.guard.SweepReport.Judged;
import io.github.calculationguard.guard.Verdict;
import io.github.calculationguard.spark.Format;
import io.github.calculationguard.spark.Severity;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Tells people what a sweep found that they were not told of yet. */
public final class SweepMessage {

  /** More than this nobody reads; the log has it all. */
  private static final int MOST_OF_A_KIND = 10;

  /** What is told, in the order in which it matters. */
  private enum Kind {
    HELD_BACK(Disposition.HELD_BACK, "Held back", "held back"),
    OBSERVED(Disposition.OBSERVED, "Observed", "would stop"),
    WARNED(Disposition.WARNED, "Warning", "near or over"),
    EXEMPT(Disposition.EXEMPT, "Exempt", "exempt");

    final Disposition fate;
    final String title;
    final String words;

    Kind(Disposition fate, String title, String words) {
      this.fate = fate;
      this.title = title;
      this.words = words;
    }
  }

  private final SweepReport report;
  private final SweepRecord record;
  private final InvocationInfo teller;
  private final String service;

  private SweepMessage(SweepReport report, InvocationInfo teller, String service) {
    this.report = report;
    record = new SweepRecord(report, teller);
    this.teller = teller;
    this.service = service;
  }

  /**
   * The message in every protocol's words.
   *
   * @param service the stack's name
   */
  public static Notification of(SweepReport report, InvocationInfo teller, String service) {
    var it = new SweepMessage(report, teller, service);
    var severity = it.severity();
    return new Notification(
        severity,
        it.subject(),
        it.headline(),
        it.facts(),
        it.next(),
        report.place(),
        "sweep",
        Map.of("outcome", "SWEPT", "trigger", "sweep", "severity", severity.name()),
        it.queue());
  }

  private Severity severity() {
    var worst =
        report.news().judged().stream()
            .map(it -> SweepRecord.severity(it.fate()))
            .reduce(Severity.INFO, (one, other) -> one.compareTo(other) > 0 ? one : other);
    return worst == Severity.INFO && !report.news().unreadable().isEmpty()
        ? Severity.WARNING
        : worst;
  }

  private List<Judged> news(Disposition fate) {
    return report.news().judged().stream().filter(it -> it.fate() == fate).toList();
  }

  private String subject() {
    return "SWEEP | %s | %s %s"
        .formatted(counts(), report.place().accountId(), report.place().region());
  }

  private String counts() {
    var tags = report.news().unreadable().size();
    return Stream.concat(
            Stream.of(Kind.values())
                .filter(kind -> !news(kind.fate).isEmpty())
                .map(kind -> news(kind.fate).size() + " " + kind.words),
            tags == 0 ? Stream.of() : Stream.of(tags + " unreadable tag" + (tags == 1 ? "" : "s")))
        .collect(Collectors.joining(", "));
  }

  private String headline() {
    return "New since the last sweep: " + counts() + ".";
  }

  private Map<String, String> facts() {
    var facts = new LinkedHashMap<String, String>();
    for (var kind : Kind.values()) {
      add(facts, kind.title, news(kind.fate).stream().map(this::fact).toList());
    }
    add(facts, "Tag", report.news().unreadable().stream().map(SweepMessage::fact).toList());
    facts.put("Account", report.place().accountId() + ", " + report.place().region());
    facts.put(
        "Sweep",
        "%s; %d sessions in %d of %d workgroups; %d ordered to be stopped, %d failures"
            .formatted(
                Format.time(report.startedAt()),
                report.sessionsSeen(),
                report.workGroupsDone(),
                report.workGroups(),
                report.count(Disposition.ORDERED),
                report.failures().size()));
    return facts;
  }

  private static void add(Map<String, String> facts, String title, List<String> all) {
    for (var index = 0; index < Math.min(all.size(), MOST_OF_A_KIND); index++) {
      facts.put(title + " " + (index + 1), all.get(index));
    }
    if (all.size() > MOST_OF_A_KIND) {
      facts.put(title + " more", (all.size() - MOST_OF_A_KIND) + " more, in the log");
    }
  }

  private String fact(Judged judged) {
    var details = judged.details();
    var calculation = judged.suspect().calculation();
    var session = judged.suspect().session();
    var held = details.dpusStillHeld();
    var cost = details.cost();
    return Stream.of(
            calculation == null ? null : "calculation " + calculation.id(),
            "session " + session.id(),
            "workgroup " + UserText.clean(session.workGroup()),
            details.owner() == null ? null : "owner " + UserText.quoted(details.owner()),
            details.description() == null ? null : UserText.quoted(details.description()),
            judged.verdict().reason(),
            cost == null
                ? null
                : "cost so far %s (%s)"
                    .formatted(Format.usd(cost.usd(teller.usdPerDpuHour())), cost.basis()),
            held == null
                ? null
                : (details.executors().isEmpty() ? "at most " : "")
                    + Format.usd(held * teller.usdPerDpuHour())
                    + " an hour until its session ends",
            then(judged))
        .flatMap(Stream::ofNullable)
        .collect(Collectors.joining("; "));
  }

  /** What comes of it, and what to do about that. */
  private @Nullable String then(Judged judged) {
    return switch (judged.verdict()) {
      case Verdict.Warn warn when warn.stopAt() != null ->
          "%s stopped by the first sweep after %s%s"
              .formatted(
                  judged.limits().mode() == Mode.ENFORCE ? "will be" : "would be",
                  Format.time(warn.stopAt()),
                  exempt(judged));
      case Verdict.Over _ ->
          judged.fate() == Disposition.EXEMPT && judged.limits().exemptUntil() != null
              ? "exempt until " + Format.time(judged.limits().exemptUntil())
              : null;
      case Verdict.Warn _, Verdict.Leave _ -> null;
    };
  }

  private String exempt(Judged judged) {
    var command = report.exemptCommand(judged);
    return command == null ? "" : "; to exempt it: " + command;
  }

  private static String fact(InvalidTag tag) {
    return "%s = %s on %s; it takes %s; until it is mended nothing there is stopped"
        .formatted(
            UserText.clean(tag.key()),
            UserText.quoted(tag.value()),
            UserText.clean(tag.arn(), UserText.MOST_OF_AWS),
            tag.accepted());
  }

  private List<String> next() {
    var next = new ArrayList<String>();
    if (!news(Disposition.HELD_BACK).isEmpty()) {
      var most = report.policy().maxActions();
      next.add(
          "One sweep orders at most %d stops, the costliest first, and the next ones order the rest. To let it order more, deploy with a higher MaxActionsPerSweep."
              .formatted(most));
      next.add(
          "To brake at once, run the command that this prints: aws cloudformation describe-stacks --stack-name %s --region %s --query \"Stacks[0].Outputs[?OutputKey=='Brake'].OutputValue\" --output text"
              .formatted(service, report.place().region()));
    }
    if (!news(Disposition.OBSERVED).isEmpty()) {
      next.add(
          "What would be stopped goes on, since its mode is observe or a tag of it can't be read. To stop such things, set the parameter Mode, or the workgroup's tag %smode, to enforce: that would save at most %s an hour from now on."
              .formatted(Limits.PREFIX, Format.usd(report.usdPerHour(Disposition.OBSERVED))));
    }
    return next;
  }

  private String queue() {
    var queue = new LinkedHashMap<String, Object>(record.summary().fields());
    queue.put(
        "findings",
        Stream.of(Kind.values())
            .flatMap(kind -> news(kind.fate).stream().limit(MOST_OF_A_KIND))
            .map(judged -> record.finding(judged).fields())
            .toList());
    return Json.line(queue);
  }
}
