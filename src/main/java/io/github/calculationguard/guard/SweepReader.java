package io.github.calculationguard.guard;

import io.github.calculationguard.guard.Inventory.Entry;
import io.github.calculationguard.guard.InventoryReader.Tagged;
import io.github.calculationguard.guard.Limits.InvalidTag;
import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.SweepReport.Failure;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.AthenaSparkException.NotFoundException;
import io.github.calculationguard.spark.AthenaSparkReader;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.spark.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
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
  static final Duration SCHEDULE = Duration.ofMinutes(10);

  private final InventoryReader reader;
  private final AthenaSparkReader athena;
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
  static final class Known {
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
    final Deadline deadline;
    final Instant startedAt = now();

    /** By when the next sweep has visited every session again. */
    final Instant nextVisit;

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

    void fail(String where, AthenaSparkException e) {
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
      var isNew = !known.containsKey(session.id());
      var it = known.computeIfAbsent(session.id(), _ -> new Known());
      it.seenAt = listedAt;
      if (isNew || session.state().isIdle()) {
        it.quietUntil = session.state().isIdle() ? listedAt : session.startedAt();
      }
      var visit = new SessionReader(this, reader, judge, session, arn, group, it);
      try {
        var entry = visit.read();
        entries.add(entry);
        invalidTags.addAll(entry.limits().invalidTags());
      } catch (NotFoundException _) {
        // It ended since it was listed.
        visit.countIfStopped(new Snapshot(null, session, null, List.of(), listedAt));
      } catch (AthenaSparkException e) {
        fail("session " + session.id(), e);
      }
    }
  }
}
