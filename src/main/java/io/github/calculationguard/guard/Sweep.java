package io.github.calculationguard.guard;

import static java.util.Comparator.comparing;
import static java.util.Comparator.reverseOrder;

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
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Reads the active sessions of an account, judges them and what runs in them, and publishes a
 * finding for each that is to be stopped. What it remembers from sweep to sweep saves calls and
 * repeated messages; losing it is harmless. Not thread-safe.
 *
 * <p>Two sweeps at once, in two environments, request together at most {@link
 * SweepPolicy#maxActions} stops. Both rank in the same order, so they choose the same, and stopping
 * twice is harmless; and what somebody stopped since a sweep began to list counts as one of its own
 * stops.
 */
public final class Sweep {

  private static final Duration MEMORY = Duration.ofHours(24);

  /** What is kept for findings and the notification, however long the reading takes. */
  private static final Duration RESERVE = Duration.ofSeconds(15);

  private final AthenaSparkReader athena;
  private final RateLimiter rateLimiter;
  private final Publisher publisher;
  private final InstantSource clock;
  private final SweepPolicy policy;
  private final Judge judge;
  private final SweepReader reader;

  private final Map<String, Instant> notified = new HashMap<>();
  private final Map<String, Instant> published = new HashMap<>();

  /**
   * @param rateLimiter which the view's calls go through
   */
  public Sweep(
      AthenaSparkReader athena,
      RateLimiter rateLimiter,
      Publisher publisher,
      InstantSource clock,
      SweepPolicy policy) {
    this.athena = athena;
    this.rateLimiter = rateLimiter;
    this.publisher = publisher;
    this.clock = clock;
    this.policy = policy;
    this.judge = new Judge(policy.mayTerminate());
    this.reader = new SweepReader(new InventoryReader(athena, clock, policy.scope()), judge);
  }

  /**
   * Sweeps once, and publishes its findings.
   *
   * @param deadline by which everything is done, the notification included
   * @throws AthenaSparkException if not even the workgroups could be listed
   */
  public SweepReport run(AccountRegion place, Deadline deadline) {
    rateLimiter.take();
    var startedAt = clock.instant();
    var reading = deadline.minus(RESERVE);
    var read = reader.new Run(place, reading);
    var failures = new ArrayList<>(read.failures);
    var judged = new ArrayList<Judged>();
    read.entries.forEach(entry -> judge(entry, judged));
    var exceeding = judged.stream().filter(it -> it.disposition() == Disposition.ORDERED).toList();
    judged.removeAll(exceeding);
    judged.addAll(publish(exceeding, read.stoppedMeanwhile, reading, deadline, failures));
    forget(startedAt.minus(MEMORY));
    return new SweepReport(
        place,
        policy,
        startedAt,
        Duration.between(startedAt, clock.instant()),
        read.workGroups,
        read.workGroupsDone,
        read.sessionsSeen(),
        read.calculationsSeen,
        read.stoppedMeanwhile,
        List.copyOf(judged),
        List.copyOf(read.invalidTags),
        List.copyOf(failures),
        rateLimiter.take(),
        new NewFindings(
            judged.stream().filter(it -> it.isNews() && !notified.containsKey(it.key())).toList(),
            read.invalidTags.stream()
                .filter(tag -> !notified.containsKey(tag.toString()))
                .toList()));
  }

  /** Remembers that people were notified, so that it is not new again for a day. */
  public void notified(SweepReport report) {
    var news = report.news();
    news.judged().forEach(it -> notified.put(it.key(), report.startedAt()));
    news.invalidTags().forEach(tag -> notified.put(tag.toString(), report.startedAt()));
  }

  private void forget(Instant longAgo) {
    published.values().removeIf(at -> at.isBefore(longAgo));
    notified.values().removeIf(at -> !at.isAfter(longAgo));
  }

  private void judge(Entry entry, List<Judged> judged) {
    var session = judge(entry.details(), entry.limits());
    judged.add(session);
    if (!(session.verdict() instanceof Exceeded)) {
      entry.calculations().forEach(it -> judged.add(judge(entry.details(it), entry.limits())));
    }
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

  /** Publishes as many findings as this sweep may, and returns what became of each. */
  private List<Judged> publish(
      List<Judged> exceeding,
      int stoppedMeanwhile,
      Deadline reading,
      Deadline deadline,
      List<Failure> failures) {
    var places = policy.maxActions() - stoppedMeanwhile;
    var isScarce = exceeding.size() > places;
    var results = new ArrayList<Judged>();
    var chosen = new ArrayList<Judged>();
    for (var it : ranked(exceeding)) {
      if (chosen.size() >= places) {
        results.add(it.with(Disposition.HELD_BACK));
      } else if (isScarce && !reading.hasPassed(clock.instant()) && hasEnded(it, reading)) {
        places--;
      } else {
        chosen.add(it);
      }
    }
    var expiresAt = clock.instant().plus(Finding.LIFETIME);
    var findings = chosen.stream().flatMap(it -> it.finding(policy, expiresAt)).toList();
    var refused =
        findings.isEmpty()
            ? Map.<String, String>of()
            : publisher.publish(findings, deadline).stream()
                .collect(Collectors.toMap(it -> it.finding().snapshot().id(), Refused::why));
    refused.forEach((id, why) -> failures.add(new Failure("order for " + id, why)));
    for (var it : chosen) {
      if (refused.containsKey(it.snapshot().id())) {
        results.add(it.with(Disposition.REFUSED));
      } else {
        published.put(it.snapshot().id(), clock.instant());
        results.add(it);
      }
    }
    return results;
  }

  /**
   * The costliest first. What was published already and is still there waits behind the rest, so
   * that something that cannot be stopped does not take the place of everything else forever.
   */
  private List<Judged> ranked(List<Judged> exceeding) {
    return exceeding.stream()
        .sorted(
            comparing((Judged it) -> published.getOrDefault(it.snapshot().id(), Instant.MIN))
                .thenComparing(Judged::dpuHours, reverseOrder())
                .thenComparing(it -> it.snapshot().id()))
        .toList();
  }

  /** Whether it has ended, or is about to, since it was judged. */
  private boolean hasEnded(Judged it, Deadline reading) {
    var calculation = it.snapshot().calculation();
    try {
      if (calculation == null) {
        return athena.session(it.session().id(), reading).state().isOver();
      }
      var read = athena.calculation(calculation.id(), reading);
      var now = new Snapshot(read, it.session(), null, List.of(), clock.instant());
      return now.isOver() || (now.isCanceling() && !it.snapshot().isCanceling());
    } catch (NotFoundException _) {
      return true;
    } catch (AthenaSparkException _) {
      return false;
    }
  }
}
