package io.github.calculationguard.guard;

import static java.util.Comparator.comparing;
import static java.util.Comparator.reverseOrder;

import module java.base;

import io.github.calculationguard.guard.Inventory.Entry;
import io.github.calculationguard.guard.Inventory.Failure;
import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.SweepReport.Disposition;
import io.github.calculationguard.guard.SweepReport.Judged;
import io.github.calculationguard.guard.Verdict.Exceeded;
import io.github.calculationguard.guard.Verdict.KeptOpen;
import io.github.calculationguard.guard.Verdict.NotExempt;
import io.github.calculationguard.guard.Verdict.Ok;
import io.github.calculationguard.guard.Verdict.Warning;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.AthenaSparkException.NotFoundException;
import io.github.calculationguard.spark.AthenaSparkReader;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.InternalBus;
import io.github.calculationguard.spark.Return;
import io.github.calculationguard.spark.Snapshot;

/**
 * Reads the active sessions of an account, judges them and what runs in them, and publishes a
 * finding for each that is to be stopped. What it remembers from sweep to sweep saves calls and
 * repeated messages; losing it is harmless. Not thread-safe.
 *
 * <p>Two sweeps at once, in two environments, request together at most {@link
 * SweepPolicy#maxActions} stops. Both rank in the same order, so they choose the same, and stopping
 * twice is harmless; and what somebody stopped since a sweep began to list counts as one of its own
 * stops. Only what one of them remembers as not stoppable may add to that: the other one does not
 * know it. Where even that is too much, the parameter ReserveSweepConcurrency keeps them apart.
 */
public final class Sweep {

  static final Duration MEMORY = Duration.ofHours(24);

  /** Kept for findings and the notification, however long the reading takes. */
  private static final Duration RESERVE = Duration.ofSeconds(15);

  private final RateLimiter rateLimiter;
  private final InternalBus bus;
  private final InstantSource clock;
  private final SweepPolicy policy;
  private final Judge judge;
  private final InventoryReader reader;
  private final SweepReader.Memory memory = new SweepReader.Memory();
  private final Map<String, Instant> publishedAt = new HashMap<>();
  private final Map<String, Optional<Return>> knownReturns = new HashMap<>();
  private final WarningMemory warnings = new WarningMemory();
  private final NewsMemory news;

  /**
   * @param rateLimiter which the calls to {@code athena} go through
   */
  public Sweep(
      AthenaSparkReader athena,
      RateLimiter rateLimiter,
      InternalBus bus,
      RecordedWarning.Store store,
      InstantSource clock,
      SweepPolicy policy) {
    this.rateLimiter = rateLimiter;
    this.bus = bus;
    this.clock = clock;
    this.policy = policy;
    this.judge = new Judge(policy.mayTerminate());
    this.news = new NewsMemory(warnings, store, clock);
    this.reader = new InventoryReader(athena, clock, policy.scope());
  }

  /**
   * Sweeps once, and publishes its findings.
   *
   * @param deadline by which everything is done, the notification included
   * @throws AthenaSparkException if not even the workgroups could be listed
   */
  public SweepReport run(AccountRegion place, Deadline deadline) {
    rateLimiter.drainCalls();
    var reading = new SweepReader(reader, judge, memory, place, deadline.minus(RESERVE));
    var inventory = reading.read();
    var failures = new ArrayList<>(inventory.failures());
    var judged = new ArrayList<>(inventory.entries().stream().flatMap(this::judge).toList());
    var exceeding = judged.stream().filter(it -> it.disposition() == Disposition.ORDERED).toList();
    judged.removeAll(exceeding);
    var chosen = choose(exceeding, judged, reading);
    var returns = new ReturnFinder(reading, publishedAt, knownReturns);
    chosen.replaceAll(returns::mark);
    publish(chosen, judged, failures, deadline);
    judged.replaceAll(returns::mark);
    knownReturns.keySet().retainAll(judged.stream().map(Judged::id).toList());
    var longAgo = reading.startedAt.minus(MEMORY);
    publishedAt.values().removeIf(at -> at.isBefore(longAgo));
    warnings.retain(memory.known());
    return new SweepReport(
        policy,
        inventory,
        reading.stoppedMeanwhile,
        List.copyOf(judged),
        List.copyOf(failures),
        Duration.between(reading.startedAt, clock.instant()),
        rateLimiter.drainCalls(),
        news.of(judged, inventory, reading, longAgo));
  }

