package io.github.calculationguard.guard;

import static java.util.Comparator.comparing;
import static java.util.Comparator.comparingDouble;
import static java.util.Comparator.naturalOrder;
import static java.util.Comparator.nullsFirst;

import module java.base;

import io.github.calculationguard.guard.Inventory.Entry;
import io.github.calculationguard.guard.Inventory.Failure;
import io.github.calculationguard.guard.Inventory.Scope;
import io.github.calculationguard.guard.Limits.InvalidTag;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.AthenaSparkReader;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.spark.Snapshot;
import org.jspecify.annotations.Nullable;

/** Reads what is active in an account, for a person who waits. */
public record InventoryReader(AthenaSparkReader athena, InstantSource clock, Scope scope) {

  /**
   * Reads what can be read by the deadline. Time is short and calls are limited, so it reads
   * everything broadly, then the costliest sessions in depth, and reports what it did not reach.
   * The costliest come first, those of unknown cost last.
   */
  public Inventory read(AccountRegion place, Deadline deadline) {
    return new CostliestInDepth(this, place, deadline).read();
  }

  /** What applies to a workgroup or a session, its tags included. */
  record EffectiveTags(Limits limits, @Nullable String owner) {}

  /** One reading of an account, as far as the page and the sweep read alike. */
  abstract static class Reading {
    final AthenaSparkReader athena;
    final Scope scope;
    final AccountRegion place;
    final Instant startedAt;
    Deadline deadline;
    int workGroupsDone;
    private final InstantSource clock;
    private final Set<InvalidTag> invalidTags = new LinkedHashSet<>();
    private final List<Failure> failures = new ArrayList<>();
    private int workGroups;
    private int sessionsSeen;

    Reading(InventoryReader reader, AccountRegion place, Deadline deadline) {
      athena = reader.athena;
      scope = reader.scope;
      clock = reader.clock;
      startedAt = clock.instant();
      this.place = place;
      this.deadline = deadline;
    }

    Instant now() {
      return clock.instant();
    }

    boolean isOutOfTime() {
      return deadline.hasPassed(now());
    }

    /** All guarded workgroups. */
    List<WorkGroup> workGroups() {
      var groups = new ArrayList<>(athena.workGroups(deadline));
      groups.removeIf(it -> !it.matches(scope.workGroupPattern()));
      workGroups = groups.size();
      return groups;
    }

    /** The active sessions of a workgroup. */
    List<Session> sessions(WorkGroup group) {
      // A session whose state changes between two lists is in both of them.
      var sessions = new LinkedHashMap<SessionId, Session>();
      athena.activeSessions(group, deadline).forEach(it -> sessions.putIfAbsent(it.id(), it));
      sessionsSeen += sessions.size();
      return new ArrayList<>(sessions.values());
    }

    String arnOf(Session session) {
      return place.arnOf(new WorkGroup(session.workGroup()), session.id());
    }

    EffectiveTags effectiveTags(WorkGroup group, Map<String, String> tags) {
      var limits = scope.limits().replacedBy(place.arnOf(group), tags);
      invalidTags.addAll(limits.invalidTags());
      return new EffectiveTags(limits, Snapshot.Reader.owner(tags, scope.ownerTag()));
    }

    EffectiveTags effectiveTags(
        Session session, Map<String, String> tags, EffectiveTags group, Instant now) {
      var start = session.startedAt();
      var limits = group.limits.tightenedBy(arnOf(session), tags, start, scope.maxExempt(), now);
      var owner = Snapshot.Reader.owner(tags, scope.ownerTag());
      return new EffectiveTags(limits, owner == null ? group.owner : owner);
    }

    /** What cannot be read is a failure of its own: the rest of the reading goes on. */
    <T> Optional<T> read(String what, Object of, Supplier<T> reading) {
      String why = null;
      if (!isOutOfTime()) {
        try {
          return Optional.of(reading.get());
        } catch (AthenaSparkException e) {
          why = isOutOfTime() ? null : e.getMessage();
        }
      }
      failures.add(new Failure(what, of.toString(), why));
      return Optional.empty();
    }

    Inventory inventory(List<Entry> entries, Instant at) {
      entries.forEach(it -> invalidTags.addAll(it.limits().invalidTags()));
      return new Inventory(
          place,
          startedAt,
          at,
          workGroups,
          workGroupsDone,
          sessionsSeen,
          List.copyOf(entries),
          List.copyOf(invalidTags),
          List.copyOf(failures));
    }
  }

  /** Reads for the page: every session broadly, then the costliest in depth. */
  private static final class CostliestInDepth extends Reading {
    private static final Comparator<Entry> COSTLIEST =
        comparingDouble(
            it -> {
              var cost = it.details().cost();
              return cost == null ? 1 : -cost.dpuHours();
            });

    private final Map<WorkGroup, EffectiveTags> workGroupTags = new HashMap<>();

    CostliestInDepth(InventoryReader reader, AccountRegion place, Deadline deadline) {
      super(reader, place, deadline);
    }

    Inventory read() {
      var end = deadline;
      var groups = read("the workgroups", "", this::workGroups).orElse(List.of());
      deadline = end.fraction(0.4, now());
      // The oldest has probably cost most.
      Comparator<Session> oldest = comparing(Session::startedAt, nullsFirst(naturalOrder()));
      var listed = groups.stream().flatMap(this::list).sorted(oldest).toList();
      deadline = end.fraction(0.5, now());
      var active = listed.stream().map(this::describe).filter(it -> !it.details().isOver());
      var entries = new ArrayList<>(active.sorted(COSTLIEST).toList());
      deadline = end;
      var costliest = entries.subList(0, Math.min(entries.size(), Inventory.MAX_IN_DEPTH));
      costliest.replaceAll(this::inDepth);
      var at = now();
      entries.replaceAll(it -> it.at(at));
      entries.sort(COSTLIEST);
      return inventory(entries, at);
    }

    private Stream<Session> list(WorkGroup group) {
      var listed = read("the sessions of workgroup", group.name(), () -> sessions(group));
      workGroupsDone += listed.isPresent() ? 1 : 0;
      return listed.stream().flatMap(List::stream);
    }

    private Entry describe(Session listed) {
      var id = listed.id();
      var described = read("the details of session", id, () -> athena.session(id, deadline));
      var session = described.orElse(listed);
      return new Entry(session, List.of(), List.of(), null, scope.limits(), now());
    }

    private Entry inDepth(Entry entry) {
      var session = entry.session();
      var id = session.id();
      var group = new WorkGroup(session.workGroup());
      var groupTags =
          workGroupTags.computeIfAbsent(
              group, _ -> effectiveTags(group, tags(place.arnOf(group), group.name())));
      var mayRun = !session.state().isIdle() && session.supportsCalculations();
      var calculations =
          mayRun
              ? read(
                  "what runs in session",
                  id,
                  () -> athena.calculations(id, Instant.MAX, deadline).calculations())
              : Optional.<List<Calculation>>empty();
      var executors = read("the nodes of session", id, () -> athena.executors(id, deadline));
      var tags = effectiveTags(session, tags(arnOf(session), id), groupTags, now());
      return new Entry(
          session,
          calculations.orElse(List.of()),
          executors.orElse(List.of()),
          tags.owner(),
          tags.limits(),
          entry.at());
    }

    private Map<String, String> tags(String arn, Object of) {
      return read("the tags of", of, () -> athena.tags(arn, deadline)).orElse(Map.of());
    }
  }
}
