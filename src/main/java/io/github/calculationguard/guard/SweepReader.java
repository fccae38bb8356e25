package io.github.calculationguard.guard;

import io.github.calculationguard.guard.Inventory.Entry;
import io.github.calculationguard.guard.InventoryReader.Tagged;
import io.github.calculationguard.guard.Limits.InvalidTag;
import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.SweepReport.Failure;
import io.github.calculationguard.guard.Verdict.Exceeded;
import io.github.calculationguard.guard.Verdict.Ok;
import io.github.calculationguard.guard.Verdict.Warning;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.AthenaSparkView;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.CalculationState;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Executor;
import io.github.calculationguard.spark.Instants;
import io.github.calculationguard.spark.NotFoundException;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.spark.Snapshot;
import io.github.calculationguard.spark.WorkGroup;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Reads of each session as much as it takes to judge it: the lists alone where they rule out that a
 * limit is near, and else the details. What it remembers only saves calls. Not thread-safe.
 *
 * <p>A session's tags are read when it is first seen, at least every {@link #TAGS_VALID}, and
 * whenever a limit may be near. At five calls a second and a sweep every ten minutes that holds for
 * 3,000 sessions in 40 workgroups; in a larger account the tags that there was no time for are read
 * by the next sweep.
 */
final class SweepReader {

  static final Duration TAGS_VALID = Duration.ofMinutes(30);

  private static final Duration MEMORY = Duration.ofHours(24);
  private static final Duration SCHEDULE = Duration.ofMinutes(10);

  /** Athena's API allows no larger session. */
  private static final int MAX_DPUS = 5000;

  private static final CalculationId ANY = new CalculationId("any");
  private static final CalculationState RUNNING = new CalculationState("RUNNING");

  private final InventoryReader reader;
  private final AthenaSparkView athena;
  private final Judge judge;
  private final Map<SessionId, Known> known = new HashMap<>();
  private @Nullable String resumeAt;
  private @Nullable Instant lastStart;
  private Duration longest = Duration.ZERO;

  SweepReader(InventoryReader reader, Judge judge) {
    this.reader = reader;
    this.athena = reader.athena();
    this.judge = judge;
  }

  /** What earlier sweeps saw of a session. */
  private static final class Known {
    Instant seenAt = Instant.MIN;

    /** It never changes; absent until it was read. */
    @Nullable Integer maxDpus;

    /** No calculation that runs now was submitted before this; absent where nobody knows. */
    @Nullable Instant quietUntil;

    Map<String, String> tags = Map.of();
    Instant tagsValidUntil = Instant.MIN;
  }

  private record Listing(List<Session> sessions, Instant at) {}

  private Instant now() {
    return reader.clock().instant();
  }

  /** What one sweep read. */
  final class Run {
    final List<Entry> entries = new ArrayList<>();
    final Set<InvalidTag> invalidTags = new LinkedHashSet<>();
    final List<Failure> failures = new ArrayList<>();
    int workGroups;
    int workGroupsDone;
    int calculationsSeen;

    /** How many exceeded a limit and were stopped by somebody else since this sweep began. */
    int stoppedMeanwhile;

    private final AccountRegion place;
    private final Deadline deadline;
    private final Instant startedAt = now();
    private final Instant nextVisit;
    private final Set<SessionId> seen = new LinkedHashSet<>();
    private final Map<WorkGroup, Listing> listings = new HashMap<>();

    /**
     * @throws AthenaSparkException if not even the workgroups could be listed
     */
    Run(AccountRegion place, Deadline deadline) {
      this.place = place;
      this.deadline = deadline;
      var interval = lastStart == null ? SCHEDULE : Duration.between(lastStart, startedAt);
      this.nextVisit =
          startedAt.plus(interval.compareTo(SCHEDULE) < 0 ? SCHEDULE : interval).plus(longest);
      lastStart = startedAt;
      read();
      var took = Duration.between(startedAt, now());
      longest = took.compareTo(longest) > 0 ? took : longest;
      known.values().removeIf(it -> it.seenAt.isBefore(startedAt.minus(MEMORY)));
    }

    int sessionsSeen() {
      return listings.values().stream().mapToInt(it -> it.sessions().size()).sum();
    }

