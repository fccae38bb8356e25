package io.github.calculationguard.guard;

import module java.base;

import io.github.calculationguard.guard.Inventory.Entry;
import io.github.calculationguard.guard.Inventory.Tagged;
import io.github.calculationguard.guard.Verdict.Exceeded;
import io.github.calculationguard.guard.Verdict.Ok;
import io.github.calculationguard.guard.Verdict.Warning;
import io.github.calculationguard.spark.AthenaSparkException.NotFoundException;
import io.github.calculationguard.spark.AthenaSparkReader;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.CalculationState;
import io.github.calculationguard.spark.Instants;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Session.Executor;
import io.github.calculationguard.spark.Snapshot;
import org.jspecify.annotations.Nullable;

/**
 * Reads one session for a sweep: the list alone where that rules out that a limit is near, and else
 * its details. What is not known counts as large and old as it can be.
 *
 * <p>A session's tags are read when it is first seen, at least every {@link #TAGS_VALID}, and
 * whenever a limit may be near. At five calls a second and a sweep every ten minutes that holds for
 * 3,000 sessions in 40 workgroups. In a larger account the next sweep reads the remaining tags.
 */
final class SessionReader {

  static final Duration TAGS_VALID = Duration.ofMinutes(30);

  /** Athena's API allows no larger session. */
  private static final int MAX_DPUS = 5000;

  private static final CalculationId ANY = new CalculationId("any");
  private static final CalculationState RUNNING = new CalculationState("RUNNING");

  /** What earlier sweeps saw of a session. */
  static final class Cached {
    Instant seenAt = Instant.MIN;

    /** It never changes; absent until it was read. */
    private @Nullable Integer maxDpus;

    /** No calculation that runs now was submitted before this; absent where nobody knows. */
    private @Nullable Instant quietUntil;

    private Map<String, String> tags = Map.of();
    private Instant tagsValidUntil = Instant.MIN;
  }

  private final SweepReader run;
  private final AthenaSparkReader athena;
  private final Instant now;
  private final Tagged group;
  private final String arn;
  private final Cached cached;
  private Session session;
  private Tagged tagged;
  private boolean hasFreshTags;
  private boolean isDescribed;
  private List<Executor> executors = List.of();
  private boolean hasExecutors;

  SessionReader(SweepReader run, Session listed, String arn, Tagged group, Cached cached) {
    this.run = run;
    this.athena = run.reader.athena();
    this.now = run.now();
    this.group = group;
    this.arn = arn;
    this.cached = cached;
    session = listed.idleSinceLastOf(List.of());
    tagged = group;
    if (listed.state().isIdle()) {
      cached.quietUntil = run.startedAt;
    } else if (cached.seenAt.equals(Instant.MIN)) {
      cached.quietUntil = listed.startedAt();
    }
    cached.seenAt = run.startedAt;
  }

  Entry read() {
    readTags(!cached.tagsValidUntil.isAfter(run.nextVisit));
    if (mayExceed() && cached.maxDpus == null && tagged.limits().countsDpuHours()) {
      describe();
    }
    var calculations = new ArrayList<Calculation>();
    if (mayExceed()) {
      readTags(true);
      if (isSuspicious(worst(null))) {
        describe();
      }
      readExecutors(null);
      // Whatever runs in a session that is to be terminated ends with it.
      if (!(judge(snapshot(null)) instanceof Exceeded) && !session.state().isIdle()) {
        readCalculations(calculations);
      }
    }
    return new Entry(session, calculations, executors, tagged.owner(), tagged.limits(), now);
  }

  private void readTags(boolean isDue) {
    if (isDue && !hasFreshTags) {
      // Some of those that were first read together are read early the next time, so that they
      // are not all due in the same sweep ever after.
      var isFirst = cached.tagsValidUntil.equals(Instant.MIN);
      var spread = TAGS_VALID.minus(SweepReader.SCHEDULE).toMillis();
      var early = isFirst ? new SplittableRandom(arn.hashCode()).nextLong(spread) : 0;
      cached.tags = athena.tags(arn, run.deadline);
      cached.tagsValidUntil = now.plus(TAGS_VALID).minusMillis(early);
      hasFreshTags = true;
    }
    tagged = run.reader.scope().tagged(group, arn, cached.tags, session.startedAt(), now);
  }

