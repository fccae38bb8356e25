package io.github.calculationguard.stop;

import module java.base;

import io.github.calculationguard.spark.AthenaSpark;
import io.github.calculationguard.spark.AthenaSparkReader.CalculationList;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Snapshot;
import io.github.calculationguard.stop.Request.EndSession;
import io.github.calculationguard.stop.StopResult.Effort;
import org.jspecify.annotations.Nullable;

/** Terminates a session, and confirms that it ended. */
record SessionTermination(EndSession request, Delivery delivery) {

  /** Why a session that the guard asked to end may still bill. */
  static final String NOT_ENDED =
      "TerminateSession was accepted, and the session has not ended yet";

  StopReport terminate() {
    var begun = delivery.now();
    var session = delivery.retry(() -> athena().session(request.session(), delivery.confirm()));
    if (session.state().isOver()) {
      return alreadyOver(session);
    }
    var active = delivery.calculations(session, Instant.MAX);
    var exemption = whyLeftAlone(session, active);
    if (exemption != null || request.metadata().dryRun()) {
      var outcome = exemption == null ? Outcome.DRY_RUN : Outcome.LEFT_ALONE;
      return StopReport.of(outcome, exemption, delivery.snapshot(session), null);
    }
    var state = delivery.retry(() -> athena().terminate(session.id(), delivery.confirm()));
    var latest = new AtomicReference<>(session.in(state));
    delivery.poll(() -> latest.updateAndGet(this::newer).state().isOver(), () -> false);
    var effort = new Effort(0, Duration.between(begun, delivery.now()), false, false);
    var isOver = latest.get().state().isOver();
    return StopReport.of(
        isOver ? Outcome.SESSION_TERMINATED : Outcome.CANCELING,
        isOver ? null : NOT_ENDED,
        snapshotOrNull(latest.get()),
        effort);
  }

  /** A defect of ours must not hide the termination. */
  private @Nullable Snapshot snapshotOrNull(Session session) {
    try {
      return delivery.snapshot(session);
    } catch (RuntimeException e) {
      return null;
    }
  }

  private AthenaSpark athena() {
    return delivery.service().athena();
  }

  private boolean mayTerminate() {
    return delivery.service().policy().mayTerminate();
  }

  /** An earlier delivery may have terminated it. */
  private StopReport alreadyOver(Session session) {
    var metadata = request.metadata();
    var snapshot = delivery.snapshot(session);
    if (!mayTerminate() || metadata.dryRun() || !metadata.mayBeBefore(session.endedAt())) {
      return StopReport.of(Outcome.ALREADY_OVER, null, snapshot, null);
    }
    var reason = metadata.isBefore(session.endedAt()) ? null : StopAttempt.BY_WHOM;
    var effort = new Effort(0, Duration.ZERO, true, true);
    return StopReport.of(Outcome.SESSION_TERMINATED, reason, snapshot, effort);
  }

  /** Why the session is not terminated; absent where it is. */
  private @Nullable String whyLeftAlone(Session session, CalculationList active) {
    var idleSince = request.onlyIfIdleSince();
    var calculations = active.calculations();
    var isEmpty = calculations.isEmpty() && active.unreadable() == 0;
    if (idleSince != null && !(session.state().isIdle() && isEmpty)) {
      return "the session is busy again";
    }
    if (idleSince != null && hasWorkedSince(session, idleSince)) {
      return "the session has worked since the finding, and is idle again";
    }
    if (active.unreadable() > 0 || !calculations.stream().allMatch(request.metadata()::covers)) {
      return "a calculation was submitted after the request was made";
    }
    return mayTerminate() || request.metadata().dryRun()
        ? null
        : "this deployment may not terminate sessions: the parameter Escalation is NONE";
  }

  private Session newer(Session known) {
    try {
      return known.state().isOver() ? known : athena().session(known.id(), delivery.confirm());
    } catch (RuntimeException e) {
      return known;
    }
  }

  /** Whether it became idle later than that. */
  private boolean hasWorkedSince(Session session, Instant instant) {
    var since = instant.plusMillis(1);
    var known =
        session.lacksIdleSince()
            ? session.idleSinceLastOf(delivery.calculations(session, since).calculations())
            : session;
    var idleSince = known.idleSince();
    return idleSince != null && idleSince.truncatedTo(ChronoUnit.MILLIS).isAfter(instant);
  }
}
