package io.github.calculationguard.guard;

import static java.util.Comparator.comparing;
import static java.util.Comparator.comparingDouble;
import static java.util.Comparator.naturalOrder;
import static java.util.Comparator.nullsFirst;

import io.github.calculationguard.guard.Inventory.Entry;
import io.github.calculationguard.guard.Inventory.ReadFailure;
import io.github.calculationguard.guard.Inventory.Unread;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.AthenaSparkReader;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Session.Executor;
import io.github.calculationguard.spark.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads what is active in an account. {@link #look} reads for a person who waits; {@link
 * SweepReader} reads what a sweep needs to judge.
 */
public record InventoryReader(AthenaSparkReader athena, InstantSource clock, Scope scope) {

  /** This many sessions, the costliest, are read in depth: nobody reads a longer list. */
  public static final int MAX_IN_DEPTH = 50;

  /**
   * What is guarded, and by which limits.
   *
   * @param workGroupPattern the names of the guarded workgroups, with IAM's wildcards * and ?
   * @param limits those that apply where no tag says otherwise
   * @param maxExempt for how long a session's own tag may exempt it
   * @param ownerTag the key of the tag that names an owner, in whatever case
   */
  public record Scope(
      String workGroupPattern, Limits limits, Duration maxExempt, String ownerTag) {}

  /** What tags say of a workgroup or a session. */
  record Tagged(Limits limits, @Nullable String owner) {}

  /** All guarded workgroups. */
  List<WorkGroup> workGroups(Deadline deadline) {
    return athena.workGroups(deadline).stream()
        .filter(it -> it.matches(scope.workGroupPattern()))
        .toList();
  }

  /** What applies to a workgroup with these tags. */
  Tagged tagged(String arn, Map<String, String> tags) {
    return new Tagged(
        scope.limits().replacedBy(arn, tags), Snapshot.Reader.owner(tags, scope.ownerTag()));
  }

  /** What applies to a session with these tags. */
  Tagged tagged(
      Tagged workGroup,
      String arn,
      Map<String, String> tags,
      @Nullable Instant startedAt,
      Instant now) {
    var own = Snapshot.Reader.owner(tags, scope.ownerTag());
    return new Tagged(
        workGroup.limits().tightenedBy(arn, tags, startedAt, scope.maxExempt(), now),
        own == null ? workGroup.owner() : own);
  }

  /**
   * Reads what can be read by the deadline. Time is short and calls are limited, so it reads
   * everything broadly, then the costliest sessions in depth, and reports what it did not reach.
   */
  public Inventory look(AccountRegion place, Deadline deadline) {
    return new Look(place, deadline).run();
  }

  private final class Look {
    private final AccountRegion place;
    private final Instant startedAt = clock.instant();
    private final Deadline deadline;
    private final List<ReadFailure> gaps = new ArrayList<>();
    private final Map<WorkGroup, Tagged> tagged = new HashMap<>();

    Look(AccountRegion place, Deadline deadline) {
      this.place = place;
      this.deadline = deadline;
    }

    Inventory run() {
      var groups =
          read(Unread.WORK_GROUPS, "", deadline, InventoryReader.this::workGroups)
              .orElse(List.of());
      var sessions = described(listed(groups));
      var entries = new ArrayList<Entry>();
      for (var session : sessions) {
        entries.add(
            entries.size() < MAX_IN_DEPTH
                ? inDepth(session)
                : new Entry(session, List.of(), List.of(), null, scope.limits(), startedAt));
      }
      var now = clock.instant();
      return new Inventory(
          place,
          now,
          groups.size(),
          entries.stream().map(it -> it.at(now)).sorted(costliest(Entry::details)).toList(),
          List.copyOf(gaps));
    }

    private List<Session> listed(List<WorkGroup> groups) {
      var listing = deadline.share(0.4, clock.instant());
      return groups.stream()
          .flatMap(group -> listed(group, listing).stream())
          // The oldest has probably cost most.
          .sorted(comparing(Session::startedAt, nullsFirst(naturalOrder())))
          .toList();
    }

    private List<Session> listed(WorkGroup group, Deadline listing) {
      return read(Unread.SESSIONS, group.name(), listing, by -> athena.activeSessions(group, by))
          .orElse(List.of());
    }

    private List<Session> described(List<Session> listed) {
      var now = clock.instant();
      var describing = deadline.share(0.5, now);
      return listed.stream()
          .map(
              it ->
                  read(
                          Unread.SESSION,
                          it.id().value(),
                          describing,
                          by -> athena.session(it.id(), by))
                      .orElse(it))
          .filter(it -> !it.state().isOver())
          .sorted(costliest(it -> new Snapshot(null, it, null, List.of(), now)))
          .toList();
    }

    private Entry inDepth(Session session) {
      var id = session.id();
      var group = new WorkGroup(session.workGroup());
      var ofGroup =
          tagged.computeIfAbsent(
              group, it -> tagged(place.arnOf(it), tags(place.arnOf(it), it.name())));
      var calculations =
          session.state().isIdle() || !session.supportsCalculations()
              ? List.<Calculation>of()
              : read(
                      Unread.CALCULATIONS,
                      id.value(),
                      deadline,
                      by -> athena.activeCalculations(id, by))
                  .orElse(List.of());
      var executors =
          read(Unread.NODES, id.value(), deadline, by -> athena.executors(id, by))
              .orElse(List.<Executor>of());
      var arn = place.arnOf(group, id);
      var own = tagged(ofGroup, arn, tags(arn, id.value()), session.startedAt(), clock.instant());
      return new Entry(session, calculations, executors, own.owner(), own.limits(), startedAt);
    }

    private Map<String, String> tags(String arn, String of) {
      return read(Unread.TAGS, of, deadline, by -> athena.tags(arn, by)).orElse(Map.of());
    }

    private <T> Optional<T> read(
        Unread what, String of, Deadline by, Function<Deadline, T> reading) {
      String why = null;
      if (!by.hasPassed(clock.instant())) {
        try {
          return Optional.of(reading.apply(by));
        } catch (AthenaSparkException e) {
          why = by.hasPassed(clock.instant()) ? null : e.getMessage();
        }
      }
      gaps.add(new ReadFailure(what, of, why));
      return Optional.empty();
    }
  }

  private static <T> Comparator<T> costliest(Function<T, Snapshot> snapshot) {
    return comparingDouble(
        it -> {
          var cost = snapshot.apply(it).cost();
          return cost == null ? 1 : -cost.dpuHours();
        });
  }
}