  /** Whether the session or anything in it may be near a limit. */
  private boolean mayExceed() {
    return isSuspicious(worst(null))
        || (!session.state().isIdle() && isSuspicious(worst(any(cached.quietUntil))));
  }

  private boolean isSuspicious(Snapshot snapshot) {
    return !(judge(snapshot) instanceof Ok);
  }

  private Verdict judge(Snapshot snapshot) {
    return run.judge.judge(snapshot, tagged.limits());
  }

  private void describe() {
    if (isDescribed) {
      return;
    }
    isDescribed = true;
    var described = athena.session(session.id(), run.deadline);
    cached.maxDpus = described.maxDpus();
    if (described.state().isOver()) {
      countIfStopped(null);
    }
    var isUnclear = described.lacksIdleSince() && described.supportsCalculations();
    var ended = isUnclear ? calculations(orFirst(described.startedAt())) : List.<Calculation>of();
    session = described.idleSinceLastOf(ended);
  }

  private List<Calculation> calculations(Instant endedSince) {
    return athena.calculations(session.id(), endedSince, run.deadline).calculations();
  }

  private void readCalculations(List<Calculation> calculations) {
    if (!session.supportsCalculations()) {
      return;
    }
    var askedAt = run.now();
    run.read(
        "calculations of session " + session.id(),
        () -> {
          var all = calculations(run.startedAt);
          var active = all.stream().filter(it -> !it.state().isOver()).toList();
          run.calculationsSeen += active.size();
          // The newest come first.
          cached.quietUntil = active.isEmpty() ? askedAt : active.getLast().submittedAt();
          all.forEach(it -> run.read("calculation " + it.id(), () -> read(it, calculations)));
        });
  }

  private void read(Calculation listed, List<Calculation> calculations) {
    var calculation = listed;
    if (isSuspicious(worst(any(listed.submittedAt())))) {
      try {
        describe();
        calculation = athena.calculation(listed.id(), run.deadline);
      } catch (NotFoundException _) {
        // It ended since it was listed.
        return;
      }
      readExecutors(calculation);
    }
    if (calculation.state().isOver()) {
      countIfStopped(calculation);
    } else {
      calculations.add(calculation);
    }
  }

  /** Reads the nodes where they may change the verdict, or give its reader the real cost. */
  private void readExecutors(@Nullable Calculation calculation) {
    var verdict = judge(worst(calculation));
    var matters =
        verdict instanceof Exceeded
            || (verdict instanceof Warning warning && warning.usage().isUpperBound());
    if (matters && !hasExecutors) {
      hasExecutors = true;
      run.read(
          "executors of session " + session.id(),
          () -> executors = athena.executors(session.id(), run.deadline));
    }
  }

  /** Counts what ended while it exceeded a limit, unless it completed by itself. */
  void countIfStopped(@Nullable Calculation ended) {
    var completed = ended != null && ended.state().isCompleted();
    if (!completed && run.judge.exceeded(snapshot(ended), tagged.limits()).isPresent()) {
      run.stoppedMeanwhile++;
    }
  }

  private Snapshot snapshot(@Nullable Calculation calculation) {
    return new Snapshot(calculation, session, tagged.owner(), executors, now);
  }

  private static Instant orFirst(@Nullable Instant instant) {
    return Objects.requireNonNullElse(instant, Instants.FIRST);
  }

  /** A calculation that has run since then. */
  private Calculation any(@Nullable Instant submittedAt) {
    var since = orFirst(submittedAt);
    return new Calculation(ANY, session.id(), RUNNING, null, since, null, null);
  }

  /** The calculation, or else the session, if it is as old and as large as it can be. */
  private Snapshot worst(@Nullable Calculation calculation) {
    var s = session;
    var max = Objects.requireNonNullElse(cached.maxDpus, MAX_DPUS);
    var start = orFirst(s.startedAt());
    var worst =
        new Session(
            s.id(), "", s.state(), null, null, start, s.idleSince(), null, max, s.dpuTime());
    return new Snapshot(calculation, worst, null, List.of(), now);
  }
}
