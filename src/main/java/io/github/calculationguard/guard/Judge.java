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
import io.github.calculationguard.spark.Session;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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
        var words = words(usage, usage.isOver() ? "over" : "near");
        warning =
            mercy == null
                ? new Warn(usage, cost, stopAt(usage, suspect, now), words)
                : new Warn(usage, cost, null, words + "; " + mercy);
      }
    }
    if (suspect.isCanceling() && (warning == null || !warning.usage().isOver())) {
      return new Leave("being canceled already, and within its limits");
    }
    if (warning != null) {
      return warning;
    }
    var within = usages.stream().map(usage -> words(usage, "within")).toList();
    return new Leave(within.isEmpty() ? "no limit applies" : String.join("; ", within));
  }

  /** How much is used of each limit that applies, as far as it is known. */
  public static List<Usage> usages(Suspect suspect, Limits limits, Instant now) {
    var seen = suspect.details(null, now);
    var usages = new ArrayList<Usage>();
    for (var rule : rules(suspect)) {
      var limit = limits.most().get(rule);
      var unit = rule.unit();
      var time = rule == MAX_SESSION_IDLE_MINUTES ? idle(suspect.session(), now) : seen.age();
      var cost = seen.cost();
      if (limit == null) {
        continue;
      }
      if (unit != null && time != null) {
        var observed = Math.max(0, time.toMillis()) / (double) unit.toMillis();
        usages.add(new Usage(rule, limit, observed, null));
      } else if (unit == null && cost != null) {
        usages.add(new Usage(rule, limit, cost.dpuHours(), cost.basis()));
      }
    }
    return usages;
  }

  private static List<Rule> rules(Suspect suspect) {
    return switch (suspect) {
      case RunningCalculation _ -> List.of(MAX_CALCULATION_MINUTES, MAX_CALCULATION_DPU_HOURS);
      case ActiveSession _ ->
          List.of(MAX_SESSION_IDLE_MINUTES, MAX_SESSION_HOURS, MAX_SESSION_DPU_HOURS);
    };
  }

  private static @Nullable Duration idle(Session session, Instant now) {
    return session.state().isIdle() && session.idleSince() != null
        ? Duration.between(session.idleSince(), now)
        : null;
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
    var age = suspect.details(null, now).age();
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
    var observed = inUnit(usage.rule(), usage.observed());
    return "%s %s, %s %s".formatted(doing, observed, relation, inUnit(usage.rule(), usage.limit()));
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