    private void read() {
      var groups = new ArrayList<>(reader.workGroups(deadline));
      groups.sort(Comparator.comparing(WorkGroup::name));
      Collections.rotate(groups, -first(groups));
      workGroups = groups.size();
      resumeAt = null;
      // Lists first: what another sweep stops from now on is missed, and so noticed.
      var listing = deadline.share(1.0 / 3, startedAt);
      groups.stream().takeWhile(_ -> !listing.hasPassed(now())).forEach(this::listing);
      for (var group : groups) {
        var visited = seen.size();
        if (!walk(group)) {
          // Behind it, or a workgroup that is too large for one sweep would keep it from the
          // others.
          var next = seen.size() > visited ? groups.indexOf(group) + 1 : groups.indexOf(group);
          resumeAt = groups.get(next % groups.size()).name();
          return;
        }
        workGroupsDone++;
      }
    }

    /** Behind where the last sweep ran out of time, or else at random. */
    private int first(List<WorkGroup> groups) {
      var resume = resumeAt;
      if (resume == null || groups.isEmpty()) {
        return random(groups.size());
      }
      return (int) groups.stream().filter(it -> it.name().compareTo(resume) < 0).count()
          % groups.size();
    }

    private int random(int bound) {
      return bound == 0 ? 0 : new SplittableRandom(startedAt.getEpochSecond()).nextInt(bound);
    }

    private void fail(String where, AthenaSparkException e) {
      failures.add(new Failure(where, e.getMessage()));
    }

    private Listing listing(WorkGroup group) {
      var listing = listings.get(group);
      if (listing == null) {
        var at = now();
        var sessions = List.<Session>of();
        try {
          sessions = athena.activeSessions(group, deadline);
        } catch (AthenaSparkException e) {
          fail("workgroup " + group.name(), e);
        }
        listing = new Listing(sessions, at);
        listings.put(group, listing);
      }
      return listing;
    }

    /** Whether there was time for the whole workgroup. */
    private boolean walk(WorkGroup group) {
      if (isOutOfTime()) {
        return false;
      }
      var listing = listing(group);
      if (listing.sessions().isEmpty()) {
        return !isOutOfTime();
      }
      var tagged = tagged(group);
      if (tagged == null || tagged.limits().mode() == Mode.OFF) {
        return tagged != null || !isOutOfTime();
      }
      var sessions = new ArrayList<>(listing.sessions());
      Collections.rotate(sessions, random(sessions.size()));
      for (var session : sessions) {
        if (isOutOfTime()) {
          return false;
        }
        // A session whose state changes between two lists is in both of them.
        if (seen.add(session.id())) {
          visit(session, place.arnOf(group, session.id()), tagged, listing.at());
        }
      }
      return true;
    }

    private boolean isOutOfTime() {
      return deadline.hasPassed(now());
    }

    private @Nullable Tagged tagged(WorkGroup group) {
      try {
        var arn = place.arnOf(group);
        var tagged = reader.tagged(arn, athena.tags(arn, deadline));
        invalidTags.addAll(tagged.limits().invalidTags());
        return tagged;
      } catch (AthenaSparkException e) {
        fail("workgroup " + group.name(), e);
        return null;
      }
    }

    private void visit(Session session, String arn, Tagged group, Instant listedAt) {
      var visit = new Visit(session, arn, group, listedAt);
      try {
        var entry = visit.read();
        entries.add(entry);
        invalidTags.addAll(entry.limits().invalidTags());
      } catch (NotFoundException _) {
        // It ended since it was listed.
        visit.count(new Snapshot(null, session, null, List.of(), visit.now));
      } catch (AthenaSparkException e) {
        fail("session " + session.id(), e);
      }
    }

    /** Reads one session. */
    private final class Visit {
      private final Instant now = now();
      private final String arn;
      private final Tagged group;
      private final Session listed;
      private final Known it;
      private Session session;
      private Tagged tagged;
      private boolean hasFreshTags;
      private boolean isDescribed;
      private @Nullable List<Executor> executors;

