package io.github.calculationguard.guard;

import static java.util.Comparator.comparing;
import static java.util.Objects.requireNonNull;

import module java.base;

import io.github.calculationguard.guard.Inventory.Entry;
import io.github.calculationguard.guard.InventoryReader.*;
import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.spark.*;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSparkReader.CalculationList;
import org.jspecify.annotations.Nullable;

/**
 * Reads for one sweep until everything is read or time runs out: only as much of each session as is
 * needed to rule out that a limit is near. Sessions that no sweep has visited come first, the
 * oldest first, since a list does not tell which is the largest; the others cost few calls.
 */
final class SweepReader extends Reading {

  /** As the parameter ScheduleExpression has it by default; a sweep does not learn its schedule. */
  static final Duration ASSUMED_INTERVAL = Duration.ofMinutes(10);

  /** Four times what one sweep can go through; {@code docs/cost.md} says how many bytes that is. */
  static final int MAX_REMEMBERED = 20_000;

  /** In the rest of a sweep's time no tags are read that can wait. */
  private static final double PART_FOR_TAGS = 0.8;

  /** What sweeps remember. It only saves calls. */
  static final class Memory {
    private final Map<SessionId, SessionReader.Known> sessions =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<SessionId, SessionReader.Known> eldest) {
            return size() > MAX_REMEMBERED;
          }
        };
    private @Nullable String resumeAt;
    private Instant lastStart = Instant.MAX;
    private Duration longest = Duration.ZERO;

    Set<SessionId> known() {
      return sessions.keySet();
    }
  }

  /** How many exceeded a limit and were stopped by somebody else since this sweep began. */
  int stoppedMeanwhile;

  final Judge judge;

  /** When the next sweep will have visited every session again. */
  final Instant nextVisit;

  private final Memory memory;
  private final List<Entry> entries = new ArrayList<>();
  private final Map<String, Optional<EffectiveTags>> groupTags = new HashMap<>();
  private final Map<SessionId, List<Calculation>> canceled = new HashMap<>();
  private final Set<String> begun = new HashSet<>();
  private final Set<String> unfinished = new HashSet<>();
  private final Deadline tagsUntil;

  SweepReader(
      InventoryReader reader, Judge judge, Memory memory, AccountRegion place, Deadline deadline) {
    super(reader, place, deadline);
    this.judge = judge;
    this.memory = memory;
    tagsUntil = deadline.fraction(PART_FOR_TAGS, startedAt);
    var sinceLast = Duration.between(memory.lastStart, startedAt);
    nextVisit =
        startedAt.plus(Collections.max(List.of(ASSUMED_INTERVAL, sinceLast))).plus(memory.longest);
  }

  /**
   * @throws AthenaSparkException if not even the workgroups could be listed
   */
  Inventory read() {
    memory.lastStart = startedAt;
    var groups = workGroups();
    groups.sort(Comparator.comparing(WorkGroup::name));
    // Begins where the last sweep ran out of time, or else at random.
    var resumeAt = memory.resumeAt;
    var first =
        groups.stream().takeWhile(it -> resumeAt != null && it.name().compareTo(resumeAt) < 0);
    Collections.rotate(groups, resumeAt == null ? random() : (int) -first.count());
    memory.resumeAt = null;
    // Lists first: what another sweep stops from now on is missed, and so noticed.
    var listing = deadline.fraction(1.0 / 3, startedAt);
    var unlisted = new ArrayDeque<>(groups);
    var sessions = new ArrayList<Session>();
    while (!listing.hasPassed(now()) && list(unlisted, sessions)) {}
    visitAll(sessions);
    while (list(unlisted, sessions)) {
      visitAll(sessions);
    }
    unlisted.forEach(it -> unfinished.add(it.name()));
    // The next sweep resumes at the first one of which nothing was visited. Otherwise a workgroup
    // too large for one sweep would keep it from the others.
    groups.stream()
        .map(WorkGroup::name)
        .filter(it -> unfinished.contains(it) && !begun.contains(it))
        .findFirst()
        .ifPresent(it -> memory.resumeAt = it);
    workGroupsDone = groups.size() - unfinished.size();
    memory.longest = Collections.max(List.of(memory.longest, Duration.between(startedAt, now())));
    memory.sessions.values().removeIf(it -> it.seenAt.isBefore(startedAt.minus(Sweep.REMEMBERED)));
    return inventory(entries, now());
  }

  private int random() {
    return new SplittableRandom(startedAt.getEpochSecond()).nextInt();
  }

  private boolean list(Deque<WorkGroup> unlisted, List<Session> sessions) {
    if (unlisted.isEmpty() || isOutOfTime()) {
      return false;
    }
    var group = unlisted.getFirst();
    var listed = read("workgroup", group.name(), () -> athena.activeSessions(group, deadline));
    if (listed.isEmpty() && isOutOfTime()) {
      return false;
    }
    unlisted.removeFirst();
    listed.map(this::once).ifPresent(sessions::addAll);
    return true;
  }

  private void visitAll(List<Session> sessions) {
    Predicate<Session> isKnown = it -> memory.sessions.containsKey(it.id());
    var known = new ArrayList<>(sessions.stream().filter(isKnown).toList());
    var others = new ArrayDeque<>(oldestFirst(sessions.stream().filter(isKnown.negate()).toList()));
    sessions.clear();
    // What the last sweep did not reach, then those whose tags were read longest ago.
    known.sort(
        comparing(
            it -> requireNonNull(memory.sessions.get(it.id())), SessionReader.Known.LONGEST_AGO));
    while (!others.isEmpty() && !tagsUntil.hasPassed(now())) {
      visit(others.removeFirst());
    }
    known.forEach(this::visit);
    others.forEach(this::visit);
  }

  /** But every fourth at random, so that sweeps that always start cold reach the youngest, too. */
  private List<Session> oldestFirst(List<Session> sessions) {
    var rest = new ArrayList<>(sessions);
    rest.sort(Session.OLDEST_FIRST.reversed());
    var random = new SplittableRandom(startedAt.getEpochSecond());
    var sorted = new ArrayList<Session>();
    while (!rest.isEmpty()) {
      var isFourth = sorted.size() % 4 == 3;
      sorted.add(isFourth ? rest.remove(random.nextInt(rest.size())) : rest.removeLast());
    }
    return sorted;
  }

  /** Whether the tags are due, and there is time left for it. */
  boolean mayReadTags(Instant validUntil) {
    return validUntil.equals(Instant.MIN)
        || (!validUntil.isAfter(nextVisit) && !tagsUntil.hasPassed(now()));
  }

  /** The guard's own tags and the owner's: no others need to be remembered. */
  Map<String, String> tags(String arn) {
    var tags = new HashMap<>(athena.tags(arn, deadline));
    tags.keySet().removeIf(it -> !Limits.isOurs(it) && !it.equalsIgnoreCase(scope.ownerTag()));
    return Map.copyOf(tags);
  }

  /** The owner whom the tags of a workgroup that was visited name. */
  Optional<String> ownerOf(String workGroup) {
    return groupTags.getOrDefault(workGroup, Optional.empty()).map(EffectiveTags::owner);
  }

  void rememberCanceled(SessionId session, CalculationList listed) {
    var all = Stream.of(listed.calculations(), listed.earlier()).flatMap(List::stream);
    canceled.put(session, all.filter(it -> it.state().isCanceled()).toList());
  }

  /** The canceled calculations of a session whose calculations were listed, as far as they were. */
  List<Calculation> canceledIn(SessionId session) {
    return canceled.getOrDefault(session, List.of());
  }

  private Optional<EffectiveTags> tagsOf(WorkGroup group) {
    return read("workgroup", group.name(), () -> athena.tags(place.arnOf(group), deadline))
        .map(it -> effectiveTags(group, it));
  }

  private void visit(Session session) {
    var name = session.workGroup();
    var tags =
        isOutOfTime()
            ? Optional.<EffectiveTags>empty()
            : groupTags.computeIfAbsent(name, it -> tagsOf(new WorkGroup(it)));
    if (isOutOfTime()) {
      postpone(session);
      return;
    }
    begun.add(name);
    if (tags.isPresent() && tags.get().limits().mode() != Mode.OFF) {
      var known = memory.sessions.computeIfAbsent(session.id(), _ -> new SessionReader.Known());
      var reader = new SessionReader(this, session, tags.get(), known);
      var read = read("session", session.id(), reader::read);
      read.flatMap(Function.identity()).ifPresent(entries::add);
      if (read.isEmpty() && isOutOfTime()) {
        postpone(session);
      }
    }
  }

  private void postpone(Session session) {
    sessionsLeft++;
    unfinished.add(session.workGroup());
  }
}
