package io.github.calculationguard.guard;

import static java.util.stream.Collectors.joining;

import io.github.calculationguard.guard.Verdict.Exceeded;
import io.github.calculationguard.guard.Verdict.Ok;
import io.github.calculationguard.guard.Verdict.Usage;
import io.github.calculationguard.guard.Verdict.Warning;
import io.github.calculationguard.spark.Instants;
import io.github.calculationguard.spark.Snapshot;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Applies limits to what is known of a calculation or a session. It considers neither the mode nor
 * exemptions: they decide what follows from a verdict.
 *
 * @param mayTerminate whether sessions may be terminated; otherwise a rule about sessions only
 *     warns
 */
public record Judge(boolean mayTerminate) {

  private static final List<Rule> CALCULATION_RULES =
      List.of(Rule.MAX_CALCULATION_MINUTES, Rule.MAX_CALCULATION_DPU_HOURS);
  private static final List<Rule> SESSION_RULES =
      List.of(Rule.MAX_SESSION_IDLE_MINUTES, Rule.MAX_SESSION_HOURS, Rule.MAX_SESSION_DPU_HOURS);

  /**
   * Judges a snapshot as of its instant, by the first limit that it exceeds. An upper bound of a
   * cost is no evidence: it is a reason to warn and never to stop.
   */
  public Verdict judge(Snapshot snapshot, Limits limits) {
    if (snapshot.isOver()) {
      return new Ok("already ended");
    }
    var exceeded = exceeded(snapshot, limits);
    if (exceeded.isPresent()) {
      return new Exceeded(exceeded.get(), snapshot.cost(), reason(exceeded.get(), null));
    }
    var usages = usages(snapshot, limits);
    var near =
        usages.stream()
            .filter(it -> it.observed() >= it.limit() * limits.warnAtPercent() / 100)
            .sorted(Comparator.comparing(Usage::isOver).reversed())
            .findFirst();
    if (snapshot.isCanceling() && !near.map(Usage::isOver).orElse(false)) {
      return new Ok("already being canceled, and within its limits");
    }
    if (near.isPresent()) {
      var usage = near.get();
      var restraint = restraint(usage, snapshot);
      var stopAt = restraint == null ? stopAt(usage, snapshot) : null;
      return new Warning(usage, snapshot.cost(), stopAt, reason(usage, restraint));
    }
    return new Ok(
        usages.isEmpty()
            ? "no limit applies"
            : usages.stream().map(it -> reason(it, null)).collect(joining("; ")));
  }

  /** The first limit that justifies a stop, whether or not it has ended meanwhile. */
  Optional<Usage> exceeded(Snapshot snapshot, Limits limits) {
    return usages(snapshot, limits).stream()
        .filter(it -> it.isOver() && restraint(it, snapshot) == null)
        .findFirst();
  }

  /** How much is used of each limit that applies, as far as it is known. */
  public static List<Usage> usages(Snapshot snapshot, Limits limits) {
    var rules = snapshot.calculation() == null ? SESSION_RULES : CALCULATION_RULES;
    return rules.stream().flatMap(rule -> usage(rule, snapshot, limits)).toList();
  }

  private static Stream<Usage> usage(Rule rule, Snapshot snapshot, Limits limits) {
    var limit = limits.max().get(rule);
    var unit = rule.unit();
    if (limit != null && unit == null) {
      return Stream.ofNullable(snapshot.cost())
          .map(cost -> new Usage(rule, limit, cost.dpuHours(), cost.basis()));
    }
    var time = rule == Rule.MAX_SESSION_IDLE_MINUTES ? snapshot.idle() : snapshot.age();
    return limit == null || unit == null || time == null
        ? Stream.empty()
        : Stream.of(new Usage(rule, limit, time.toMillis() / (double) unit.toMillis(), null));
  }

  /** Why it is not stopped for this, however much it uses; absent where it is. */
  private @Nullable String restraint(Usage usage, Snapshot snapshot) {
    if (usage.isUpperBound()) {
      return "an upper bound alone stops nothing";
    }
    return snapshot.calculation() == null && !mayTerminate
        ? "the guard may not terminate sessions (Escalation is NONE)"
        : null;
  }

  /** When the limit is reached, if time passes or DPU-hours are used at the rate so far. */
  private static @Nullable Instant stopAt(Usage usage, Snapshot snapshot) {
    var left = usage.limit() - usage.observed();
    var unit = usage.rule().unit();
    var age = snapshot.age();
    if (unit != null) {
      return after(snapshot, left * unit.toMillis());
    }
    return age == null ? null : after(snapshot, age.toMillis() * left / usage.observed());
  }

  private static @Nullable Instant after(Snapshot snapshot, double millis) {
    return Instants.orNull(snapshot.at().plusMillis(Math.round(millis)));
  }

  private static String reason(Usage usage, @Nullable String restraint) {
    var reason = usage.observedInWords() + ", limit " + usage.limitInWords();
    return restraint == null ? reason : reason + "; " + restraint;
  }
}
