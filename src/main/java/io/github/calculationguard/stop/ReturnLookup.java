package io.github.calculationguard.stop;

import module java.base;

import io.github.calculationguard.spark.*;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import org.jspecify.annotations.Nullable;

/**
 * Looks in Athena's history whether what a request stopped had returned. Only the sweep remembers
 * who ended the one before, so here nothing is certain.
 */
final class ReturnLookup implements ReturnSearch.History {

  private final StopService service;
  private final RequestMetadata metadata;
  private final Deadline deadline;
  // All that a request covers is in one session. Its history is read once, from here on.
  private final Instant earliest;
  private @Nullable List<Calculation> canceled;
  private @Nullable List<Session> terminated;

  ReturnLookup(StopService service, RequestMetadata metadata, List<StopResult> results) {
    this.service = service;
    this.metadata = metadata;
    // The rest of the time is for the notification.
    deadline = metadata.deadline().fraction(0.5, service.clock().instant());
    earliest =
        results.stream()
            .flatMap(it -> Stream.ofNullable(it.snapshot()))
            .flatMap(it -> Stream.ofNullable(it.since()))
            .min(Comparator.naturalOrder())
            .orElse(metadata.at());
  }

  /** Adds what it may have returned after, if it was stopped. */
  StopResult mark(StopResult result) {
    if (result.snapshot() == null || result.effort() == null) {
      return result;
    }
    try {
      return new ReturnSearch(this)
          .find(result.snapshot())
          .map(it -> result.withReturn(it).withNote(it.inWords()))
          .orElse(result);
    } catch (RuntimeException e) {
      // Neither what cannot be read nor a defect of ours may hide a stop.
      return result;
    }
  }

  @Override
  public List<Calculation> canceledIn(SessionId session, Instant start) {
    if (canceled == null) {
      var since = earliest.minus(ReturnSearch.WITHIN);
      var listed = service.athena().calculations(session, since, deadline).calculations();
      canceled = listed.stream().filter(it -> it.state().isCanceled()).toList();
    }
    return canceled;
  }

  @Override
  public List<Session> terminatedIn(String workGroup) {
    if (terminated == null) {
      terminated = service.athena().terminatedSessions(new WorkGroup(workGroup), deadline);
    }
    return terminated;
  }

  @Override
  public @Nullable String ownerOf(Session ended) {
    return service.reader().owner(ended, metadata.place(), deadline);
  }

  @Override
  public boolean isOurs(String id, Instant end) {
    return false;
  }
}
