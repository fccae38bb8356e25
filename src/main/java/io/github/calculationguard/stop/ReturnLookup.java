package io.github.calculationguard.stop;

import module java.base;

import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Return;
import io.github.calculationguard.spark.Session;
import org.jspecify.annotations.Nullable;

/**
 * Looks in Athena's own history whether what a request stopped is work that came back. Only the
 * sweep's memory knows who ended the one before, so here it only may have returned.
 */
final class ReturnLookup {

  private final StopService service;
  private final RequestMetadata metadata;
  private final Deadline deadline;
  // What a request covers is in one session, so each is read once.
  private @Nullable List<Calculation> canceled;
  private @Nullable List<Session> terminated;

  ReturnLookup(StopService service, RequestMetadata metadata, Deadline deadline) {
    this.service = service;
    this.metadata = metadata;
    this.deadline = deadline;
  }

  /** The same; with what it may have returned after, if it was stopped. */
  StopResult mark(StopResult result) {
    var snapshot = result.snapshot();
    var session = snapshot == null ? null : snapshot.session();
    if (snapshot == null || session == null || result.effort() == null) {
      return result;
    }
    try {
      var calculation = snapshot.calculation();
      var after = calculation == null ? null : sameIn(session, calculation);
      after = after == null ? sameAs(session, snapshot.owner()) : after;
      if (after == null) {
        return result;
      }
      var returned = new Return(after, false);
      return result.returned(returned).noting(returned.inWords());
    } catch (RuntimeException e) {
      // Neither what cannot be read nor a defect of ours may hide a stop.
      return result;
    }
  }

  /** The ID of a canceled calculation of the same session. */
  private @Nullable String sameIn(Session session, Calculation calculation) {
    var start = calculation.submittedAt();
    if (start == null || !Return.isNamed(calculation.description())) {
      return null;
    }
    if (canceled == null) {
      var since = start.minus(Return.WITHIN);
      var ended = service.athena().calculations(session.id(), since, deadline).calculations();
      canceled = ended.stream().filter(it -> it.state().isCanceled()).toList();
    }
    return canceled.stream()
        .filter(it -> !it.id().equals(calculation.id()))
        .filter(it -> Return.isLikely(it.description(), calculation.description()))
        .filter(it -> Return.isSoonAfter(it.completedAt(), start))
        .map(it -> it.id().value())
        .findFirst()
        .orElse(null);
  }

  /** The ID of a terminated session of the same workgroup and owner. */
  private @Nullable String sameAs(Session session, @Nullable String owner) {
    if (!Return.isNamed(session.description())) {
      return null;
    }
    if (terminated == null) {
      var group = new WorkGroup(session.workGroup());
      terminated = service.athena().terminatedSessions(group, deadline);
    }
    return terminated.stream()
        .filter(it -> !it.id().equals(session.id()))
        .filter(it -> Return.isLikely(it.description(), session.description()))
        .filter(it -> Return.isSoonAfter(it.endedAt(), session.startedAt()))
        .limit(Return.MAX_CANDIDATES)
        .filter(it -> Objects.equals(owner, ownerOf(it)))
        .map(it -> it.id().value())
        .findFirst()
        .orElse(null);
  }

  private @Nullable String ownerOf(Session ended) {
    return service.reader().owner(ended, metadata.place(), deadline);
  }
}