      Visit(Session listed, String arn, Tagged group, Instant listedAt) {
        this.listed = listed;
        this.arn = arn;
        this.group = group;
        this.session = listed.idleSinceLastOf(List.of());
        this.tagged = group;
        var isNew = !known.containsKey(listed.id());
        it = known.computeIfAbsent(listed.id(), _ -> new Known());
        it.seenAt = listedAt;
        if (isNew || listed.state().isIdle()) {
          it.quietUntil = listed.state().isIdle() ? listedAt : listed.startedAt();
        }
      }

      Entry read() {
        readTags(!it.tagsValidUntil.isAfter(nextVisit));
        if (mayExceed() && it.maxDpus == null && tagged.limits().countsDpuHours()) {
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
          var isFirst = it.tagsValidUntil.equals(Instant.MIN);
          var early =
              isFirst ? (listed.id().hashCode() * 0x9E3779B9 >>> 8) / (double) (1 << 24) : 0;
          var spread = TAGS_VALID.minus(SCHEDULE).toMillis();
          it.tags = athena.tags(arn, deadline);
          it.tagsValidUntil = now.plus(TAGS_VALID).minusMillis(Math.round(early * spread));
          hasFreshTags = true;
        }
        tagged = reader.tagged(group, arn, it.tags, session.startedAt(), now);
      }

      /** Whether the session or anything in it may be near a limit, as far as is known by now. */
      private boolean mayExceed() {
        return isSuspicious(worst(null))
            || (!session.state().isIdle() && isSuspicious(worst(any(it.quietUntil))));
      }

      private boolean isSuspicious(Snapshot snapshot) {
        return !(judge.judge(snapshot, tagged.limits()) instanceof Ok);
      }

      private void describe() {
        if (isDescribed) {
          return;
        }
        isDescribed = true;
        var described = athena.session(session.id(), deadline);
        it.maxDpus = described.maxDpus();
        if (described.state().isOver()) {
          count(new Snapshot(null, session, null, List.of(), now));
        }
        session =
            described.lacksIdleSince() && described.supportsCalculations()
                ? described.idleSinceLastOf(ended(described))
                : described.idleSinceLastOf(List.of());
      }

      private List<Calculation> ended(Session described) {
        var since = Objects.requireNonNullElse(described.startedAt(), Instants.FIRST);
        return athena.calculations(described.id(), since, deadline);
      }

      private void readCalculations(List<Calculation> calculations) {
        if (!session.supportsCalculations()) {
          return;
        }
        var asked = now();
        List<Calculation> all;
        try {
          all = athena.calculations(session.id(), startedAt, deadline);
        } catch (AthenaSparkException e) {
          fail("calculations of session " + session.id(), e);
          return;
        }
        var active = all.stream().filter(c -> !c.state().isOver()).toList();
        calculationsSeen += active.size();
        // The newest come first.
        it.quietUntil = active.isEmpty() ? asked : active.getLast().submittedAt();
        for (var calculation : all) {
          try {
            var read = read(calculation);
            if (read.state().isOver()) {
              count(snapshot(read));
            } else {
              calculations.add(read);
            }
          } catch (NotFoundException _) {
            // It ended since it was listed.
          } catch (AthenaSparkException e) {
            fail("calculation " + calculation.id(), e);
          }
        }
      }

      private Calculation read(Calculation calculation) {
        if (!isSuspicious(worst(any(calculation.submittedAt())))) {
          return calculation;
        }
        describe();
        var read = athena.calculation(calculation.id(), deadline);
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
            executors = athena.executors(session.id(), deadline);
          } catch (AthenaSparkException e) {
            fail("executors of session " + session.id(), e);
          }
        }
      }

      /** Counts what ended while it exceeded a limit, unless it completed by itself. */
      void count(Snapshot ended) {
        var calculation = ended.calculation();
        var completed = calculation != null && calculation.state().name().equals("COMPLETED");
        if (!completed && judge.exceeded(ended, tagged.limits()).isPresent()) {
          stoppedMeanwhile++;
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
                it.maxDpus == null ? Integer.valueOf(MAX_DPUS) : it.maxDpus,
                session.dpuTime());
        return new Snapshot(calculation, largest, null, List.of(), now);
      }
    }
  }
}
