package io.github.calculationguard.guard;

import static java.util.Comparator.comparing;

import module java.base;

import io.github.calculationguard.guard.Inventory.Entry;
import io.github.calculationguard.guard.InventoryReader.EffectiveTags;
import io.github.calculationguard.guard.Verdict.*;
import io.github.calculationguard.spark.*;
import io.github.calculationguard.spark.AthenaSparkException.NotFoundException;
import io.github.calculationguard.spark.Session.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Reads one session for a sweep: the list alone where that rules out that a limit is near, and else
 * its details. What is not known counts as large and old as it can be. Its tags are read when it is
 * first seen, at least every {@link #TAGS_VALID}, and whenever a limit may be near; {@code
 * docs/limits-and-exemptions.md} says in how large an account that holds.
 */
final class SessionReader {

  static final Duration TAGS_VALID = Duration.ofMinutes(30);

  private static final CalculationId ANY = new CalculationId("any");
  private static final CalculationState RUNNING = new CalculationState("RUNNING");

  /** What earlier sweeps saw of a session. */
  static final class Known {

    /** By the last visit, then by when the tags are due. */
    static final Comparator<Known> LONGEST_AGO =
        comparing((Known it) -> it.seenAt).thenComparing(it -> it.tagsValidUntil);

    Instant seenAt = Instant.MIN;

    /** It never changes; absent until it was read. */
    private @Nullable Integer maxDpus;

    /** No calculation that runs now was submitted before this; absent where nobody knows. */
    private @Nullable Instant earliestSubmission;

    private Map<String, String> tags = Map.of();
    private Instant tagsValidUntil = Instant.MIN;
  }

  private final SweepReader sweep;
  private final Instant now;
  private final EffectiveTags groupTags;
  private final Known known;
  private Session session;
  private EffectiveTags tags;
  private List<Executor> executors = List.of();
  private boolean hasFreshTags;
  private boolean isDescribed;
  private boolean hasExecutors;
  private boolean isCounted;

  SessionReader(SweepReader sweep, Session listed, EffectiveTags groupTags, Known known) {
    this.sweep = sweep;
    this.now = sweep.now();
    this.groupTags = groupTags;
    this.known = known;
    session = listed.idleSinceLastOf(List.of());
    tags = groupTags;
    if (listed.state().isIdle()) {
      known.earliestSubmission = sweep.startedAt;
    } else if (known.seenAt.equals(Instant.MIN)) {
      known.earliestSubmission = listed.startedAt();
    }
    known.seenAt = sweep.startedAt;
  }

  /** The session with what runs in it; empty if it ended since it was listed. */
  Optional<Entry> read() {
    try {
      readTags(sweep.mayReadTags(known.tagsValidUntil));
      if (mayBeNearLimit() && known.maxDpus == null && tags.limits().countsDpuHours()) {
        describe();
      }
      var calculations = mayBeNearLimit() ? readInDepth() : List.<Calculation>of();
      return Optional.of(new Entry(snapshot(null), calculations, tags.limits()))
          .filter(it -> !it.session().state().hasEnded());
    } catch (NotFoundException _) {
      countIfStopped(null);
      return Optional.empty();
    }
  }

  private List<Calculation> readInDepth() {
    readTags(true);
    if (mayBeNearLimit(null)) {
      describe();
    }
    readExecutors(null);
    // Whatever runs in a session that is to be terminated ends with it.
    var isExceeded = judge(snapshot(null)) instanceof Exceeded;
    var state = session.state();
    return isExceeded || state.isIdle() || state.hasEnded() || !session.supportsCalculations()
        ? List.of()
        : readCalculations();
  }

  private void readTags(boolean isDue) {
    if (isDue && !hasFreshTags) {
      var arn = sweep.place.arnOf(session);
      // Some of those that were first read together are read early the next time, so that they
      // are not all due in the same sweep ever after.
      var isFirst = known.tagsValidUntil.equals(Instant.MIN);
      var spread = TAGS_VALID.minus(SweepReader.ASSUMED_INTERVAL).toMillis();
      var early = isFirst ? new SplittableRandom(arn.hashCode()).nextLong(spread) : 0;
      known.tags = sweep.tags(arn);
      known.tagsValidUntil = now.plus(TAGS_VALID).minusMillis(early);
      hasFreshTags = true;
    }
    tags = sweep.effectiveTags(session, known.tags, groupTags, now);
  }

