package io.github.calculationguard.guard;

import static java.util.stream.Collectors.joining;

import module java.base;

import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.guard.Verdict.Exceeded;
import io.github.calculationguard.guard.Verdict.KeptOpen;
import io.github.calculationguard.guard.Verdict.NotExempt;
import io.github.calculationguard.guard.Verdict.Ok;
import io.github.calculationguard.guard.Verdict.Usage;
import io.github.calculationguard.guard.Verdict.Warning;
import io.github.calculationguard.spark.Format;
import io.github.calculationguard.spark.Instants;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Snapshot;
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
    if (snapshot.hasEnded()) {
      return new Ok("already ended");
    }
    var exceeded = exceeded(snapshot, limits);
    if (exceeded.isPresent()) {
      return new Exceeded(exceeded.get(), reason(exceeded.get()));
    }
    var usages = usages(snapshot, limits);
    var near =
        usages.stream()
            .filter(it -> it.percent() >= limits.warnAtPercent())
            .max(Comparator.comparing(Usage::isExceeded));
    if (snapshot.isCanceling() && !near.map(Usage::isExceeded).orElse(false)) {
      return new Ok("already being canceled, and within its limits");
    }
    if (near.isEmpty()) {
      var reasons = usages.stream().map(Judge::reason).collect(joining("; "));
      return new Ok(usages.isEmpty() ? "no limit applies" : reasons);
    }
    var usage = near.get();
    return onlyWarnsBecause(usage, snapshot)
        .map(why -> new Warning(usage, null, reason(usage) + "; " + why))
        .orElseGet(() -> new Warning(usage, stopAt(usage, snapshot), reason(usage)));
  }

  /** Whether Athena's own idle timeout, as far as it was read, comes after the limit. */
  static Optional<KeptOpen> keptOpen(Session session, Limits limits) {
    var timeout = session.idleTimeout();
    var minutes = limits.max().get(Rule.MAX_SESSION_IDLE_MINUTES);
    if (session.state().hasEnded()
        || timeout == null
        || minutes == null
        || timeout.toSeconds() <= minutes * 60) {
      return Optional.empty();
    }
    var limit = new Usage(Rule.MAX_SESSION_IDLE_MINUTES, minutes, 0, null).limitInWords();
    var known =
        timeout.equals(Session.NO_TIMEOUT)
            ? "it shows no idle timeout"
            : "its idle timeout is " + Format.duration(timeout);
    return Optional.of(
        new KeptOpen("Athena will not end it before you do: " + known + ", limit " + limit));
  }

  /**
   * What became of the exemption that a session's own tag asks for, if it is not granted as it
   * asks. One that is over is worth a word only near a limit: it may simply have ended.
   */
  static Optional<NotExempt> notExempt(Snapshot snapshot, Limits limits, boolean isNear) {
    var asked = limits.askedExemptUntil();
    var granted = limits.exemptUntil();
    if (asked == null
        || (granted != null && !granted.isBefore(asked) && limits.isExempt(snapshot.at()))) {
      return Optional.empty();
    }
    var hasExpired = !asked.isAfter(snapshot.at());
    if (hasExpired && (!isNear || limits.isExempt(snapshot.at()))) {
      return Optional.empty();
    }
    var instead =
        limits.isExempt(snapshot.at()) && granted != null
            ? "it is exempt until " + Format.time(granted)
            : "it is not exempt";
    var why = hasExpired ? "which is over" : "which is longer than MaxExemptHours allows";
    return Optional.of(
        new NotExempt(
            "asked for an exemption until %s, %s: %s".formatted(Format.time(asked), why, instead)));
  }

  /** The first limit that justifies a stop, whether or not it has ended meanwhile. */
  Optional<Usage> exceeded(Snapshot snapshot, Limits limits) {
    return usages(snapshot, limits).stream()
        .filter(it -> it.isExceeded() && onlyWarnsBecause(it, snapshot).isEmpty())
        .findFirst();
  }

  /** How much is used of each limit that applies, as far as it is known. */
  static List<Usage> usages(Snapshot snapshot, Limits limits) {
    var rules = snapshot.calculation() == null ? SESSION_RULES : CALCULATION_RULES;
    return rules.stream().flatMap(rule -> usage(rule, snapshot, limits)).toList();
  }

  private static Stream<Usage> usage(Rule rule, Snapshot snapshot, Limits limits) {
    var limit = limits.max().get(rule);
    if (limit == null) {
      return Stream.empty();
    }
    var unit = rule.unit;
    if (unit == null) {
      return Stream.ofNullable(snapshot.cost())
          .map(cost -> new Usage(rule, limit, cost.dpuHours(), cost.basis()));
    }
    var time = rule == Rule.MAX_SESSION_IDLE_MINUTES ? snapshot.idle() : snapshot.age();
    return Stream.ofNullable(time)
        .map(it -> new Usage(rule, limit, it.toMillis() / (double) unit.toMillis(), null));
  }

  /** Why nothing is stopped for this, however much is used; empty where it is. */
  private Optional<String> onlyWarnsBecause(Usage usage, Snapshot snapshot) {
    if (usage.isUpperBound()) {
      return Optional.of("an upper bound alone stops nothing");
    }
    return snapshot.calculation() == null && !mayTerminate
        ? Optional.of("the guard may not terminate sessions (Escalation is NONE)")
        : Optional.empty();
  }

  /** When the limit is reached, if time passes or DPU-hours are used at the rate so far. */
  private static @Nullable Instant stopAt(Usage usage, Snapshot snapshot) {
    var left = usage.timeFor(usage.limit() - usage.observed(), snapshot.age());
    return left == null ? null : Instants.orNull(snapshot.at().plus(left));
  }

  private static String reason(Usage usage) {
    return usage.observedInWords() + ", limit " + usage.limitInWords();
  }
}
