package io.github.calculationguard.guard;

import module java.base;

import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.guard.SweepReport.Judged;
import io.github.calculationguard.guard.Verdict.Usage;
import io.github.calculationguard.spark.*;

/**
 * Which warnings people were given, as far as this sweep's environment remembers or a session's own
 * tags tell. What is over a limit is stopped only if people could answer a warning of it before.
 */
final class WarningMemory {

  private final Map<SessionId, Map<Rule, RecordedWarning>> given = new HashMap<>();
  private final Map<SessionId, Instant> exemptAt = new HashMap<>();

  /** Notes that an exemption is in force: earlier warnings count no more, even if it is removed. */
  void noteExemption(Snapshot snapshot) {
    exemptAt.put(snapshot.requireSession().id(), snapshot.at());
  }

  /** Whether what is over a limit may be stopped now, instead of being warned of first. */
  boolean mayStop(Snapshot snapshot, Limits limits, Usage usage) {
    return !couldWarn(snapshot, limits, usage) || warnedAt(snapshot, limits, usage).isPresent();
  }

  /** Whether it takes so long to come near the limit that a sweep could warn in time. */
  private static boolean couldWarn(Snapshot snapshot, Limits limits, Usage usage) {
    var percent = limits.warnAtPercent();
    var near = usage.timeToUse(usage.limit() * percent / 100, snapshot.age());
    return percent < 100 && (near == null || near.compareTo(SweepReader.ASSUMED_INTERVAL) >= 0);
  }

  /** When people were warned of this, if that warning is in force. */
  Optional<Instant> warnedAt(Snapshot snapshot, Limits limits, Usage usage) {
    return inForce(snapshot, limits, usage, snapshot.at())
        .filter(it -> it.isAbout(snapshot))
        .map(RecordedWarning::at)
        .max(Instant::compareTo);
  }

  private Stream<RecordedWarning> inForce(
      Snapshot snapshot, Limits limits, Usage usage, Instant now) {
    var id = snapshot.requireSession().id();
    var remembered = given.getOrDefault(id, Map.of()).get(usage.rule());
    var exempt = exemptAt.getOrDefault(id, Instant.MIN);
    return Stream.of(remembered, limits.warnings().get(usage.rule()))
        .filter(it -> it != null && it.at().isAfter(exempt))
        .filter(it -> it.isInForce(snapshot, limits, usage, now));
  }

  /** Remembers a warning, and returns it for its session's tag. */
  RecordedWarning remember(Judged it, Usage usage, Instant now) {
    var snapshot = it.snapshot();
    var isOfSession = snapshot.calculation() == null;
    var ids = Stream.of(snapshot.id());
    // Those of others that wait in the session stay in force.
    var others = inForce(snapshot, it.limits(), usage, now).flatMap(w -> w.calculations().stream());
    var all = isOfSession ? Stream.<String>of() : Stream.concat(ids, others).distinct();
    var warning = new RecordedWarning(now, all.toList(), usage.limit());
    given
        .computeIfAbsent(snapshot.requireSession().id(), _ -> new EnumMap<>(Rule.class))
        .put(usage.rule(), warning);
    return warning;
  }

  void retain(Set<SessionId> sessions) {
    given.keySet().retainAll(sessions);
    exemptAt.keySet().retainAll(sessions);
  }
}
