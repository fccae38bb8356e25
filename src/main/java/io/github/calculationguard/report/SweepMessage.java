package io.github.calculationguard.report;

import static java.util.Comparator.naturalOrder;
import static java.util.stream.Collectors.joining;

import module java.base;

import io.github.calculationguard.guard.Limits.InvalidTag;
import io.github.calculationguard.guard.SweepReport;
import io.github.calculationguard.guard.SweepReport.*;
import io.github.calculationguard.spark.*;
import io.jstach.jstache.JStache;
import io.jstach.jstache.JStacheConfig;
import io.jstach.jstache.JStacheType;
import org.jspecify.annotations.Nullable;

/**
 * What the template of a sweep's notification shows: what is new to people. All text is clean.
 *
 * @param stack the name of the guard's own stack
 */
@JStache(path = "sweep.mustache")
@JStacheConfig(type = JStacheType.STACHE)
record SweepMessage(SweepReport report, String stack) {

  /** At most this many findings of a kind in a message. */
  private static final int MAX_OF_A_KIND = 10;

  private record Kind(String title, String inSummary, Disposition disposition) {}

  /** The most important first. */
  private static final List<Kind> KINDS =
      List.of(
          new Kind("Held back", "held back", Disposition.HELD_BACK),
          new Kind("Observed", "would stop", Disposition.OBSERVED),
          new Kind("Warning", "near or over", Disposition.WARNED),
          new Kind("Not exempt", "not exempt as asked", Disposition.NOT_EXEMPT),
          new Kind("Kept open", "kept open", Disposition.KEPT_OPEN),
          new Kind("Exempt", "exempt", Disposition.EXEMPT));

  record Section(String title, String count, List<String> facts) {

    List<String> shown() {
      return facts.subList(0, Math.min(facts.size(), MAX_OF_A_KIND));
    }

    @Nullable Integer more() {
      return facts.size() > MAX_OF_A_KIND ? (Integer) (facts.size() - MAX_OF_A_KIND) : null;
    }
  }

  Notification notification(LogRecord record) {
    var place = report.inventory().place();
    var ofTags = report.news().invalidTags().isEmpty() ? Severity.INFO : Severity.WARNING;
    var severity =
        report.news().judged().stream()
            .map(Judged::severity)
            .reduce(ofTags, BinaryOperator.maxBy(naturalOrder()));
    var single = single();
    return new Notification(
        record,
        severity,
        "SWEEP | %s | %s | %s %s"
            .formatted(audience().inSubject(), counts(), place.accountId(), place.region()),
        SweepMessageRenderer.of().execute(this).lines().toList(),
        place,
        single == null ? "sweep" : single.judged().session().id().value(),
        single == null ? Map.of() : single.buttons(),
        audience().attributes(severity));
  }

  Audience audience() {
    return new Audience(report.news());
  }

  /** The findings that a program gets with the message. */
  Stream<Judged> listed() {
    return KINDS.stream().flatMap(it -> news(it.disposition()).stream().limit(MAX_OF_A_KIND));
  }

  private List<Judged> news(Disposition disposition) {
    return report.news().judged().stream().filter(it -> it.disposition() == disposition).toList();
  }

  /** The one finding, beside which only its session may be kept open; null if there are more. */
  @Nullable FindingText single() {
    var news = report.news().judged();
    var first = news.stream().filter(it -> it.disposition() != Disposition.KEPT_OPEN).toList();
    var all = first.isEmpty() ? news : first;
    var isOne = news.stream().map(it -> it.session().id()).distinct().count() == 1;
    return isOne && all.size() == 1 && report.news().invalidTags().isEmpty()
        ? new FindingText(report, all.getFirst())
        : null;
  }

  List<Section> sections() {
    var sections = new ArrayList<Section>();
    // Two things may be said of a session. What it costs is said with the first.
    var priced = new HashSet<String>();
    for (var kind : KINDS) {
      var facts = new ArrayList<String>();
      for (var it : news(kind.disposition())) {
        facts.add(fact(it, priced.add(it.snapshot().id())));
        // What runs in a session has said what the session costs from now on.
        priced.add(it.session().id().value());
      }
      sections.add(new Section(kind.title(), facts.size() + " " + kind.inSummary(), facts));
    }
    var tags = report.news().invalidTags().keySet().stream().map(SweepMessage::fact).toList();
    sections.add(new Section("Tag", Format.count(tags.size(), "invalid tag"), tags));
    sections.removeIf(it -> it.facts().isEmpty());
    return sections;
  }

  private String fact(Judged judged, boolean isPriced) {
    var snapshot = judged.snapshot();
    var calculation = snapshot.calculation();
    var text = new FindingText(report, judged);
    var exemptCommand = text.exemptCommand();
    return UserText.joined(
        "; ",
        calculation == null ? null : "calculation " + calculation.id(),
        "session " + judged.session().id(),
        audience().member(judged.session().workGroup(), snapshot.owner()),
        UserText.quotedOrNull(snapshot.description()),
        text.reason(),
        isPriced ? text.cost() : null,
        text.consequence(),
        exemptCommand == null ? null : "to exempt it: " + exemptCommand);
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

  String sweep() {
    var inventory = report.inventory();
    return "%s; %s in %d of %d workgroups; %d ordered to be stopped, %s"
        .formatted(
            Format.time(inventory.startedAt()),
            Format.count(inventory.sessionsSeen(), "session"),
            inventory.workGroupsDone(),
            inventory.workGroups(),
            report.count(Disposition.ORDERED),
            Format.count(report.failures().size(), "failure"));
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

  /** Null where the mode keeps nothing from being stopped. */
  @Nullable String savings() {
    var observed = news(Disposition.OBSERVED);
    return observed.isEmpty() ? null : Format.usdPerHour(report.usdPerHour(observed));
  }
}
