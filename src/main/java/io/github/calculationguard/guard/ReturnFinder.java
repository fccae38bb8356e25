package io.github.calculationguard.guard;

import module java.base;

import io.github.calculationguard.guard.SweepReport.*;
import io.github.calculationguard.spark.*;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import org.jspecify.annotations.Nullable;

/**
 * Finds what returned after it was stopped, for one sweep: with at most one list for each
 * workgroup, and the tags of what matches. What cannot be read changes no verdict.
 */
final class ReturnFinder implements ReturnSearch.History {

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

  /** Adds what it returned after, if it did; only what is reported is looked up. */
  Judged mark(Judged judged) {
    var id = judged.id();
    try {
      if (judged.disposition() != Disposition.LEFT
          && !known.containsKey(id)
          && !reading.isOutOfTime()) {
        known.put(id, new ReturnSearch(this).find(judged.snapshot()));
      }
    } catch (RuntimeException _) {
      // Not even a defect of ours may keep a finding from being published. The next sweep asks.
    }
    var returned = known.getOrDefault(id, Optional.empty());
    return returned.map(judged::with).orElse(judged);
  }

  @Override
  public List<Calculation> canceledIn(SessionId session, Instant start) {
    return reading.canceledIn(session);
  }

  @Override
  public List<Session> terminatedIn(String workGroup) {
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

  @Override
  public @Nullable String ownerOf(Session ended) {
    var owner =
        owners.computeIfAbsent(
            ended.id(),
            _ -> {
              var tags = reading.athena.tags(reading.place.arnOf(ended), reading.deadline);
              return Optional.ofNullable(Snapshot.Reader.owner(tags, reading.scope.ownerTag()))
                  .or(() -> reading.ownerOf(ended.workGroup()));
            });
    return owner.orElse(null);
  }

  /** Whether it ended while a finding of this guard was valid. */
  @Override
  public boolean isOurs(String id, Instant end) {
    var at = publishedAt.get(id);
    return at != null && !end.isBefore(at) && !end.isAfter(at.plus(Finding.LIFETIME));
  }
}
