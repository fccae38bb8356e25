package io.github.calculationguard.guard;

import static java.util.Comparator.comparing;

import module java.base;

import io.github.calculationguard.guard.SweepReport.Disposition;
import io.github.calculationguard.guard.SweepReport.Judged;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.AthenaSparkException.NotFoundException;
import io.github.calculationguard.spark.Return;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.spark.Snapshot;
import org.jspecify.annotations.Nullable;

/**
 * Finds what returned after it was stopped, for one sweep, in Athena's own history: at most one
 * list for each workgroup, and the tags of what matches. What cannot be read changes no verdict.
 */
final class ReturnFinder {

  /** Something that ended by force, of the same description. */
  private record Stopped(String id, Instant end, @Nullable Session session) {}

  private final SweepReader reading;
  private final Map<String, Instant> publishedAt;
  private final Map<String, Optional<Return>> known;
  private final Map<String, Optional<List<Session>>> terminated = new HashMap<>();
  private final Map<SessionId, Optional<String>> owners = new HashMap<>();

  /**
   * @param publishedAt when findings were published, by the ID of what was to be stopped
   * @param known what earlier sweeps found out, by ID: it never changes
   */
  ReturnFinder(
      SweepReader reading, Map<String, Instant> publishedAt, Map<String, Optional<Return>> known) {
    this.reading = reading;
    this.publishedAt = publishedAt;
    this.known = known;
  }

  /** The same; with what it returned after, if it is to be reported and did. */
  Judged mark(Judged judged) {
    var id = judged.id();
    try {
      if (judged.disposition() != Disposition.LEFT
          && !known.containsKey(id)
          && !reading.isOutOfTime()) {
        known.put(id, find(judged.snapshot(), judged.session()));
      }
    } catch (AthenaSparkException _) {
      // The next sweep asks again.
    }
    var returned = known.getOrDefault(id, Optional.empty());
    return returned.map(judged::with).orElse(judged);
  }

  private Optional<Return> find(Snapshot snapshot, Session session) {
    var calculation = snapshot.calculation();
    if (calculation != null) {
      var canceled =
          reading.canceledIn(session.id()).stream()
              .filter(it -> Return.isLikely(it.description(), calculation.description()))
              .filter(it -> Return.isSoonAfter(it.completedAt(), calculation.submittedAt()))
              .map(
                  it ->
                      new Stopped(it.id().value(), Objects.requireNonNull(it.completedAt()), null));
      var found = first(canceled, snapshot);
      if (found.isPresent()) {
        return found;
      }
    }
    if (!Return.isNamed(session.description())) {
      return Optional.empty();
    }
    var ended =
        terminated(session.workGroup()).stream()
            .filter(it -> Return.isLikely(it.description(), session.description()))
            .filter(it -> Return.isSoonAfter(it.endedAt(), session.startedAt()))
            .map(it -> new Stopped(it.id().value(), Objects.requireNonNull(it.endedAt()), it));
    return first(ended, snapshot);
  }

  /** What the guard had stopped comes first, then what ended last. */
  private Optional<Return> first(Stream<Stopped> stopped, Snapshot snapshot) {
    return stopped
        .sorted(comparing(this::isOurs).thenComparing(Stopped::end).reversed())
        .limit(Return.MAX_CANDIDATES)
        .flatMap(it -> returned(it, snapshot).stream())
        .findFirst();
  }

  private Optional<Return> returned(Stopped stopped, Snapshot snapshot) {
    try {
      var isSameOwner =
          stopped.session == null
              || ownerOf(stopped.session).equals(Optional.ofNullable(snapshot.owner()));
      return isSameOwner ? Optional.of(new Return(stopped.id, isOurs(stopped))) : Optional.empty();
    } catch (NotFoundException _) {
      // Athena no longer knows whose it was.
      return Optional.of(new Return(stopped.id, false));
    }
  }

  private Optional<String> ownerOf(Session ended) {
    return owners.computeIfAbsent(
        ended.id(),
        _ -> {
          var tags = reading.athena.tags(reading.arnOf(ended), reading.deadline);
          return Optional.ofNullable(Snapshot.Reader.owner(tags, reading.scope.ownerTag()))
              .or(() -> reading.ownerOf(ended.workGroup()));
        });
  }

  private List<Session> terminated(String workGroup) {
    return terminated
        .computeIfAbsent(workGroup, this::list)
        .orElseThrow(() -> new AthenaUnavailableException("the history could not be read"));
  }

  private Optional<List<Session>> list(String workGroup) {
    try {
      return Optional.of(
          reading.athena.terminatedSessions(new WorkGroup(workGroup), reading.deadline));
    } catch (AthenaSparkException _) {
      return Optional.empty();
    }
  }

  private boolean isOurs(Stopped stopped) {
    var at = publishedAt.get(stopped.id);
    return at != null && isWithin(Finding.LIFETIME, at, stopped.end);
  }

  private static boolean isWithin(Duration most, Instant from, Instant to) {
    return !to.isBefore(from) && !to.isAfter(from.plus(most));
  }
}
