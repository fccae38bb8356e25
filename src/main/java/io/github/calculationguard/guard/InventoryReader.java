package io.github.calculationguard.guard;

import static java.util.stream.Collectors.joining;

import module java.base;

import io.github.calculationguard.guard.Inventory.*;
import io.github.calculationguard.guard.Limits.InvalidTag;
import io.github.calculationguard.guard.News.Addressee;
import io.github.calculationguard.spark.*;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import org.jspecify.annotations.Nullable;

/** What the page and the sweep read an account with. */
public record InventoryReader(AthenaSparkReader athena, InstantSource clock, Scope scope) {

  /** What applies to a workgroup or a session, its tags included. */
  record EffectiveTags(Limits limits, @Nullable String owner) {}

  abstract static class Reading {
    final AthenaSparkReader athena;
    final Scope scope;
    final AccountRegion place;
    final Instant startedAt;
    Deadline deadline;
    int workGroupsDone;
    int sessionsLeft;
    private final InstantSource clock;
    private final SequencedMap<InvalidTag, Addressee> invalidTags = new LinkedHashMap<>();
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

    EffectiveTags effectiveTags(WorkGroup group, Map<String, String> tags) {
      var limits = scope.limits().withWorkGroupTags(place.arnOf(group), tags);
      var owner = Snapshot.Reader.owner(tags, scope.ownerTag());
      note(limits.invalidTags(), new Addressee(group.name(), owner));
      return new EffectiveTags(limits, owner);
    }

    EffectiveTags effectiveTags(
        Session session, Map<String, String> tags, EffectiveTags group, Instant now) {
      var start = session.startedAt();
      var limits =
          group.limits.withSessionTags(place.arnOf(session), tags, start, scope.maxExempt(), now);
      var owner = Snapshot.Reader.owner(tags, scope.ownerTag());
      return new EffectiveTags(limits, owner == null ? group.owner : owner);
    }

    /** What was read, or why not. */
    record Attempt<T>(Optional<T> value, @Nullable Failure failure) {}

    /**
     * What cannot be read, even by a defect of ours, is a failure of its own: the rest of the
     * reading goes on.
     */
    <T> Optional<T> read(String what, Object of, Supplier<T> reading) {
      return result(attempt(what, of, reading));
    }

    /** For any thread. */
    <T> Attempt<T> attempt(String what, Object of, Supplier<T> reading) {
      var failure = new Failure(what, of.toString(), null);
      if (!isOutOfTime()) {
        try {
          return new Attempt<>(Optional.of(reading.get()), null);
        } catch (AthenaSparkException e) {
          var why = isOutOfTime() ? null : e.getMessage();
          failure = new Failure(what, of.toString(), why, e);
        } catch (RuntimeException e) {
          // After many alike, the JVM throws exceptions without a stack trace.
          var at = Stream.of(e.getStackTrace()).limit(1).map(it -> " at " + it).collect(joining());
          failure = new Failure(what, of.toString(), e + at, e);
        }
      }
      return new Attempt<>(Optional.empty(), failure);
    }

    <T> Optional<T> result(Attempt<T> attempt) {
      Optional.ofNullable(attempt.failure).ifPresent(failures::add);
      return attempt.value;
    }

    void leaveOut(String what, Object of) {
      failures.add(new Failure(what, of.toString(), null));
    }

    private void note(List<InvalidTag> tags, Addressee concerned) {
      tags.forEach(it -> invalidTags.putIfAbsent(it, concerned));
    }

    Inventory inventory(List<Entry> entries, Instant at) {
      entries.forEach(it -> note(it.limits().invalidTags(), it.addressee()));
      return new Inventory(
          place,
          startedAt,
          at,
          workGroups,
          workGroupsDone,
          sessionsSeen,
          sessionsLeft,
          List.copyOf(entries),
          invalidTags,
          List.copyOf(failures));
    }
  }
}
