package io.github.calculationguard.stop;

import module java.base;

import io.github.calculationguard.spark.*;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException.Reason;
import io.github.calculationguard.stop.Request.EndSession;
import io.github.calculationguard.stop.StopReport.Unresolved;
import io.github.calculationguard.stop.StopResult.Effort;
import org.jspecify.annotations.Nullable;

/** Terminates a session, and polls until it has ended. */
final class SessionTermination {

  /** Why a session that the guard asked to end may still bill. */
  static final String NOT_ENDED =
      "TerminateSession was accepted, and the session has not ended yet";

  private final StopService service;
  private final EndSession request;
  private final RequestMetadata metadata;
  private final TimeBudget budget;
  private boolean isAnswerLost;
  private boolean wasActive;

  SessionTermination(StopService service, EndSession request, TimeBudget budget) {
    this.service = service;
    this.request = request;
    this.budget = budget;
    metadata = request.metadata();
  }

  StopReport terminate() {
    var begun = budget.now();
    try {
      return new StopReport(budget.retry(() -> attempt(begun)).get());
    } catch (AthenaUnavailableException e) {
      return new StopReport(List.of(), List.of(new Unresolved(null, isAnswerLost, e)));
    }
  }

  /** What follows from one try. Work may come between two tries, so each reads the session. */
  private Supplier<StopResult> attempt(Instant begun) {
    var session = service.athena().session(request.session(), budget.stopBy());
    if (session.state().hasEnded()) {
      return isAnswerLost
          ? () -> untilEnded(session, begun)
          : wasActive ? () -> endedMeanwhile(session, begun) : () -> alreadyOver(session);
    }
    wasActive = true;
    var why = whyLeftAlone(session);
    if (why != null && isAnswerLost) {
      var unknown = "TerminateSession was sent, but its effect is not known yet; " + why;
      return () ->
          new StopResult(Outcome.CANCELING, unknown, described(session), effortSince(begun));
    }
    if (why != null) {
      return () -> new StopResult(Outcome.LEFT_ALONE, why, described(session));
    }
    if (metadata.dryRun()) {
      return () -> new StopResult(Outcome.DRY_RUN, null, described(session));
    }
    try {
      var state = service.athena().terminate(session.id(), budget.stopBy());
      return () -> untilEnded(session.withState(state), begun);
    } catch (AthenaUnavailableException e) {
      isAnswerLost |= e.reason() == Reason.ANSWER_LOST;
      throw e;
    }
  }

  private StopResult untilEnded(Session session, Instant begun) {
    var latest = new AtomicReference<>(session);
    budget.poll(() -> latest.updateAndGet(this::newer).state().hasEnded(), () -> false);
    var hasEnded = latest.get().state().hasEnded();
    var effort = effortSince(begun);
    // A defect of ours must not hide the termination.
    var snapshot = service.snapshotOrNull(latest::get, metadata, budget);
    return hasEnded
        ? new StopResult(Outcome.SESSION_TERMINATED, null, snapshot, effort)
        : new StopResult(Outcome.CANCELING, NOT_ENDED, snapshot, effort);
  }

  /** It ended after this delivery saw it active, and not by its request. */
  private StopResult endedMeanwhile(Session session, Instant begun) {
    var why = "it ended before TerminateSession was accepted, by somebody else or by itself";
    return new StopResult(Outcome.SESSION_TERMINATED, why, described(session), effortSince(begun));
  }

  private Effort effortSince(Instant begun) {
    return new Effort(0, Duration.between(begun, budget.now()), false, false);
  }

  /** An earlier delivery may have terminated it. */
  private StopResult alreadyOver(Session session) {
    var endedAt = session.endedAt();
    var snapshot = described(session);
    var mayTerminate = service.policy().mayTerminate() && !metadata.dryRun();
    if (!mayTerminate || !metadata.mayBeMadeBefore(endedAt)) {
      return new StopResult(Outcome.ALREADY_OVER, null, snapshot);
    }
    var why = metadata.whyCauseUnknown(endedAt);
    var effort = new Effort(0, Duration.ZERO, true, true);
    return new StopResult(Outcome.SESSION_TERMINATED, why, snapshot, effort);
  }

  private Snapshot described(Session session) {
    return service.reader().read(session, metadata.place(), budget.describeBy());
  }

  private @Nullable String whyLeftAlone(Session session) {
    if (!service.policy().mayTerminate() && !metadata.dryRun()) {
      return "this deployment may not terminate sessions: the parameter Escalation is NONE";
    }
    // A person's request does not cover later work, even if that has ended meanwhile.
    var since = request.violation() == null ? metadata.at() : Instant.MAX;
    var work = service.calculations(session, since, budget);
    var idleSince = request.onlyIfIdleSince();
    var calculations = work.calculations();
    var isEmpty = calculations.isEmpty() && work.unreadable() == 0;
    if (idleSince != null && !(session.state().isIdle() && isEmpty)) {
      return "the session is busy again";
    }
    if (idleSince != null && hasWorkedSince(session, idleSince)) {
      return "the session has worked since the finding, and is idle again";
    }
    if (request.force()) {
      return null;
    }
    if (work.unreadable() > 0
        || !calculations.stream().allMatch(it -> metadata.isMadeAfter(it.submittedAt()))) {
      return "a calculation was submitted after the request was made";
    }
    // Spark 3.5 does not list calculations.
    return session.supportsCalculations() || metadata.isMadeAfter(session.startedAt())
        ? null
        : "the session was started after the request was made, or Athena does not say when";
  }

  private Session newer(Session known) {
    try {
      return known.state().hasEnded()
          ? known
          : service.athena().session(known.id(), budget.stopBy());
    } catch (RuntimeException e) {
      return known;
    }
  }

  private boolean hasWorkedSince(Session session, Instant instant) {
    var since = instant.plusMillis(1);
    var known =
        session.lacksIdleSince()
            ? session.idleSinceLastOf(service.calculations(session, since, budget).calculations())
            : session;
    var idleSince = known.idleSince();
    return idleSince != null && idleSince.truncatedTo(ChronoUnit.MILLIS).isAfter(instant);
  }
}
