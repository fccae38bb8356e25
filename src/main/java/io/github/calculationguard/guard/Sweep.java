package io.github.calculationguard.guard;

import static java.util.Comparator.comparing;
import static java.util.Comparator.reverseOrder;
import static java.util.stream.Collectors.toMap;

import module java.base;

import io.github.calculationguard.guard.Finding.Publisher;
import io.github.calculationguard.guard.Finding.Refused;
import io.github.calculationguard.guard.Inventory.Entry;
import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.SweepReport.Disposition;
import io.github.calculationguard.guard.SweepReport.Failure;
import io.github.calculationguard.guard.SweepReport.Judged;
import io.github.calculationguard.guard.SweepReport.NewFindings;
import io.github.calculationguard.guard.Verdict.Exceeded;
import io.github.calculationguard.guard.Verdict.Ok;
import io.github.calculationguard.guard.Verdict.Warning;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.AthenaSparkException.NotFoundException;
import io.github.calculationguard.spark.AthenaSparkReader;
import io.github.calculationguard.spark.Deadline;
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
  private final Publisher publisher;
  private final InstantSource clock;
  private final SweepPolicy policy;
  private final Judge judge;
  private final Inventory.Reader reader;
  private final SweepReader.Cache cache = new SweepReader.Cache();
  private final Map<String, Instant> notified = new HashMap<>();
  private final Map<String, Instant> published = new HashMap<>();

  /**
   * @param rateLimiter which the calls to {@code athena} go through
   */
  public Sweep(
      AthenaSparkReader athena,
      RateLimiter rateLimiter,
      Publisher publisher,
      InstantSource clock,
      SweepPolicy policy) {
    this.rateLimiter = rateLimiter;
    this.publisher = publisher;
    this.clock = clock;
    this.policy = policy;
    this.judge = new Judge(policy.mayTerminate());
    this.reader = new Inventory.Reader(athena, clock, policy.scope());
  }

  /**
   * Sweeps once, and publishes its findings.
   *
   * @param deadline by which everything is done, the notification included
   * @throws AthenaSparkException if not even the workgroups could be listed
   */
  public SweepReport run(AccountRegion place, Deadline deadline) {
    rateLimiter.take();
    var read = new SweepReader(reader, judge, cache, place, deadline.minus(RESERVE));
    var judged = new ArrayList<>(read.entries.stream().flatMap(this::judge).toList());
    publish(judged, read, deadline);
    var longAgo = read.startedAt.minus(MEMORY);
    published.values().removeIf(at -> at.isBefore(longAgo));
    notified.values().removeIf(at -> !at.isAfter(longAgo));
    var news = judged.stream().filter(it -> it.isNews() && !notified.containsKey(it.key()));
    var tags = read.invalidTags.stream().filter(it -> !notified.containsKey(it.toString()));
    return new SweepReport(
        place,
        policy,
        read.startedAt,
        Duration.between(read.startedAt, clock.instant()),
        read.workGroups,
        read.workGroupsDone,
        read.sessionsSeen(),
        read.calculationsSeen,
        read.stoppedMeanwhile,
        List.copyOf(judged),
        List.copyOf(read.invalidTags),
        List.copyOf(read.failures),
        rateLimiter.take(),
        new NewFindings(news.toList(), tags.toList()));
  }

  /** Remembers that people were notified, so that it is not new again for a day. */
  public void notified(SweepReport report) {
    var news = report.news();
    news.judged().forEach(it -> notified.put(it.key(), report.startedAt()));
    news.invalidTags().forEach(tag -> notified.put(tag.toString(), report.startedAt()));
  }

  private Stream<Judged> judge(Entry entry) {
    var session = judge(entry.details(), entry.limits());
    return session.verdict() instanceof Exceeded
        ? Stream.of(session)
        : entry.snapshots().map(it -> judge(it, entry.limits()));
  }

  private Judged judge(Snapshot snapshot, Limits limits) {
    var verdict = judge.judge(snapshot, limits);
    var isExempt = limits.exempt(snapshot.at());
    var disposition =
        switch (verdict) {
          case Ok _ -> Disposition.LEFT;
          case Warning _ -> isExempt ? Disposition.LEFT : Disposition.WARNED;
          case Exceeded _ when isExempt -> Disposition.EXEMPT;
          case Exceeded _ when limits.mode() == Mode.ENFORCE -> Disposition.ORDERED;
          case Exceeded _ -> Disposition.OBSERVED;
        };
    return new Judged(snapshot, limits, verdict, disposition);
  }

  /**
   * Publishes as many findings as this sweep may, the costliest first. What was published already
   * and is still there waits behind the rest, so that something that cannot be stopped does not
   * take the place of everything else forever.
   */
  private void publish(List<Judged> judged, SweepReader read, Deadline deadline) {
    var exceeding =
        judged.stream()
            .filter(it -> it.disposition() == Disposition.ORDERED)
            .sorted(
                comparing((Judged it) -> published.getOrDefault(it.id(), Instant.MIN))
                    .thenComparing(Judged::dpuHours, reverseOrder())
                    .thenComparing(Judged::id))
            .toList();
    judged.removeAll(exceeding);
    var left = policy.maxActions() - read.stoppedMeanwhile;
    var isScarce = exceeding.size() > left;
    var chosen = new ArrayList<Judged>();
    for (var it : exceeding) {
      if (chosen.size() >= left) {
        judged.add(it.with(Disposition.HELD_BACK));
      } else if (isScarce && hasEnded(it, read.deadline)) {
        left--;
      } else {
        chosen.add(it);
      }
    }
    if (chosen.isEmpty()) {
      return;
    }
    var expiresAt = clock.instant().plus(Finding.LIFETIME);
    var findings = chosen.stream().flatMap(it -> it.finding(policy, expiresAt)).toList();
    var refused =
        publisher.publish(findings, deadline).stream()
            .collect(toMap(it -> it.finding().snapshot().id(), Refused::why, (first, _) -> first));
    refused.forEach((id, why) -> read.failures.add(new Failure("order for " + id, why)));
    for (var it : chosen) {
      var isRefused = refused.containsKey(it.id());
      judged.add(isRefused ? it.with(Disposition.REFUSED) : it);
      if (!isRefused) {
        published.put(it.id(), clock.instant());
      }
    }
  }

  /** Whether it has ended, or is about to, since it was judged. */
  private boolean hasEnded(Judged it, Deadline by) {
    var calculation = it.snapshot().calculation();
    try {
      if (by.hasPassed(clock.instant())) {
        return false;
      }
      if (calculation == null) {
        return reader.athena().session(it.session().id(), by).state().isOver();
      }
      var now = it.snapshot().withCalculation(reader.athena().calculation(calculation.id(), by));
      return now.isOver() || (now.isCanceling() && !it.snapshot().isCanceling());
    } catch (NotFoundException _) {
      return true;
    } catch (AthenaSparkException _) {
      return false;
    }
  }
}