  private void describe() {
    if (isDescribed) {
      return;
    }
    isDescribed = true;
    var described = sweep.athena.session(session.id(), sweep.deadline);
    known.maxDpus = described.maxDpus();
    if (described.state().hasEnded()) {
      countIfStopped(null);
    }
    var isUnclear = described.lacksIdleSince() && described.supportsCalculations();
    var ended = isUnclear ? calculations(orFirst(described.startedAt())) : List.<Calculation>of();
    session = described.idleSinceLastOf(ended);
  }

  private List<Calculation> calculations(Instant endedSince) {
    var listed = sweep.athena.calculations(session.id(), endedSince, sweep.deadline);
    sweep.rememberCanceled(session.id(), listed);
    return listed.calculations();
  }

  private List<Calculation> readCalculations() {
    var askedAt = sweep.now();
    var listed =
        sweep.read("calculations of session", session.id(), () -> calculations(sweep.startedAt));
    if (listed.isEmpty()) {
      return List.of();
    }
    var active = listed.get().stream().filter(it -> !it.state().hasEnded()).toList();
    // The newest come first.
    known.earliestSubmission = active.isEmpty() ? askedAt : active.getLast().submittedAt();
    return listed.get().stream()
        .flatMap(it -> sweep.read("calculation", it.id(), () -> read(it)).stream())
        .flatMap(Optional::stream)
        .toList();
  }

  /** The calculation, in depth if it may exceed a limit; empty if it has ended. */
  private Optional<Calculation> read(Calculation listed) {
    var calculation = listed;
    if (mayBeNearLimit(runningSince(listed.submittedAt()))) {
      try {
        describe();
        calculation = sweep.athena.calculation(listed.id(), sweep.deadline);
      } catch (NotFoundException _) {
        // It ended since it was listed.
        return Optional.empty();
      }
      readExecutors(calculation);
    }
    if (calculation.state().hasEnded()) {
      countIfStopped(calculation);
      return Optional.empty();
    }
    return Optional.of(calculation);
  }

  /** Reads the nodes where they may change the verdict, or give its reader the real cost. */
  private void readExecutors(@Nullable Calculation calculation) {
    var verdict = judge(atMost(calculation));
    var matters =
        verdict instanceof Exceeded
            || (verdict instanceof Warning warning && warning.usage().isUpperBound());
    if (matters && !hasExecutors) {
      hasExecutors = true;
      var id = session.id();
      sweep
          .read("executors of session", id, () -> sweep.athena.executors(id, sweep.deadline))
          .ifPresent(it -> executors = it);
    }
  }

  /**
   * Counts what ended while it exceeded a limit, unless it completed by itself, or its session was
   * counted.
   */
  private void countIfStopped(@Nullable Calculation ended) {
    var completed = ended != null && ended.state().isCompleted();
    var isExceeded = sweep.judge.exceeded(snapshot(ended), tags.limits()).isPresent();
    if (isExceeded && !completed && !isCounted) {
      sweep.stoppedMeanwhile++;
      isCounted = ended == null;
    }
  }

  /** Whether the session or anything in it may be near a limit. */
  private boolean mayBeNearLimit() {
    return mayBeNearLimit(null)
        || (!session.state().isIdle() && mayBeNearLimit(runningSince(known.earliestSubmission)));
  }

  private boolean mayBeNearLimit(@Nullable Calculation calculation) {
    return !(judge(atMost(calculation)) instanceof Ok);
  }

  private Verdict judge(Snapshot snapshot) {
    return sweep.judge.judge(snapshot, tags.limits());
  }

  private Snapshot snapshot(@Nullable Calculation calculation) {
    return new Snapshot(calculation, session, tags.owner(), executors, now);
  }

  /** The calculation, or else the session, if it is as old and as large as it can be. */
  private Snapshot atMost(@Nullable Calculation calculation) {
    var s = session;
    var max = Objects.requireNonNullElse(known.maxDpus, Session.MAX_DPUS);
    var start = orFirst(s.startedAt());
    var largest =
        new Session(
            s.id(), "", s.state(), null, null, start, s.idleSince(), null, max, s.dpuTime(), null);
    return new Snapshot(calculation, largest, null, List.of(), now);
  }

  private Calculation runningSince(@Nullable Instant submittedAt) {
    var since = orFirst(submittedAt);
    return new Calculation(
        ANY, session.id(), RUNNING, null, since, null, null, Calculation.NO_OUTPUT);
  }

  private static Instant orFirst(@Nullable Instant instant) {
    return Objects.requireNonNullElse(instant, Instants.FIRST);
  }
}
