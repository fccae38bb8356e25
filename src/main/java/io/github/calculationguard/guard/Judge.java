package io.github.calculationguard.guard;

import static io.github.calculationguard.guard.Rule.MAX_CALCULATION_DPU_HOURS;
import static io.github.calculationguard.guard.Rule.MAX_CALCULATION_MINUTES;
import static io.github.calculationguard.guard.Rule.MAX_SESSION_DPU_HOURS;
import static io.github.calculationguard.guard.Rule.MAX_SESSION_HOURS;
import static io.github.calculationguard.guard.Rule.MAX_SESSION_IDLE_MINUTES;

import io.github.calculationguard.guard.Suspect.ActiveSession;
import io.github.calculationguard.guard.Suspect.RunningCalculation;
import io.github.calculationguard.guard.Verdict.Leave;
import io.github.calculationguard.guard.Verdict.Over;
import io.github.calculationguard.guard.Verdict.Usage;
import io.github.calculationguard.guard.Verdict.Warn;
import io.github.calculationguard.spark.Cost;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Applies limits to what is known of a calculation or a session. Whether anything follows is not
 * its affair: it looks neither at the mode nor at exemptions.
 *
 * @param mayTerminate whether the deployment allows to end sessions; where it doesn't, a rule about
 *     sessions can only warn
 */
public record Judge(boolean mayTerminate) {

  /**
   * Finds the first rule that the suspect is over. An upper bound of its cost is no evidence: on
   * that alone it is warned of and never stopped.
   */
  public Verdict judge(Suspect suspect, Limits limits, Instant now) {
    if (suspect.isOver()) {
      return new Leave("over already");
    }
    var cost = suspect.details(null, now).cost();
    var usages = usages(suspect, limits, now);
    Warn warning = null;
    for (var usage : usages) {
      if (usage.observed() < usage.limit() * limits.warnAtPercent() / 100) {
        continue;
      }
      var mercy = mercy(usage, suspect);
      if (usage.isOver() && mercy == null) {
        return new Over(usage, cost, words(usage, "over"));
      }
      if (warning == null || (usage.isOver() && !warning.usage().isOver())) {
        warning =
            new Warn(
                usage,
                cost,
                mercy == null ? stopAt(usage, suspect, now) : null,
                words(usage, usage.isOver() ? "over" : "near")
                    + (mercy == null ? "" : "; " + mercy));
      }
    }
    if (suspect.isCanceling() && (warning == null || !warning.usage().isOver())) {
      return new Leave("being canceled already, and within its limits");
    }
    if (warning != null) {
      return warning;
    }
    return new Leave(
        usages.isEmpty()
            ? "no limit applies"
            : usages.stream()
                .map(usage -> words(usage, "within"))
                .collect(Collectors.joining("; ")));
  }

  /** How much is used of each limit that applies, as far as it is known. */
  public static List<Usage> usages(Suspect suspect, Limits limits, Instant now) {
    var usages = new ArrayList<Usage>();
    var cost = suspect.details(null, now).cost();
    switch (suspect) {
      case RunningCalculation it -> {
        addTime(usages, limits, MAX_CALCULATION_MINUTES, it.calculation().age(now));
        addCost(usages, limits, MAX_CALCULATION_DPU_HOURS, cost);
      }
      case ActiveSession it -> {
        var session = it.session();
        var idle = session.state().isIdle() ? session.idleSince() : null;
        addTime(
            usages,
            limits,
            MAX_SESSION_IDLE_MINUTES,
            idle == null ? null : Duration.between(idle, now));
        addTime(usages, limits, MAX_SESSION_HOURS, session.age(now));
        addCost(usages, limits, MAX_SESSION_DPU_HOURS, cost);
      }
    }
    return usages;
  }

  private static void addTime(
      List<Usage> usages, Limits limits, Rule rule, @Nullable Duration time) {
    var limit = limits.most().get(rule);
    var unit = rule.unit();
    if (limit != null && unit != null && time != null) {
      usages.add(
          new Usage(rule, limit, Math.max(0, time.toMillis()) / (double) unit.toMillis(), null));
    }
  }

  private static void addCost(List<Usage> usages, Limits limits, Rule rule, @Nullable Cost cost) {
    var limit = limits.most().get(rule);
    if (limit != null && cost != null) {
      usages.add(new Usage(rule, limit, cost.dpuHours(), cost.basis()));
    }
  }

  /** Why it is not stopped for this, however much it uses; absent where it is. */
  private @Nullable String mercy(Usage usage, Suspect suspect) {
    if (usage.isUpperBound()) {
      return "an upper bound alone stops nothing";
    }
    if (suspect instanceof ActiveSession && !mayTerminate) {
      return "this guard may not end sessions (Escalation is NONE)";
    }
    return null;
  }

  /** When the limit is reached, if time goes by or DPU-hours are used as they were so far. */
  private static @Nullable Instant stopAt(Usage usage, Suspect suspect, Instant now) {
    var left = usage.limit() - usage.observed();
    var unit = usage.rule().unit();
    if (unit != null) {
      return now.plusMillis(Math.round(left * unit.toMillis()));
    }
    var age =
        switch (suspect) {
          case RunningCalculation it -> it.calculation().age(now);
          case ActiveSession it -> it.session().age(now);
        };
    return age == null
        ? null
        : now.plusMillis(Math.round(age.toMillis() * left / usage.observed()));
  }

  private static String words(Usage usage, String relation) {
    var doing =
        switch (usage.rule()) {
          case MAX_CALCULATION_MINUTES -> "running for";
          case MAX_SESSION_IDLE_MINUTES -> "idle for";
          case MAX_SESSION_HOURS -> "open for";
          case MAX_CALCULATION_DPU_HOURS, MAX_SESSION_DPU_HOURS ->
              usage.isUpperBound() ? "used at most" : "used";
        };
    return "%s %s, %s %s"
        .formatted(
            doing,
            inUnit(usage.rule(), usage.observed()),
            relation,
            inUnit(usage.rule(), usage.limit()));
  }

  private static String inUnit(Rule rule, double number) {
    var unit = rule.unit();
    return unit == null
        ? String.format(Locale.ROOT, "%.1f DPU-hours", number)
        : words(Duration.ofMillis(Math.round(number * unit.toMillis())));
  }

  /** A duration as people say it: days, hours and minutes, and seconds below an hour. */
  private static String words(Duration duration) {
    var parts = new ArrayList<String>();
    if (duration.toDays() > 0) {
      parts.add(duration.toDays() + " d");
    }
    if (duration.toHoursPart() > 0) {
      parts.add(duration.toHoursPart() + " h");
    }
    if (duration.toMinutesPart() > 0) {
      parts.add(duration.toMinutesPart() + " min");
    }
    if (parts.isEmpty() || (duration.toHours() == 0 && duration.toSecondsPart() > 0)) {
      parts.add(duration.toSecondsPart() + " s");
    }
    return String.join(" ", parts);
  }
}
