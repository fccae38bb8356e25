package io.github.calculationguard.guard;

import io.github.calculationguard.guard.Inventory.Entry;
import io.github.calculationguard.guard.InventoryReader.Tagged;
import io.github.calculationguard.guard.SweepReader.Known;
import io.github.calculationguard.guard.Verdict.Exceeded;
import io.github.calculationguard.guard.Verdict.Ok;
import io.github.calculationguard.guard.Verdict.Warning;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.AthenaSparkException.NotFoundException;
import io.github.calculationguard.spark.AthenaSparkReader;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.CalculationState;
import io.github.calculationguard.spark.Instants;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Session.Executor;
import io.github.calculationguard.spark.Snapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads one session for a sweep: the list alone where that rules out that a limit is near, and else
 * its details. What is not known counts as large and old as it can be.
 */
final class SessionReader {

  /** Athena's API allows no larger session. */
  private static final int MAX_DPUS = 5000;

  private static final CalculationId ANY = new CalculationId("any");
  private static final CalculationState RUNNING = new CalculationState("RUNNING");

  private final SweepReader.Run run;
  private final InventoryReader reader;
  private final AthenaSparkReader athena;
  private final Judge judge;
  private final Instant now;
  private final String arn;
  private final Tagged group;
  private final Session listed;
  private final Known known;
  private Session session;
  private Tagged tagged;
  private boolean hasFreshTags;
  private boolean isDescribed;
  private @Nullable List<Executor> executors;

  SessionReader(
      SweepReader.Run run,
      InventoryReader reader,
      Judge judge,
      Session listed,
      String arn,
      Tagged group,
      Known known) {
    this.run = run;
    this.reader = reader;
    this.athena = reader.athena();
    this.judge = judge;
    this.now = reader.clock().instant();
    this.listed = listed;
    this.arn = arn;
    this.group = group;
    this.known = known;
    this.session = listed.idleSinceLastOf(List.of());
    this.tagged = group;
  }

  Entry read() {
    readTags(!known.tagsValidUntil.isAfter(run.nextVisit));
    if (mayExceed() && known.maxDpus == null && tagged.limits().countsDpuHours()) {
      describe();
    }
    var calculations = new ArrayList<Calculation>();
    if (mayExceed()) {
      readTags(true);
      if (isSuspicious(worst(null))) {
        describe();
      }
      readExecutors(null);
      var verdict = judge.judge(snapshot(null), tagged.limits());
      // Whatever runs in a session that is to be terminated ends with it.
      if (!(verdict instanceof Exceeded) && !session.state().isIdle()) {
        readCalculations(calculations);
      }
    }
    var nodes = Objects.requireNonNullElse(executors, List.<Executor>of());
    return new Entry(session, calculations, nodes, tagged.owner(), tagged.limits(), now);
  }

  private void readTags(boolean isDue) {
    if (isDue && !hasFreshTags) {
      // Some of those that were first read together are read early the next time, so that they
      // are not all due in the same sweep ever after.
      var isFirst = known.tagsValidUntil.equals(Instant.MIN);
      var early = isFirst ? ((listed.id().hashCode() * 0x9E3779B9) >>> 8) / (double) (1 << 24) : 0;
      var spread = SweepReader.TAGS_VALID.minus(SweepReader.SCHEDULE).toMillis();
      known.tags = athena.tags(arn, run.deadline);
      known.tagsValidUntil =
          now.plus(SweepReader.TAGS_VALID).minusMillis(Math.round(early * spread));
      hasFreshTags = true;
    }
    tagged = reader.tagged(group, arn, known.tags, session.startedAt(), now);
  }

  /** Whether the session or anything in it may be near a limit, as far as is known by now. */
  private boolean mayExceed() {
    return isSuspicious(worst(null))
        || (!session.state().isIdle() && isSuspicious(worst(any(known.quietUntil))));
  }

  private boolean isSuspicious(Snapshot snapshot) {
    return !(judge.judge(snapshot, tagged.limits()) instanceof Ok);
  }

