package io.github.calculationguard.guard;

import static java.util.Comparator.comparing;
import static java.util.Comparator.reverseOrder;
import static java.util.stream.Collectors.toSet;

import module java.base;

import io.github.calculationguard.guard.Inventory.*;
import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.SweepReport.*;
import io.github.calculationguard.guard.Verdict.*;
import io.github.calculationguard.spark.*;
import io.github.calculationguard.spark.AthenaSparkException.NotFoundException;
import io.github.calculationguard.spark.InternalBus.Event;

/**
 * Reads the active sessions of an account, judges them and what runs in them, and publishes a
 * finding for each that is to be stopped. What it remembers from sweep to sweep saves calls and
 * repeated messages; losing it is harmless. Not thread-safe.
 *
 * <p>Two sweeps at once, in two execution environments, rank in the same order, so they choose the
 * same, and what somebody stopped since a sweep began to list counts as one of its own stops.
 */
public final class Sweep {

  /**
   * What a sweep covers, and what it may do.
   *
   * @param mayTerminate whether sessions may be terminated
   * @param maxActions how many stops one sweep may request
   * @param usdPerDpuHour Athena's price in the Region
   */
  public record Policy(Scope scope, boolean mayTerminate, int maxActions, double usdPerDpuHour) {}

  static final Duration REMEMBERED = Duration.ofHours(24);

  /** Kept for findings and the notification, however long the reading takes. */
  private static final Duration RESERVE = Duration.ofSeconds(15);

  private final RateLimiter rateLimiter;
  private final InternalBus bus;
  private final InstantSource clock;
  private final Policy policy;
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
      Policy policy) {
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
    Predicate<Judged> isOrdered = it -> it.disposition() == Disposition.ORDERED;
    var exceeding = judged.stream().filter(isOrdered).toList();
    judged.removeIf(isOrdered);
    var returns = new ReturnFinder(reading, publishedAt, knownReturns);
    var ranked = choose(exceeding, reading);
    judged.addAll(publish(ranked, returns, failures, deadline));
    judged.replaceAll(returns::mark);
    knownReturns.keySet().retainAll(judged.stream().map(Judged::id).collect(toSet()));
    var longAgo = reading.startedAt.minus(REMEMBERED);
    publishedAt.values().removeIf(at -> !at.isAfter(longAgo));
    warnings.retain(memory.known());
    return new SweepReport(
        policy,
        inventory,
        reading.stoppedMeanwhile,
        List.copyOf(judged),
        List.copyOf(failures),
        Duration.between(reading.startedAt, clock.instant()),
        rateLimiter.drainCalls(),
        news.among(judged, inventory, longAgo));
  }

  /** What people were told of, which tells what is new to them. */
  public NewsMemory news() {
    return news;
  }

  private Stream<Judged> judge(Entry entry) {
    var limits = entry.limits();
    var details = entry.details();
    var isExempt = limits.isExempt(details.at());
    if (isExempt) {
      warnings.noteExemption(details);
    }
    var session = judge(details, limits);
    var isExceeded = session.verdict() instanceof Exceeded;
    // Whatever runs in a session that is stopped ends with it.
    var snapshots = isExceeded ? Stream.of(details) : entry.snapshots();
    var judged = new ArrayList<>(snapshots.map(it -> judge(it, limits)).toList());
    var isNear = judged.stream().anyMatch(it -> !(it.verdict() instanceof Ok));
    Judge.notExempt(details, limits, isNear)
        .ifPresent(it -> judged.add(noted(details, limits, it, Disposition.NOT_EXEMPT)));
    if (!isExempt && (!isExceeded || session.disposition() == Disposition.OBSERVED)) {
      Judge.keptOpen(entry.session(), limits)
          .ifPresent(it -> judged.add(noted(details, limits, it, Disposition.KEPT_OPEN)));
    }
    return judged.stream();
  }

  private static Judged noted(Snapshot session, Limits limits, String note, Disposition as) {
    return new Judged(session, limits, new Note(note), as, null);
  }

  private Judged judge(Snapshot snapshot, Limits limits) {
    var verdict = judge.judge(snapshot, limits);
    var isExempt = limits.isExempt(snapshot.at());
    var disposition =
        switch (verdict) {
          case Ok _, Note _ -> Disposition.LEFT;
          case Warning _ -> isExempt ? Disposition.LEFT : Disposition.WARNED;
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
   * Chooses as many as this sweep may stop, the costliest first; the rest is held back. Items whose
   * finding was published before come last, so that something that cannot be stopped does not take
   * the place of everything else forever. What has ended meanwhile is left out.
   */
  private List<Judged> choose(List<Judged> exceeding, SweepReader reading) {
    var left = policy.maxActions() - reading.stoppedMeanwhile;
    var isScarce = exceeding.size() > left;
    var ranked = new ArrayList<Judged>();
    var order =
        comparing((Judged it) -> publishedAt.getOrDefault(it.id(), Instant.MIN))
            .thenComparing(Judged::dpuHours, reverseOrder())
            .thenComparing(Judged::id);
    for (var it : exceeding.stream().sorted(order).toList()) {
      if (left <= 0) {
        ranked.add(it.with(Disposition.HELD_BACK));
        continue;
      }
      left--;
      if (!isScarce || reading.isOutOfTime() || !hasEnded(it, reading.deadline)) {
        ranked.add(it);
      }
    }
    return ranked;
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

  /** Publishes a finding of each that is to be stopped, which says what it returned after. */
  private List<Judged> publish(
      List<Judged> ranked, ReturnFinder returns, List<Failure> failures, Deadline deadline) {
    ranked.replaceAll(it -> it.disposition() == Disposition.ORDERED ? returns.mark(it) : it);
    var now = clock.instant();
    var expiresAt = now.plus(Finding.LIFETIME);
    var findings = new LinkedHashMap<Event, Judged>();
    for (var it : ranked) {
      if (it.disposition() == Disposition.ORDERED) {
        findings.put(new Finding(it, policy, expiresAt).event(), it);
      }
    }
    var refused = bus.put(List.copyOf(findings.keySet()), deadline);
    var published = new ArrayList<>(ranked);
    published.removeIf(it -> it.disposition() == Disposition.ORDERED);
    findings.forEach(
        (event, it) -> {
          var why = refused.get(event);
          if (why == null) {
            published.add(it);
            publishedAt.put(it.id(), now);
          } else {
            published.add(it.with(Disposition.REFUSED));
            failures.add(new Failure("order for", it.id(), why));
          }
        });
    return published;
  }
}
