package io.github.calculationguard.guard;

import module java.base;

import io.github.calculationguard.guard.Inventory.Entry;
import io.github.calculationguard.guard.Inventory.Tagged;
import io.github.calculationguard.guard.Limits.InvalidTag;
import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.SweepReport.Failure;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.AthenaSparkException.NotFoundException;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.SessionId;
import org.jspecify.annotations.Nullable;

/** Reads for one sweep, workgroup by workgroup, until everything is read or time runs out. */
final class SweepReader {

  static final Duration SCHEDULE = Duration.ofMinutes(10);

  /** What sweeps remember. It only saves calls. */
  static final class Cache {
    private final Map<SessionId, SessionReader.Cached> sessions = new HashMap<>();
    private @Nullable String resumeAt;
    private Instant lastStart = Instant.MAX;
    private Duration longest = Duration.ZERO;
  }

  final List<Entry> entries = new ArrayList<>();
  final Set<InvalidTag> invalidTags = new LinkedHashSet<>();
  final List<Failure> failures = new ArrayList<>();
  int workGroups;
  int workGroupsDone;
  int calculationsSeen;

  /** How many exceeded a limit and were stopped by somebody else since this sweep began. */
  int stoppedMeanwhile;

  final Inventory.Reader reader;
  final Judge judge;
  final Deadline deadline;
  final Instant startedAt;

  /** By when the next sweep has visited every session again. */
  final Instant nextVisit;

  private final Cache cache;
  private final AccountRegion place;
  private final Map<WorkGroup, List<Session>> listed = new HashMap<>();
  private final Set<SessionId> seen = new HashSet<>();

  /**
   * @throws AthenaSparkException if not even the workgroups could be listed
   */
  SweepReader(
      Inventory.Reader reader, Judge judge, Cache cache, AccountRegion place, Deadline deadline) {
    this.reader = reader;
    this.judge = judge;
    this.cache = cache;
    this.place = place;
    this.deadline = deadline;
    startedAt = now();
    var interval = longer(SCHEDULE, Duration.between(cache.lastStart, startedAt));
    nextVisit = startedAt.plus(interval).plus(cache.longest);
    cache.lastStart = startedAt;
    read();
    cache.longest = longer(cache.longest, Duration.between(startedAt, now()));
    cache.sessions.values().removeIf(it -> it.seenAt.isBefore(startedAt.minus(Sweep.MEMORY)));
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  Instant now() {
    return reader.clock().instant();
  }

  int sessionsSeen() {
    return listed.values().stream().mapToInt(List::size).sum();
  }

  private boolean isOutOfTime() {
    return deadline.hasPassed(now());
  }

  private void read() {
    var groups = new ArrayList<>(reader.workGroups(deadline));
    groups.sort(Comparator.comparing(WorkGroup::name));
    // Begins where the last sweep ran out of time, or else at random.
    var resumeAt = cache.resumeAt;
    var first =
        groups.stream().takeWhile(it -> resumeAt != null && it.name().compareTo(resumeAt) < 0);
    Collections.rotate(groups, resumeAt == null ? random() : (int) -first.count());
    workGroups = groups.size();
    cache.resumeAt = null;
    // Lists first: what another sweep stops from now on is missed, and so noticed.
    var listing = deadline.fraction(1.0 / 3, startedAt);
    groups.stream()
        .takeWhile(_ -> !listing.hasPassed(now()))
        .forEach(it -> listed.computeIfAbsent(it, this::list));
    for (var group : groups) {
      var visited = seen.size();
      if (!visit(group)) {
        // Behind it, or a workgroup too large for one sweep would keep it from the others.
        var next = groups.indexOf(group) + (seen.size() > visited ? 1 : 0);
        cache.resumeAt = groups.get(next % workGroups).name();
        break;
      }
      workGroupsDone++;
    }
  }

  private int random() {
    return new SplittableRandom(startedAt.getEpochSecond()).nextInt();
  }

  private List<Session> list(WorkGroup group) {
    var sessions = new ArrayList<Session>();
    var what = "workgroup " + group.name();
    read(what, () -> sessions.addAll(reader.athena().activeSessions(group, deadline)));
    return sessions;
  }

  /** Returns whether there was time for the whole workgroup. */
  private boolean visit(WorkGroup group) {
    if (isOutOfTime()) {
      return false;
    }
    var sessions = listed.computeIfAbsent(group, this::list);
    if (sessions.isEmpty()) {
      return !isOutOfTime();
    }
    var arn = place.arnOf(group);
    Tagged tagged;
    try {
      tagged = reader.scope().tagged(arn, reader.athena().tags(arn, deadline));
    } catch (AthenaSparkException e) {
      failures.add(new Failure("workgroup " + group.name(), e.getMessage()));
      return !isOutOfTime();
    }
    invalidTags.addAll(tagged.limits().invalidTags());
    if (tagged.limits().mode() == Mode.OFF) {
      return true;
    }
    Collections.rotate(sessions, random());
    for (var session : sessions) {
      if (isOutOfTime()) {
        return false;
      }
      // A session whose state changes between two lists is in both of them.
      if (seen.add(session.id())) {
        visit(session, place.arnOf(group, session.id()), tagged);
      }
    }
    return true;
  }

  private void visit(Session session, String arn, Tagged group) {
    var cached = cache.sessions.computeIfAbsent(session.id(), _ -> new SessionReader.Cached());
    var visit = new SessionReader(this, session, arn, group, cached);
    read(
        "session " + session.id(),
        () -> {
          try {
            var entry = visit.read();
            entries.add(entry);
            invalidTags.addAll(entry.limits().invalidTags());
          } catch (NotFoundException _) {
            // It ended since it was listed.
            visit.countIfStopped(null);
          }
        });
  }

  /** What cannot be read is a failure of its own: the rest of the sweep goes on. */
  void read(String what, Runnable reading) {
    try {
      reading.run();
    } catch (AthenaSparkException e) {
      failures.add(new Failure(what, e.getMessage()));
    }
  }
}
