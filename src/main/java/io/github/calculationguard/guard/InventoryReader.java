package io.github.calculationguard.guard;

import static java.util.Comparator.comparing;
import static java.util.Comparator.comparingDouble;
import static java.util.Comparator.naturalOrder;
import static java.util.Comparator.nullsFirst;

import io.github.calculationguard.guard.Inventory.Entry;
import io.github.calculationguard.guard.Inventory.ReadFailure;
import io.github.calculationguard.guard.Inventory.Unread;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.AthenaSparkView;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Executor;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Snapshot;
import io.github.calculationguard.spark.SnapshotReader;
import io.github.calculationguard.spark.WorkGroup;
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
 * Looks over an account for somebody who waits. Time is short, and calls are paced, so it reads
 * broadly first and then the costliest in depth, and says what it did not come to.
 *
 * @param limits those that hold where no tag says otherwise
 * @param maxExempt how far ahead a session's own tag may exempt it
 * @param ownerTag the key of the tag that names an owner, in whatever case
 */
public record InventoryReader(
    AthenaSparkView athena,
    InstantSource clock,
    WorkGroupPattern workGroups,
    Limits limits,
    Duration maxExempt,
    String ownerTag) {

  /** So many of the costliest are read in depth: nobody reads a longer list. */
  public static final int MOST_IN_DEPTH = 50;

  /** Reads what can be read by the deadline. */
  public Inventory look(AccountRegion place, Deadline deadline) {
    return new Look(place, deadline).run();
  }

  /** What a workgroup's tags say. */
  private record Rules(Limits limits, @Nullable String owner) {}

  private final class Look {
    private final AccountRegion place;
    private final Instant startedAt = clock.instant();
    private final Deadline deadline;
    private final List<ReadFailure> gaps = new ArrayList<>();
    private final Map<WorkGroup, Rules> rules = new HashMap<>();

    Look(AccountRegion place, Deadline deadline) {
      this.place = place;
      this.deadline = deadline;
    }

    Inventory run() {
      var groups =
          read(Unread.WORK_GROUPS, "", deadline, athena::workGroups).orElse(List.of()).stream()
              .filter(workGroups::matches)
              .toList();
      var sessions = described(listed(groups));
      var entries = new ArrayList<Entry>();
      for (var session : sessions) {
        entries.add(
            entries.size() < MOST_IN_DEPTH
                ? inDepth(session)
                : new Entry(session, List.of(), List.of(), null, limits, startedAt));
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
      var listing = share(0.4);
      return groups.stream()
          .flatMap(group -> listed(group, listing).stream())
          // Who has lived longest has probably cost most.
          .sorted(comparing(Session::startedAt, nullsFirst(naturalOrder())))
          .toList();
    }

    private List<Session> listed(WorkGroup group, Deadline listing) {
      return read(Unread.SESSIONS, group.name(), listing, by -> athena.activeSessions(group, by))
          .orElse(List.of());
    }

    private List<Session> described(List<Session> listed) {
      var describing = share(0.5);
      var now = clock.instant();
      return listed.stream()
          .map(session -> described(session, describing))
          .filter(session -> !session.state().isOver())
          .sorted(costliest(session -> new Snapshot(null, session, null, List.of(), now)))
          .toList();
    }

    private Session described(Session session, Deadline describing) {
      return read(
              Unread.SESSION,
              session.id().value(),
              describing,
              by -> athena.session(session.id(), by))
          .orElse(session);
    }

    private Entry inDepth(Session session) {
      var id = session.id();
      var group = new WorkGroup(session.workGroup());
      var said = rules.computeIfAbsent(group, this::rules);
      var calculations =
          session.state().isIdle()
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
      var tags = tags(arn, id.value());
      var own = SnapshotReader.owner(tags, ownerTag);
      return new Entry(
          session,
          calculations,
          executors,
          own == null ? said.owner() : own,
          said.limits().tightenedBy(arn, tags, session.startedAt(), maxExempt, clock.instant()),
          startedAt);
    }

    private Rules rules(WorkGroup group) {
      var arn = place.arnOf(group);
      var tags = tags(arn, group.name());
      return new Rules(limits.replacedBy(arn, tags), SnapshotReader.owner(tags, ownerTag));
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

    /** A share of the time that is left. */
    private Deadline share(double share) {
      var now = clock.instant();
      var millis = Math.round(deadline.left(now).toMillis() * share);
      return new Deadline(now.plusMillis(millis));
    }
  }

  private static <T> Comparator<T> costliest(Function<T, Snapshot> details) {
    return comparingDouble(
        it -> {
          var cost = details.apply(it).cost();
          return cost == null ? 1 : -cost.dpuHours();
        });
  }
}
