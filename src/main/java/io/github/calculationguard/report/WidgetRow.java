package io.github.calculationguard.report;

import io.github.calculationguard.guard.Inventory.Entry;
import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.guard.Verdict.Usage;
import io.github.calculationguard.spark.Cost;
import io.github.calculationguard.spark.Format;
import java.time.Duration;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A session on the page. All text in it is clean. */
record WidgetRow(Entry entry, double usdPerDpuHour, @Nullable String stopFunctionArn) {

  private static final int SHORT_ID = 8;

  /** How much of a limit is used, and how wide its bar is. */
  record Bar(String used, String percent, String color, long width) {}

  /** A button that stops a calculation. */
  record Stop(String confirmation, String endpoint, String calculationId) {}

  @Nullable Double usdSoFar() {
    var cost = entry.details().cost();
    return cost == null ? null : cost.usd(usdPerDpuHour);
  }

  @Nullable Double usdAnHour() {
    var held = entry.details().dpusStillHeld();
    return held == null ? null : held * usdPerDpuHour;
  }

  boolean isUpperBound() {
    var cost = entry.details().cost();
    return cost != null && cost.basis() == Cost.Basis.UPPER_BOUND;
  }

  String usd() {
    var usd = usdSoFar();
    return usd == null ? "not known" : (isUpperBound() ? "at most " : "") + Format.usd(usd);
  }

  String perHour() {
    var usd = usdAnHour();
    return usd == null ? "" : (entry.isHeldAtMost() ? "at most " : "") + Format.usdPerHour(usd);
  }

  String dpuHours() {
    var cost = entry.details().cost();
    return cost == null ? "" : Format.dpuHours(cost.dpuHours());
  }

  String basis() {
    var cost = entry.details().cost();
    return cost == null ? "" : cost.basis().name();
  }

  @Nullable String description() {
    var calculation = entry.current();
    return Stream.of(
            calculation == null ? null : calculation.description(), entry.session().description())
        .flatMap(Stream::ofNullable)
        .map(UserText::clean)
        .filter(text -> !text.isEmpty())
        .findFirst()
        .orElse(null);
  }

  String workGroup() {
    return UserText.clean(entry.session().workGroup());
  }

  String ids() {
    var calculation = entry.current();
    return "session "
        + entry.session().id()
        + (calculation == null ? "" : ", calculation " + calculation.id());
  }

  String shortId() {
    var id = entry.session().id().value();
    return id.length() > SHORT_ID ? id.substring(0, SHORT_ID) + "…" : id;
  }

  @Nullable String owner() {
    var owner = entry.owner();
    return owner == null ? null : UserText.clean(owner);
  }

  @Nullable String waiting() {
    var waiting = entry.calculations().size() - 1;
    return waiting > 0 ? waiting + " more waiting" : null;
  }

  String state() {
    var calculation = entry.current();
    return UserText.clean(
        calculation == null ? entry.session().state().name() : calculation.state().name());
  }

  String mood() {
    if (entry.session().state().name().equals("DEGRADED")) {
      return "bad";
    }
    return entry.session().state().isIdle() && entry.current() == null ? "idle" : "busy";
  }

  String since() {
    var session = entry.session();
    var calculation = entry.current();
    if (calculation != null) {
      return words("for ", calculation.age(entry.at()));
    }
    return session.state().isIdle() && session.idleSince() != null
        ? words("for ", Duration.between(session.idleSince(), entry.at()))
        : words("open for ", session.age(entry.at()));
  }

  private static String words(String prefix, @Nullable Duration duration) {
    return duration == null ? "" : prefix + Format.duration(duration);
  }

  private @Nullable Usage usage() {
    return entry.limits().mode() == Mode.OFF ? null : entry.fullest();
  }

  @Nullable Bar limit() {
    var usage = usage();
    if (usage == null) {
      return null;
    }
    var percent = 100 * usage.observed() / usage.limit();
    var near = percent >= entry.limits().warnAtPercent();
    return new Bar(
        used(usage),
        "%.0f %% of %s used".formatted(percent, usage.rule()),
        usage.isOver() ? "over" : near ? "near" : "fine",
        Math.round(Math.clamp(percent, 1, 100)));
  }

  /** Why nothing is stopped here. */
  @Nullable String note() {
    var limits = entry.limits();
    if (limits.mode() == Mode.OFF) {
      return "not guarded: the mode is off";
    }
    if (usage() == null) {
      return "no limit";
    }
    if (limits.exemptUntil() != null && limits.exempt(entry.at())) {
      return "exempt until " + Format.time(limits.exemptUntil());
    }
    return limits.mode() == Mode.OBSERVE ? "only observed" : null;
  }

  private static String used(Usage usage) {
    var doing =
        switch (usage.rule()) {
          case MAX_CALCULATION_MINUTES -> "running for";
          case MAX_SESSION_IDLE_MINUTES -> "idle for";
          case MAX_SESSION_HOURS -> "open for";
          case MAX_CALCULATION_DPU_HOURS, MAX_SESSION_DPU_HOURS ->
              usage.isUpperBound() ? "used at most" : "used";
        };
    var limit = amount(usage.rule(), usage.limit());
    return "%s %s of %s".formatted(doing, amount(usage.rule(), usage.observed()), limit);
  }

  private static String amount(Rule rule, double number) {
    return switch (rule) {
      case MAX_CALCULATION_MINUTES, MAX_SESSION_IDLE_MINUTES ->
          Format.duration(Duration.ofMillis(Math.round(number * 60_000)));
      case MAX_SESSION_HOURS -> Format.duration(Duration.ofMillis(Math.round(number * 3_600_000)));
      case MAX_CALCULATION_DPU_HOURS, MAX_SESSION_DPU_HOURS -> Format.dpuHours(number);
    };
  }

  @Nullable Stop stop() {
    var calculation = entry.current();
    if (calculation == null || stopFunctionArn == null) {
      return null;
    }
    var description = description();
    return new Stop(
        "Stop the calculation %s in workgroup %s%s? What it has not written yet is lost. Its session stays open."
            .formatted(
                calculation.id(),
                workGroup(),
                description == null ? "" : ", " + UserText.quoted(description)),
        stopFunctionArn,
        calculation.id().value());
  }
}
