package io.github.calculationguard.report;

import module java.base;

import io.github.calculationguard.guard.*;
import io.github.calculationguard.guard.Limits.*;
import io.github.calculationguard.guard.SweepReport.*;
import io.github.calculationguard.guard.Verdict.*;
import io.github.calculationguard.spark.*;
import org.jspecify.annotations.Nullable;

/** What a message says of one finding of a sweep. All text is clean. */
record FindingText(SweepReport report, Judged judged) {

  // Its work and its owner leave room for the rest of a chat's title.
  private static final int MAX_IN_TITLE = 60;

  // As long as the button promises.
  private static final Duration KEPT = Duration.ofHours(2);

  /** Why Athena keeps the session open, where that is a second finding. */
  @Nullable String keptOpen() {
    return report.news().judged().stream()
        .filter(it -> it.disposition() == Disposition.KEPT_OPEN && !it.equals(judged))
        .map(it -> it.verdict().reason())
        .findFirst()
        .orElse(null);
  }

  /** Such as "the parameter MaxCalculationMinutes". */
  static String setBy(Rule rule, Origin origin, String workGroup) {
    var tag = "the tag " + Limits.PREFIX + rule;
    return switch (origin) {
      case PARAMETER -> "the parameter " + rule.parameter();
      case WORK_GROUP_TAG -> tag + " of workgroup " + UserText.clean(workGroup);
      case SESSION_TAG -> tag + " of its session";
    };
  }

  /** Such as: calculation "Nightly join" of "team data"; without a description, by its ID. */
  static String inHeadline(String kind, @Nullable String id, Snapshot snapshot) {
    var description = briefly(snapshot.description());
    var owner = briefly(snapshot.owner());
    var name = description == null ? id : description;
    return UserText.joined(" ", kind, name, owner == null ? null : "of " + owner);
  }

  private static @Nullable String briefly(@Nullable String text) {
    return text == null ? null : UserText.quotedOrNull(UserText.clean(text, MAX_IN_TITLE));
  }

  String headline() {
    var snapshot = judged.snapshot();
    var kind = snapshot.calculation() == null ? "session" : "calculation";
    var what = inHeadline(kind, snapshot.id(), snapshot);
    var ends = whenStopped();
    return switch (judged.disposition()) {
      case WARNED ->
          ends == null ? unstoppable().formatted(what) : "Warning: %s %s.".formatted(what, ends);
      case OBSERVED -> "Over its limit, and would be stopped in mode enforce: %s.".formatted(what);
      case HELD_BACK -> "Over its limit, and not stopped yet: %s.".formatted(what);
      case EXEMPT ->
          "Over its limit, and %s: %s."
              .formatted(Objects.requireNonNullElse(exemptUntil(), "exempt"), what);
      case NOT_EXEMPT -> "Not exempt as its tag asks: %s.".formatted(what);
      case KEPT_OPEN -> "Athena does not end it in time: %s.".formatted(what);
      case LEFT, ORDERED, REFUSED -> what;
    };
  }

  /** The headline of what is near a limit, or over one, and is not going to be stopped. */
  private String unstoppable() {
    return report.terminateCommand(judged) == null
        ? "Near or over its limit: %s."
        : "Over its limit, and the guard may not end it: %s.";
  }

  private @Nullable String exemptUntil() {
    var until = judged.limits().exemptUntil();
    return judged.disposition() == Disposition.EXEMPT && until != null
        ? "exempt until " + Format.time(until)
        : null;
  }

  String reason() {
    var limit = limit();
    return limit == null ? judged.reason() : judged.reason() + "; limit set by " + limit;
  }

  @Nullable String limit() {
    var usage = judged.verdict().usage();
    return usage == null
        ? null
        : setBy(usage.rule(), judged.limits().setBy(usage.rule()), judged.session().workGroup());
  }

  /** When it will be stopped; absent where it will not be. */
  private @Nullable String whenStopped() {
    if (judged.disposition() != Disposition.WARNED) {
      return null;
    }
    if (judged.verdict() instanceof Exceeded) {
      return "will be stopped by the next sweep";
    }
    if (!(judged.verdict() instanceof Warning it) || it.stopAt() == null) {
      return null;
    }
    var will = judged.limits().mode() == Mode.ENFORCE ? "will" : "would";
    return will + " be stopped by the first sweep after " + Format.time(it.stopAt());
  }

  /** What follows, such as when it will be stopped. */
  @Nullable String consequence() {
    if (judged.disposition() == Disposition.HELD_BACK) {
      return "one of the next sweeps stops it";
    }
    var exemptUntil = exemptUntil();
    if (exemptUntil != null) {
      return exemptUntil + "; after that, people are warned again before it is stopped";
    }
    var terminate = report.terminateCommand(judged);
    return terminate == null ? whenStopped() : "to end it, run: " + terminate;
  }

  private boolean isToBeStopped() {
    return whenStopped() != null || judged.disposition() == Disposition.HELD_BACK;
  }

  @Nullable String loss() {
    if (!isToBeStopped()) {
      return null;
    }
    return judged.snapshot().calculation() == null
        ? "all that the session holds in memory, and what runs in it; files in S3 remain"
        : "what it has not written to S3 yet; its session stays open";
  }

  String cost() {
    var costs = new Costs(judged.snapshot(), report.policy().usdPerDpuHour());
    var soFar = costs.soFar();
    var perHour = costs.perHour();
    return UserText.joined(
        "; ",
        soFar == null ? null : soFar.text() + " so far, " + soFar.basisInWords(),
        perHour == null ? null : perHour.text() + " until its session ends");
  }

  /** The command that exempts it, where a stop may follow or a tag asks for something else. */
  @Nullable String exemptCommand() {
    var fits =
        switch (judged.disposition()) {
          case WARNED, HELD_BACK -> isToBeStopped();
          case OBSERVED, NOT_EXEMPT -> true;
          case LEFT, KEPT_OPEN, ORDERED, REFUSED, EXEMPT -> false;
        };
    return fits ? report.exemptCommand(judged) : null;
  }

  @Nullable String description() {
    return UserText.quotedOrNull(judged.snapshot().description());
  }

  @Nullable String owner() {
    return UserText.quotedOrNull(judged.snapshot().owner());
  }

  String workGroup() {
    return UserText.clean(judged.session().workGroup());
  }

  String whomToAsk() {
    var limit = "whoever deployed the guard in this account about the limit";
    return owner() == null
        ? "Ask " + limit + "; no tag names the owner of the work."
        : "Ask the owner, " + owner() + ", about the work, and " + limit + ".";
  }

  /** What the buttons in a chat need: each is there only where its button fits. */
  Map<String, String> buttons() {
    var buttons = new LinkedHashMap<String, String>();
    var isOpen =
        switch (judged.disposition()) {
          case WARNED, OBSERVED, HELD_BACK, KEPT_OPEN, NOT_EXEMPT, EXEMPT -> true;
          case LEFT, ORDERED, REFUSED -> false;
        };
    if (isToBeStopped() && report.policy().scope().maxExempt().compareTo(KEPT) >= 0) {
      buttons.put("session_arn", report.arnOf(judged));
      var until = report.inventory().at().plus(KEPT).truncatedTo(ChronoUnit.SECONDS);
      buttons.put("keep_until", until.toString());
    }
    var calculation = judged.snapshot().calculation();
    if (isOpen && calculation != null) {
      buttons.put("stop_calculation_id", calculation.id().value());
    } else if (isOpen) {
      buttons.put("end_session_id", judged.session().id().value());
    }
    return buttons;
  }
}
