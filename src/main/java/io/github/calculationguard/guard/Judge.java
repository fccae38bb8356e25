package io.github.calculationguard.guard;

import module java.base;

import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.guard.Verdict.*;
import io.github.calculationguard.spark.*;
import org.jspecify.annotations.Nullable;

/**
 * Applies limits to what is known of a calculation or a session. It considers neither the mode nor
 * exemptions: they decide what follows from a verdict.
 *
 * @param mayTerminate whether sessions may be terminated; otherwise a rule about sessions only
 *     warns
 */
public record Judge(boolean mayTerminate) {

  /**
   * Judges a snapshot as of its instant, by the first limit that it exceeds. An upper bound of a
   * cost is no evidence: it is a reason to warn and never to stop.
   */
  public Verdict judge(Snapshot snapshot, Limits limits) {
    if (snapshot.hasEnded()) {
      return new Ok();
    }
    var exceeded = exceeded(snapshot, limits);
    if (exceeded.isPresent()) {
      return new Exceeded(exceeded.get(), reason(exceeded.get()));
    }
    return usages(snapshot, limits).stream()
        .filter(it -> it.percent() >= limits.warnAtPercent())
        .filter(it -> it.isExceeded() || !snapshot.isCanceling())
        .max(Comparator.comparing(Usage::isExceeded))
        .<Verdict>map(it -> warning(it, snapshot))
        .orElseGet(Ok::new);
  }

  private Warning warning(Usage usage, Snapshot snapshot) {
    return onlyWarnsBecause(usage, snapshot)
        .map(why -> new Warning(usage, null, reason(usage) + "; " + why))
        .orElseGet(() -> new Warning(usage, stopAt(usage, snapshot), reason(usage)));
  }

  /** Why Athena does not end an idle session by its limit; empty if it does, or nobody knows. */
  static Optional<String> keptOpen(Session session, Limits limits) {
    var timeout = session.idleTimeout();
    var minutes = limits.max().get(Rule.MAX_SESSION_IDLE_MINUTES);
    if (session.state().hasEnded()
        || timeout == null
        || minutes == null
        || timeout.toSeconds() <= minutes * 60) {
      return Optional.empty();
    }
    var known =
        timeout.equals(Session.NO_TIMEOUT)
            ? "it shows no idle timeout"
            : "its idle timeout is " + Format.duration(timeout);
    var limit = Rule.MAX_SESSION_IDLE_MINUTES.inWords(minutes);
    return Optional.of("Athena will not end it before you do: " + known + ", limit " + limit);
  }

  /**
   * What became of the exemption that a session's own tag asks for, if it is not granted as it
   * asks. One that has expired is worth a word only near a limit: it may simply have ended.
   */
  static Optional<String> notExempt(Snapshot snapshot, Limits limits, boolean isNear) {
    var now = snapshot.at();
    var asked = limits.askedExemptUntil();
    var granted = limits.isExempt(now) ? limits.exemptUntil() : null;
    if (asked == null || (granted != null && !granted.isBefore(asked))) {
      return Optional.empty();
    }
    var hasExpired = !asked.isAfter(now);
    if (hasExpired && !isNear) {
      return Optional.empty();
    }
    var why = hasExpired ? "which is over" : "which is longer than MaxExemptHours allows";
    var instead =
        granted == null ? "it is not exempt" : "it is exempt until " + Format.time(granted);
    return Optional.of(
        "asked for an exemption until %s, %s: %s".formatted(Format.time(asked), why, instead));
  }

  /** The first limit that justifies a stop, whether or not it has ended meanwhile. */
  Optional<Usage> exceeded(Snapshot snapshot, Limits limits) {
    return usages(snapshot, limits).stream()
        .filter(it -> it.isExceeded() && onlyWarnsBecause(it, snapshot).isEmpty())
        .findFirst();
  }

  /** How much is used of each limit that applies, as far as it is known. */
  static List<Usage> usages(Snapshot snapshot, Limits limits) {
    return Stream.of(Rule.values())
        .filter(it -> it.isOfCalculation == (snapshot.calculation() != null))
        .flatMap(it -> usage(it, snapshot, limits))
        .toList();
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

  /** Why this usage only warns; empty if it justifies a stop where it exceeds its limit. */
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
    var left = usage.timeToUse(usage.limit() - usage.observed(), snapshot.age());
    return left == null ? null : Instants.orNull(snapshot.at().plus(left));
  }

  private static String reason(Usage usage) {
    return usage.observedInWords() + ", limit " + usage.limitInWords();
  }
}