  private void describe() {
    if (isDescribed) {
      return;
    }
    isDescribed = true;
    var described = athena.session(session.id(), run.deadline);
    known.maxDpus = described.maxDpus();
    if (described.state().isOver()) {
      countIfStopped(new Snapshot(null, session, null, List.of(), now));
    }
    session =
        described.lacksIdleSince() && described.supportsCalculations()
            ? described.idleSinceLastOf(ended(described))
            : described.idleSinceLastOf(List.of());
  }

  private List<Calculation> ended(Session described) {
    var since = Objects.requireNonNullElse(described.startedAt(), Instants.FIRST);
    return athena.calculations(described.id(), since, run.deadline).calculations();
  }

  private void readCalculations(List<Calculation> calculations) {
    if (!session.supportsCalculations()) {
      return;
    }
    var asked = reader.clock().instant();
    List<Calculation> all;
    try {
      all = athena.calculations(session.id(), run.startedAt, run.deadline).calculations();
    } catch (AthenaSparkException e) {
      run.fail("calculations of session " + session.id(), e);
      return;
    }
    var active = all.stream().filter(c -> !c.state().isOver()).toList();
    run.calculationsSeen += active.size();
    // The newest come first.
    known.quietUntil = active.isEmpty() ? asked : active.getLast().submittedAt();
    for (var calculation : all) {
      try {
        var read = read(calculation);
        if (read.state().isOver()) {
          countIfStopped(snapshot(read));
        } else {
          calculations.add(read);
        }
      } catch (NotFoundException _) {
        // It ended since it was listed.
      } catch (AthenaSparkException e) {
        run.fail("calculation " + calculation.id(), e);
      }
    }
  }

  private Calculation read(Calculation calculation) {
    if (!isSuspicious(worst(any(calculation.submittedAt())))) {
      return calculation;
    }
    describe();
    var read = athena.calculation(calculation.id(), run.deadline);
    readExecutors(read);
    return read;
  }

  /** Reads the nodes where they may change the verdict, or give its reader the real cost. */
  private void readExecutors(@Nullable Calculation calculation) {
    var matters =
        switch (judge.judge(worst(calculation), tagged.limits())) {
          case Exceeded _ -> true;
          case Warning warning -> warning.usage().isUpperBound();
          case Ok _ -> false;
        };
    if (matters && executors == null) {
      executors = List.of();
      try {
        executors = athena.executors(session.id(), run.deadline);
      } catch (AthenaSparkException e) {
        run.fail("executors of session " + session.id(), e);
      }
    }
  }

  /** Counts what ended while it exceeded a limit, unless it completed by itself. */
  void countIfStopped(Snapshot ended) {
    var calculation = ended.calculation();
    var completed = calculation != null && calculation.state().name().equals("COMPLETED");
    if (!completed && judge.exceeded(ended, tagged.limits()).isPresent()) {
      run.stoppedMeanwhile++;
    }
  }

  private Snapshot snapshot(@Nullable Calculation calculation) {
    var nodes = Objects.requireNonNullElse(executors, List.<Executor>of());
    return new Snapshot(calculation, session, tagged.owner(), nodes, now);
  }

  /** A calculation that has run since then. */
  private Calculation any(@Nullable Instant submittedAt) {
    var since = Objects.requireNonNullElse(submittedAt, Instants.FIRST);
    return new Calculation(ANY, session.id(), RUNNING, null, null, since, null, null);
  }

  /** The calculation, or else the session, if it is as old and as large as it can be. */
  private Snapshot worst(@Nullable Calculation calculation) {
    var largest =
        new Session(
            session.id(),
            session.workGroup(),
            session.state(),
            null,
            null,
            Objects.requireNonNullElse(session.startedAt(), Instants.FIRST),
            session.idleSince(),
            null,
            known.maxDpus == null ? Integer.valueOf(MAX_DPUS) : known.maxDpus,
            session.dpuTime());
    return new Snapshot(calculation, largest, null, List.of(), now);
  }
}
