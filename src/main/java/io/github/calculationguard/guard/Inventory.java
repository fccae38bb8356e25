package io.github.calculationguard.guard;

import static java.util.Comparator.comparing;
import static java.util.Comparator.comparingDouble;
import static java.util.Comparator.naturalOrder;
import static java.util.Comparator.nullsFirst;

import module java.base;

import io.github.calculationguard.guard.Verdict.Usage;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.AthenaSparkReader;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Session.Executor;
import io.github.calculationguard.spark.Snapshot;
import org.jspecify.annotations.Nullable;

/**
 * What is active in an account, as far as it could be read.
 *
 * @param at when the reading ended
 * @param workGroups how many are guarded
 * @param entries the active sessions, costliest first, those of unknown cost last
 */
public record Inventory(
    AccountRegion place, Instant at, int workGroups, List<Entry> entries, List<ReadFailure> gaps) {

  private static final Comparator<Entry> COSTLIEST =
      comparingDouble(
          it -> {
            var cost = it.details().cost();
            return cost == null ? 1 : -cost.dpuHours();
          });

  /**
   * One session with what runs in it. The sweep judges it, and the page shows it.
   *
   * @param calculations the active ones, newest first; one runs and the others wait
   * @param executors its nodes; empty where they were not read
   * @param owner the value of the owner tag, on the session or else on its workgroup
   * @param limits those that apply to it, its own tags included
   * @param at when this was seen
   */
  public record Entry(
      Session session,
      List<Calculation> calculations,
      List<Executor> executors,
      @Nullable String owner,
      Limits limits,
      Instant at) {

    /** The same at another instant. */
    Entry at(Instant other) {
      return new Entry(session, calculations, executors, owner, limits, other);
    }

    /** The session alone: it is what costs money, whatever runs in it. */
    public Snapshot details() {
      return new Snapshot(null, session, owner, executors, at);
    }

    /** The session, then each calculation in it. */
    Stream<Snapshot> snapshots() {
      return Stream.concat(
          Stream.of(details()), calculations.stream().map(details()::withCalculation));
    }

    /** The calculation whose turn it is. */
    public @Nullable Calculation current() {
      return calculations.isEmpty() ? null : calculations.getLast();
    }

    /** Whether what it costs from now on is only an upper bound. */
    public boolean isHeldAtMost() {
      return executors.stream().noneMatch(it -> it.terminatedAt() == null);
    }

    /** The limit of which most is used, the session's own or a calculation's. */
    public @Nullable Usage fullest() {
      return snapshots()
          .flatMap(it -> Judge.usages(it, limits).stream())
          .max(comparingDouble(Usage::percent))
          .orElse(null);
    }
  }

  /** What can be left unread. */
  public enum Unread {
    WORK_GROUPS,
    SESSIONS,
    SESSION,
    CALCULATIONS,
    NODES,
    TAGS
  }

  /** What could not be read of the account, or of a workgroup or session; why, if time was left. */
  public record ReadFailure(Unread what, String of, @Nullable String why) {}

  /**
   * What is guarded, and by which limits.
   *
   * @param workGroupPattern the names of the guarded workgroups, with IAM's wildcards * and ?
   * @param limits those that apply where no tag says otherwise
   * @param maxExempt for how long a session's own tag may exempt it
   * @param ownerTag the key of the tag that names an owner; case does not matter
   */
  public record Scope(String workGroupPattern, Limits limits, Duration maxExempt, String ownerTag) {

    /** What applies to a workgroup with these tags. */
    Tagged tagged(String arn, Map<String, String> tags) {
      return new Tagged(limits.replacedBy(arn, tags), Snapshot.Reader.owner(tags, ownerTag));
    }

    /** What applies to a session with these tags in such a workgroup. */
    Tagged tagged(
        Tagged group, String arn, Map<String, String> tags, @Nullable Instant start, Instant now) {
      var owner = Snapshot.Reader.owner(tags, ownerTag);
      var own = group.limits().tightenedBy(arn, tags, start, maxExempt, now);
      return new Tagged(own, owner == null ? group.owner() : owner);
    }
  }

  /** What applies to a workgroup or a session, its tags included. */
  record Tagged(Limits limits, @Nullable String owner) {}

  /**
   * Reads what is active in an account. {@link #read} reads for a person who waits; a {@link Sweep}
   * reads what it needs to judge.
   */
  public record Reader(AthenaSparkReader athena, InstantSource clock, Scope scope) {

    /** This many sessions, the costliest, are read in depth: nobody reads a longer list. */
    private static final int MAX_IN_DEPTH = 50;

    /** All guarded workgroups. */
    List<WorkGroup> workGroups(Deadline deadline) {
      var all = athena.workGroups(deadline).stream();
      return all.filter(it -> it.matches(scope.workGroupPattern())).toList();
    }

    /**
     * Reads what can be read by the deadline. Time is short and calls are limited, so it reads
     * everything broadly, then the costliest sessions in depth, and reports what it did not reach.
     */
    public Inventory read(AccountRegion place, Deadline deadline) {
      return new Reading(place, deadline).read();
    }

    private final class Reading {
      private final AccountRegion place;
      private final List<ReadFailure> failures = new ArrayList<>();
      private final Map<WorkGroup, Tagged> workGroups = new HashMap<>();
      private Deadline by;

      Reading(AccountRegion place, Deadline by) {
        this.place = place;
        this.by = by;
      }

      Inventory read() {
        var deadline = by;
        List<WorkGroup> groups = read(Unread.WORK_GROUPS, "", List.of(), () -> workGroups(by));
        by = deadline.fraction(0.4, clock.instant());
        // The oldest has probably cost most.
        Comparator<Session> oldest = comparing(Session::startedAt, nullsFirst(naturalOrder()));
        var listed = groups.stream().flatMap(this::list).sorted(oldest).toList();
        by = deadline.fraction(0.5, clock.instant());
        var active = listed.stream().map(this::describe).filter(it -> !it.details().isOver());
        var entries = new ArrayList<>(active.sorted(COSTLIEST).toList());
        by = deadline;
        for (var index = 0; index < Math.min(entries.size(), MAX_IN_DEPTH); index++) {
          entries.set(index, inDepth(entries.get(index)));
        }
        var now = clock.instant();
        var all = entries.stream().map(it -> it.at(now)).sorted(COSTLIEST).toList();
        return new Inventory(place, now, groups.size(), all, List.copyOf(failures));
      }

      private Stream<Session> list(WorkGroup group) {
        Supplier<List<Session>> reading = () -> athena.activeSessions(group, by);
        return read(Unread.SESSIONS, group.name(), List.of(), reading).stream();
      }

      private Entry describe(Session listed) {
        var id = listed.id();
        var session = read(Unread.SESSION, id.value(), listed, () -> athena.session(id, by));
        return new Entry(session, List.of(), List.of(), null, scope.limits(), clock.instant());
      }

      private Entry inDepth(Entry entry) {
        var it = entry.session();
        var id = it.id();
        var group = new WorkGroup(it.workGroup());
        if (!workGroups.containsKey(group)) {
          var arn = place.arnOf(group);
          workGroups.put(group, scope.tagged(arn, tags(arn, group.name())));
        }
        var calculations = entry.calculations();
        if (!it.state().isIdle() && it.supportsCalculations()) {
          Supplier<List<Calculation>> reading =
              () -> athena.calculations(id, Instant.MAX, by).calculations();
          calculations = read(Unread.CALCULATIONS, id.value(), calculations, reading);
        }
        var nodes =
            read(Unread.NODES, id.value(), entry.executors(), () -> athena.executors(id, by));
        var arn = place.arnOf(group, id);
        var tags = tags(arn, id.value());
        var own = scope.tagged(workGroups.get(group), arn, tags, it.startedAt(), clock.instant());
        return new Entry(it, calculations, nodes, own.owner(), own.limits(), entry.at());
      }

      private Map<String, String> tags(String arn, String of) {
        return read(Unread.TAGS, of, Map.of(), () -> athena.tags(arn, by));
      }

      private <T> T read(Unread what, String of, T otherwise, Supplier<T> reading) {
        String why = null;
        if (!by.hasPassed(clock.instant())) {
          try {
            return reading.get();
          } catch (AthenaSparkException e) {
            why = by.hasPassed(clock.instant()) ? null : e.getMessage();
          }
        }
        failures.add(new ReadFailure(what, of, why));
        return otherwise;
      }
    }
  }
}
