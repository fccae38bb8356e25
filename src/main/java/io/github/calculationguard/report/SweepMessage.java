package io.github.calculationguard.report;

import static java.util.stream.Collectors.joining;

import io.github.calculationguard.guard.Limits;
import io.github.calculationguard.guard.Limits.InvalidTag;
import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.SweepReport;
import io.github.calculationguard.guard.SweepReport.Disposition;
import io.github.calculationguard.guard.SweepReport.Judged;
import io.github.calculationguard.guard.Verdict.Warning;
import io.github.calculationguard.spark.Format;
import io.github.calculationguard.spark.Severity;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Notifies people of what a sweep found that is new to them. */
public final class SweepMessage {

  /** Nobody reads more than this; the log has everything. */
  private static final int MAX_OF_A_KIND = 10;

  /** The most important first. */
  private static final List<Disposition> KINDS =
      List.of(Disposition.HELD_BACK, Disposition.OBSERVED, Disposition.WARNED, Disposition.EXEMPT);

  private final SweepReport report;
  private final SweepRecord record;
  private final String service;

  private SweepMessage(SweepReport report, SweepRecord record, String service) {
    this.report = report;
    this.record = record;
    this.service = service;
  }

  /**
   * The message in the words of each protocol.
   *
   * @param service the stack's name
   */
  public static Notification of(SweepReport report, InvocationInfo invocation, String service) {
    var it = new SweepMessage(report, new SweepRecord(report, invocation), service);
    var severity = it.severity();
    var place = report.place();
    return new Notification(
        severity,
        "SWEEP | %s | %s %s".formatted(it.counts(), place.accountId(), place.region()),
        "New since the last sweep: " + it.counts() + ".",
        it.facts(),
        it.next(),
        place,
        "sweep",
        Map.of("outcome", "SWEPT", "trigger", "sweep", "severity", severity.name()),
        it.queue());
  }

  private Severity severity() {
    return Stream.concat(
            report.news().judged().stream().map(it -> SweepRecord.severity(it.disposition())),
            report.news().invalidTags().stream().map(_ -> Severity.WARNING))
        .max(Severity::compareTo)
        .orElse(Severity.INFO);
  }

  private List<Judged> news(Disposition kind) {
    return report.news().judged().stream().filter(it -> it.disposition() == kind).toList();
  }

  private String counts() {
    var tags = report.news().invalidTags().size();
    return Stream.concat(
            KINDS.stream()
                .filter(kind -> !news(kind).isEmpty())
                .map(kind -> news(kind).size() + " " + inWords(kind)),
            tags == 0 ? Stream.of() : Stream.of(Format.count(tags, "invalid tag")))
        .collect(joining(", "));
  }

  private static String inWords(Disposition kind) {
    return switch (kind) {
      case HELD_BACK -> "held back";
      case OBSERVED -> "would stop";
      case WARNED -> "near or over";
      case EXEMPT -> "exempt";
      case LEFT, ORDERED, REFUSED -> throw new IllegalArgumentException(kind.name());
    };
  }

  private Map<String, String> facts() {
    var facts = new LinkedHashMap<String, String>();
    for (var kind : KINDS) {
      var title = kind == Disposition.WARNED ? "Warning" : capitalized(kind);
      add(facts, title, news(kind).stream().map(this::fact).toList());
    }
    add(facts, "Tag", report.news().invalidTags().stream().map(SweepMessage::fact).toList());
    facts.put("Account", report.place().accountId() + ", " + report.place().region());
    facts.put(
        "Sweep",
        "%s; %s in %d of %d workgroups; %d ordered to be stopped, %s"
            .formatted(
                Format.time(report.startedAt()),
                Format.count(report.sessionsSeen(), "session"),
                report.workGroupsDone(),
                report.workGroups(),
                report.count(Disposition.ORDERED),
                Format.count(report.failures().size(), "failure")));
    return facts;
  }

  private static String capitalized(Disposition kind) {
    var words = kind.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
    return words.substring(0, 1).toUpperCase(java.util.Locale.ROOT) + words.substring(1);
  }

  private static void add(Map<String, String> facts, String title, List<String> all) {
    for (var index = 0; index < Math.min(all.size(), MAX_OF_A_KIND); index++) {
      facts.put(title + " " + (index + 1), all.get(index));
    }
    if (all.size() > MAX_OF_A_KIND) {
      facts.put(title + " more", (all.size() - MAX_OF_A_KIND) + " more, in the log");
    }
  }

  private String fact(Judged judged) {
    var snapshot = judged.snapshot();
    var calculation = snapshot.calculation();
    var held = snapshot.dpusStillHeld();
    var cost = snapshot.cost();
    var price = report.policy().usdPerDpuHour();
    return Stream.of(
            calculation == null ? null : "calculation " + calculation.id(),
            "session " + judged.session().id(),
            "workgroup " + UserText.clean(judged.session().workGroup()),
            snapshot.owner() == null ? null : "owner " + UserText.quoted(snapshot.owner()),
            snapshot.description() == null ? null : UserText.quoted(snapshot.description()),
            judged.verdict().reason(),
            cost == null
                ? null
                : "cost so far %s (%s)".formatted(Format.usd(cost.usd(price)), cost.basis()),
            held == null
                ? null
                : (snapshot.executors().isEmpty() ? "at most " : "")
                    + Format.usdPerHour(held * price)
                    + " until its session ends",
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
    var command = report.exemptCommand(judged);
    return "%s stopped by the first sweep after %s%s"
        .formatted(
            judged.limits().mode() == Mode.ENFORCE ? "will be" : "would be",
            Format.time(warning.stopAt()),
            command == null ? "" : "; to exempt it: " + command);
  }

  private static String fact(InvalidTag tag) {
    return "%s = %s on %s; it takes %s; nothing there is stopped until it is corrected"
        .formatted(
            UserText.clean(tag.key()),
            UserText.quoted(tag.value()),
            UserText.clean(tag.arn(), UserText.MOST_OF_AWS),
            tag.accepted());
  }

  private List<String> next() {
    var next = new ArrayList<String>();
    if (!news(Disposition.HELD_BACK).isEmpty()) {
      next.add(
          "A sweep stops at most %d, the costliest first; the next sweeps stop the rest. To raise the maximum, deploy with a higher MaxActionsPerSweep."
              .formatted(report.policy().maxActions()));
      next.add(
          "To halt the guard, run the command that this prints: aws cloudformation describe-stacks --stack-name %s --region %s --query \"Stacks[0].Outputs[?OutputKey=='Brake'].OutputValue\" --output text"
              .formatted(service, report.place().region()));
    }
    if (!news(Disposition.OBSERVED).isEmpty()) {
      next.add(
          "What would be stopped goes on, because the mode is observe or a tag is invalid. To stop it, set the parameter Mode, or the workgroup's tag %smode, to enforce: that saves at most %s."
              .formatted(
                  Limits.PREFIX, Format.usdPerHour(report.usdPerHour(Disposition.OBSERVED))));
    }
    return next;
  }

  private String queue() {
    var queue = new LinkedHashMap<String, Object>(record.summary().fields());
    queue.put(
        "findings",
        KINDS.stream()
            .flatMap(kind -> news(kind).stream().limit(MAX_OF_A_KIND))
            .map(judged -> record.finding(judged).fields())
            .toList());
    return Json.line(queue);
  }
}
