package io.github.calculationguard.stop;

import module java.base;

import io.github.calculationguard.spark.Session;
import io.github.calculationguard.stop.Request.EndSession;
import io.github.calculationguard.stop.StopResult.Effort;
import org.jspecify.annotations.Nullable;

/** Terminates a session, and polls until it has ended. */
record SessionTermination(StopService service, EndSession request, TimeBudget budget) {

  /** Why a session that the guard asked to end may still bill. */
  static final String NOT_ENDED =
      "TerminateSession was accepted, and the session has not ended yet";

  StopResult terminate() {
    var metadata = request.metadata();
    var begun = budget.now();
    var session = service.session(request.session(), budget);
    if (session.state().hasEnded()) {
      return alreadyOver(session);
    }
    var exemption = new AtomicReference<@Nullable String>();
    // Work may come between two tries.
    var state =
        budget.retry(
            () -> {
              exemption.set(whyLeftAlone(session));
              return exemption.get() != null || metadata.dryRun()
                  ? session.state()
                  : service.athena().terminate(session.id(), budget.stopBy());
            });
    if (exemption.get() != null || metadata.dryRun()) {
      var outcome = exemption.get() == null ? Outcome.DRY_RUN : Outcome.LEFT_ALONE;
      var snapshot = service.reader().read(session, metadata.place(), budget.describeBy());
      return new StopResult(outcome, exemption.get(), snapshot);
    }
    var latest = new AtomicReference<>(session.withState(state));
    budget.poll(() -> latest.updateAndGet(this::newer).state().hasEnded(), () -> false);
    var hasEnded = latest.get().state().hasEnded();
    var effort = new Effort(0, Duration.between(begun, budget.now()), false, false);
    // A defect of ours must not hide the termination.
    var snapshot = service.snapshotOrNull(latest::get, metadata, budget);
    return hasEnded
        ? new StopResult(Outcome.SESSION_TERMINATED, null, snapshot, effort)
        : new StopResult(Outcome.CANCELING, NOT_ENDED, snapshot, effort);
  }

  /** An earlier delivery may have terminated it. */
  private StopResult alreadyOver(Session session) {
    var metadata = request.metadata();
    var endedAt = session.endedAt();
    var snapshot = service.reader().read(session, metadata.place(), budget.describeBy());
    var mayTerminate = service.policy().mayTerminate() && !metadata.dryRun();
    if (!mayTerminate || !metadata.mayPrecede(endedAt)) {
      return new StopResult(Outcome.ALREADY_OVER, null, snapshot);
    }
    var doubt = metadata.doubtWhoEnded(endedAt);
    var effort = new Effort(0, Duration.ZERO, true, true);
    return new StopResult(Outcome.SESSION_TERMINATED, doubt, snapshot, effort);
  }

  /** Why the session is not terminated; absent where it is. */
  private @Nullable String whyLeftAlone(Session session) {
    var metadata = request.metadata();
    if (!service.policy().mayTerminate() && !metadata.dryRun()) {
      return "this deployment may not terminate sessions: the parameter Escalation is NONE";
    }
    // A person's order does not cover later work either if that has ended meanwhile.
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
        || !calculations.stream().allMatch(it -> metadata.follows(it.submittedAt()))) {
      return "a calculation was submitted after the request was made";
    }
    // There later work can't be seen.
    return session.supportsCalculations() || metadata.follows(session.startedAt())
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

  /** Whether it became idle later than that. */
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
