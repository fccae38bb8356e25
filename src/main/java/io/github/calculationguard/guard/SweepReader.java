package io.github.calculationguard.guard;

import module java.base;

import io.github.calculationguard.guard.Inventory.Entry;
import io.github.calculationguard.guard.InventoryReader.EffectiveTags;
import io.github.calculationguard.guard.InventoryReader.Reading;
import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.AthenaSparkReader.CalculationList;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.SessionId;
import org.jspecify.annotations.Nullable;

/**
 * Reads for one sweep, workgroup by workgroup, until everything is read or time runs out: of each
 * session the least that rules out that a limit is near.
 */
final class SweepReader extends Reading {

  static final Duration SCHEDULE = Duration.ofMinutes(10);

  /** What sweeps remember. It only saves calls. */
  static final class Cache {
    private final Map<SessionId, SessionReader.Cached> sessions = new HashMap<>();
    private @Nullable String resumeAt;
    private Instant lastStart = Instant.MAX;
    private Duration longest = Duration.ZERO;

    /** Those that were seen in the last day. */
    Set<SessionId> known() {
      return sessions.keySet();
    }
  }

  /** How many exceeded a limit and were stopped by somebody else since this sweep began. */
  int stoppedMeanwhile;

  final Judge judge;

  /** By when the next sweep has visited every session again. */
  final Instant nextVisit;

  private final Cache cache;
  private final Map<WorkGroup, List<Session>> listed = new HashMap<>();
  private final List<Entry> entries = new ArrayList<>();
  private final Map<String, EffectiveTags> groupTags = new HashMap<>();
  private final Map<SessionId, List<Calculation>> canceled = new HashMap<>();
  private int sessionsVisited;

  SweepReader(
      InventoryReader reader, Judge judge, Cache cache, AccountRegion place, Deadline deadline) {
    super(reader, place, deadline);
    this.judge = judge;
    this.cache = cache;
    var sinceLast = Duration.between(cache.lastStart, startedAt);
    nextVisit = startedAt.plus(Collections.max(List.of(SCHEDULE, sinceLast))).plus(cache.longest);
  }

  /**
   * @throws AthenaSparkException if not even the workgroups could be listed
   */
  Inventory read() {
    cache.lastStart = startedAt;
    var groups = workGroups();
    groups.sort(Comparator.comparing(WorkGroup::name));
    // Begins where the last sweep ran out of time, or else at random.
    var resumeAt = cache.resumeAt;
    var first =
        groups.stream().takeWhile(it -> resumeAt != null && it.name().compareTo(resumeAt) < 0);
    Collections.rotate(groups, resumeAt == null ? random() : (int) -first.count());
    cache.resumeAt = null;
    // Lists first: what another sweep stops from now on is missed, and so noticed.
    var listing = deadline.fraction(1.0 / 3, startedAt);
    groups.stream().takeWhile(_ -> !listing.hasPassed(now())).forEach(this::listOnce);
    for (var group : groups) {
      var before = sessionsVisited;
      if (!visit(group)) {
        // Behind it, or a workgroup too large for one sweep would keep it from the others.
        var next = groups.indexOf(group) + (sessionsVisited > before ? 1 : 0);
        cache.resumeAt = groups.get(next % groups.size()).name();
        break;
      }
      workGroupsDone++;
    }
    cache.longest = Collections.max(List.of(cache.longest, Duration.between(startedAt, now())));
    cache.sessions.values().removeIf(it -> it.seenAt.isBefore(startedAt.minus(Sweep.MEMORY)));
    return inventory(entries, now());
  }

  private int random() {
    return new SplittableRandom(startedAt.getEpochSecond()).nextInt();
  }

  private List<Session> listOnce(WorkGroup group) {
    return listed.computeIfAbsent(
        group, it -> read("workgroup", it.name(), () -> sessions(it)).orElse(List.of()));
  }

  /** Returns whether there was time for the whole workgroup. */
  private boolean visit(WorkGroup group) {
    if (isOutOfTime()) {
      return false;
    }
    var sessions = listOnce(group);
    if (sessions.isEmpty()) {
      return !isOutOfTime();
    }
    var read =
        read("workgroup", group.name(), () -> athena.tags(place.arnOf(group), deadline))
            .map(it -> effectiveTags(group, it));
    if (read.isEmpty()) {
      return !isOutOfTime();
    }
    var tags = read.get();
    groupTags.put(group.name(), tags);
    if (tags.limits().mode() == Mode.OFF) {
      return true;
    }
    Collections.rotate(sessions, random());
    for (var session : sessions) {
      if (isOutOfTime()) {
        return false;
      }
      sessionsVisited++;
      visit(session, tags);
    }
    return true;
  }

  /** The owner whom the tags of a workgroup that was visited name. */
  Optional<String> ownerOf(String workGroup) {
    return Optional.ofNullable(groupTags.get(workGroup)).map(EffectiveTags::owner);
  }

  void rememberCanceled(SessionId session, CalculationList listed) {
    var all = Stream.of(listed.calculations(), listed.earlier()).flatMap(List::stream);
    canceled.put(session, all.filter(it -> it.state().isCanceled()).toList());
  }

  /** The canceled calculations of a session whose calculations were listed, as far as they were. */
  List<Calculation> canceledIn(SessionId session) {
    return canceled.getOrDefault(session, List.of());
  }

  private void visit(Session session, EffectiveTags groupTags) {
    var cached = cache.sessions.computeIfAbsent(session.id(), _ -> new SessionReader.Cached());
    var reader = new SessionReader(this, session, groupTags, cached);
    read("session", session.id(), reader::read)
        .flatMap(Function.identity())
        .ifPresent(entries::add);
  }
}