  /** What people were told of, which tells what is new to them. */
  public NewsMemory news() {
    return news;
  }

  private Stream<Judged> judge(Entry entry) {
    var limits = entry.limits();
    var session = judge(entry.details(), limits);
    var isExceeded = session.verdict() instanceof Exceeded;
    var alone = List.of(session);
    var judged =
        new ArrayList<>(
            isExceeded ? alone : entry.snapshots().map(it -> judge(it, limits)).toList());
    var isNear = judged.stream().anyMatch(it -> !(it.verdict() instanceof Ok));
    Judge.notExempt(entry.details(), limits, isNear)
        .ifPresent(it -> judged.add(judged(entry.details(), limits, it)));
    if (!isExceeded || session.disposition() == Disposition.OBSERVED) {
      Judge.keptOpen(entry.session(), limits)
          .ifPresent(it -> judged.add(judged(entry.details(), limits, it)));
    }
    return judged.stream();
  }

  private Judged judge(Snapshot snapshot, Limits limits) {
    return judged(snapshot, limits, judge.judge(snapshot, limits));
  }

  private Judged judged(Snapshot snapshot, Limits limits, Verdict verdict) {
    var isExempt = limits.isExempt(snapshot.at());
    if (isExempt) {
      warnings.noteExemption(snapshot);
    }
    var disposition =
        switch (verdict) {
          case Ok _ -> Disposition.LEFT;
          case Warning _ -> isExempt ? Disposition.LEFT : Disposition.WARNED;
          case KeptOpen _ -> isExempt ? Disposition.LEFT : Disposition.KEPT_OPEN;
          case NotExempt _ -> Disposition.NOT_EXEMPT;
          case Exceeded _ when isExempt -> Disposition.EXEMPT;
          case Exceeded _ when limits.mode() != Mode.ENFORCE -> Disposition.OBSERVED;
          case Exceeded it ->
              warnings.mayStop(snapshot, limits, it.usage())
                  ? Disposition.ORDERED
                  : Disposition.WARNED;
        };
    return new Judged(snapshot, limits, verdict, disposition, null);
  }

  /**
   * Chooses as many as this sweep may stop, the costliest first; the rest is judged to be held
   * back. What was published already and is still there comes last, so that something that cannot
   * be stopped does not take the place of everything else forever.
   */
  private List<Judged> choose(List<Judged> exceeding, List<Judged> judged, SweepReader reading) {
    var left = policy.maxActions() - reading.stoppedMeanwhile;
    var isScarce = exceeding.size() > left;
    var chosen = new ArrayList<Judged>();
    var order =
        comparing((Judged it) -> publishedAt.getOrDefault(it.id(), Instant.MIN))
            .thenComparing(Judged::dpuHours, reverseOrder())
            .thenComparing(Judged::id);
    for (var it : exceeding.stream().sorted(order).toList()) {
      if (chosen.size() >= left) {
        judged.add(it.with(Disposition.HELD_BACK));
      } else if (isScarce && !reading.isOutOfTime() && hasEnded(it, reading.deadline)) {
        left--;
      } else {
        chosen.add(it);
      }
    }
    return chosen;
  }

  /** Whether it has ended, or is about to, since it was judged. */
  private boolean hasEnded(Judged it, Deadline deadline) {
    var calculation = it.snapshot().calculation();
    try {
      if (calculation == null) {
        return reader.athena().session(it.session().id(), deadline).state().hasEnded();
      }
      var now =
          it.snapshot().withCalculation(reader.athena().calculation(calculation.id(), deadline));
      return now.hasEnded() || (now.isCanceling() && !it.snapshot().isCanceling());
    } catch (NotFoundException _) {
      return true;
    } catch (AthenaSparkException _) {
      return false;
    }
  }

  private void publish(
      List<Judged> chosen, List<Judged> judged, List<Failure> failures, Deadline deadline) {
    var now = clock.instant();
    var expiresAt = now.plus(Finding.LIFETIME);
    var findings = chosen.stream().map(it -> new Finding(it, policy, expiresAt).event()).toList();
    var refused = bus.put(findings, deadline);
    for (var index = 0; index < chosen.size(); index++) {
      var it = chosen.get(index);
      var why = refused.get(findings.get(index));
      if (why == null) {
        judged.add(it);
        publishedAt.put(it.id(), now);
      } else {
        judged.add(it.with(Disposition.REFUSED));
        failures.add(new Failure("order for", it.id(), why));
      }
    }
  }
}
