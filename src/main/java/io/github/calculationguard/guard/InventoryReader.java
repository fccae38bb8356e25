package io.github.calculationguard.guard;

import module java.base;

import io.github.calculationguard.guard.Inventory.Entry;
import io.github.calculationguard.guard.Inventory.Failure;
import io.github.calculationguard.guard.Inventory.Scope;
import io.github.calculationguard.guard.Limits.InvalidTag;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.AthenaSparkReader;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.spark.Snapshot;
import org.jspecify.annotations.Nullable;

/** What the page and the sweep read an account with. */
public record InventoryReader(AthenaSparkReader athena, InstantSource clock, Scope scope) {

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
    int sessionsLeft;
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

    /** The active sessions of a workgroup, as they were listed, each of them once. */
    List<Session> once(List<Session> listed) {
      // A session whose state changes between two lists is in both of them.
      var sessions = new LinkedHashMap<SessionId, Session>();
      listed.forEach(it -> sessions.putIfAbsent(it.id(), it));
      sessionsSeen += sessions.size();
      return new ArrayList<>(sessions.values());
    }

    String arnOf(Session session) {
      return place.arnOf(new WorkGroup(session.workGroup()), session.id());
    }

    EffectiveTags effectiveTags(WorkGroup group, Map<String, String> tags) {
      var limits = scope.limits().withWorkGroupTags(place.arnOf(group), tags);
      invalidTags.addAll(limits.invalidTags());
      return new EffectiveTags(limits, Snapshot.Reader.owner(tags, scope.ownerTag()));
    }

    EffectiveTags effectiveTags(
        Session session, Map<String, String> tags, EffectiveTags group, Instant now) {
      var start = session.startedAt();
      var limits =
          group.limits.withSessionTags(arnOf(session), tags, start, scope.maxExempt(), now);
      var owner = Snapshot.Reader.owner(tags, scope.ownerTag());
      return new EffectiveTags(limits, owner == null ? group.owner : owner);
    }

    /** What was read, or why not. */
    record Attempt<T>(@Nullable T value, @Nullable Failure failure) {}

    /** What cannot be read is a failure of its own: the rest of the reading goes on. */
    <T> Optional<T> read(String what, Object of, Supplier<T> reading) {
      return result(attempt(what, of, reading));
    }

    /** For any thread. */
    <T> Attempt<T> attempt(String what, Object of, Supplier<T> reading) {
      String why = null;
      if (!isOutOfTime()) {
        try {
          return new Attempt<>(reading.get(), null);
        } catch (AthenaSparkException e) {
          why = isOutOfTime() ? null : e.getMessage();
        }
      }
      return new Attempt<>(null, new Failure(what, of.toString(), why));
    }

    <T> Optional<T> result(Attempt<T> attempt) {
      Optional.ofNullable(attempt.failure).ifPresent(failures::add);
      return Optional.ofNullable(attempt.value);
    }

    /** What is not even tried. */
    void leaveOut(String what, Object of) {
      failures.add(new Failure(what, of.toString(), null));
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
          sessionsLeft,
          List.copyOf(entries),
          List.copyOf(invalidTags),
          List.copyOf(failures));
    }
  }
}
