package io.github.calculationguard.stop;

import static io.github.calculationguard.stop.Outcome.ALREADY_OVER;
import static io.github.calculationguard.stop.Outcome.CANCELING;
import static io.github.calculationguard.stop.Outcome.DRY_RUN;
import static io.github.calculationguard.stop.Outcome.LEFT_ALONE;
import static io.github.calculationguard.stop.Outcome.SESSION_TERMINATED;

import io.github.calculationguard.spark.AthenaSpark;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.AthenaSparkReader.CalculationList;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Snapshot;
import io.github.calculationguard.stop.Poller.Progress;
import io.github.calculationguard.stop.Request.EndSession;
import io.github.calculationguard.stop.StopResult.Effort;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Terminates sessions, and confirms that they ended. */
record SessionTermination(
    AthenaSpark athena,
    EscalationPolicy policy,
    Snapshot.Reader reader,
    InstantSource clock,
    Poller poller) {

  StopReport terminate(EndSession request, TimeBudget budget) {
    var metadata = request.metadata();
    var begun = clock.instant();
    var session = poller.retry(budget, () -> athena.session(request.session(), budget.confirm()));
    if (session.state().isOver()) {
      var snapshot = snapshot(session, request, budget);
      return policy.mayTerminate() && metadata.isBefore(session.endedAt())
          ? terminated(SESSION_TERMINATED, null, snapshot, new Effort(0, Duration.ZERO, true, true))
          : StopReport.of(ALREADY_OVER, null, snapshot);
    }
    var active =
        poller.retry(
            budget, () -> athena.calculations(session.id(), Instant.MAX, budget.confirm()));
    var exemption = whyLeftAlone(request, session, active, budget);
    if (exemption != null || metadata.dryRun()) {
      var outcome = exemption == null ? DRY_RUN : LEFT_ALONE;
      return StopReport.of(outcome, exemption, snapshot(session, request, budget));
    }
    var latest =
        new AtomicReference<>(
            session.in(
                poller.retry(budget, () -> athena.terminate(session.id(), budget.confirm()))));
    poller.poll(
        budget,
        () -> {
          if (!latest.get().state().isOver()) {
            latest.updateAndGet(known -> newer(known, budget));
          }
          return latest.get().state().isOver() ? Progress.DONE : Progress.WAITING;
        });
    var snapshot = snapshot(latest.get(), request, budget);
    var effort = new Effort(0, Duration.between(begun, clock.instant()), false, false);
    return latest.get().state().isOver()
        ? terminated(SESSION_TERMINATED, null, snapshot, effort)
        : terminated(
            CANCELING,
            "TerminateSession was accepted, and the session has not ended yet",
            snapshot,
            effort);
  }

  private static StopReport terminated(
      Outcome outcome, @Nullable String reason, Snapshot snapshot, Effort effort) {
    return new StopReport(List.of(new StopResult(outcome, reason, snapshot, effort)), List.of());
  }

  /** Why the session is not terminated; absent where it is. */
  private @Nullable String whyLeftAlone(
      EndSession request, Session session, CalculationList active, TimeBudget budget) {
    var onlyIfIdleSince = request.onlyIfIdleSince();
    var isEmpty = active.calculations().isEmpty() && active.unreadable() == 0;
    if (onlyIfIdleSince != null && (!session.state().isIdle() || !isEmpty)) {
      return "the session is busy again";
    }
    if (onlyIfIdleSince != null && hasWorkedSince(session, onlyIfIdleSince, budget)) {
      return "the session has worked since the finding, and is idle again";
    }
    if (active.unreadable() > 0
        || !active.calculations().stream().allMatch(c -> request.metadata().covers(c))) {
      return "a calculation was submitted after the request was made";
    }
    return policy.mayTerminate() || request.metadata().dryRun()
        ? null
        : "this deployment may not terminate sessions: the parameter Escalation is NONE";
  }

  private Session newer(Session known, TimeBudget budget) {
    try {
      return athena.session(known.id(), budget.confirm());
    } catch (AthenaSparkException e) {
      return known;
    }
  }

  /** Whether it became idle later than that. */
  private boolean hasWorkedSince(Session session, Instant instant, TimeBudget budget) {
    var known =
        session.lacksIdleSince()
            ? session.idleSinceLastOf(
                athena
                    .calculations(session.id(), instant.plusMillis(1), budget.confirm())
                    .calculations())
            : session;
    var idleSince = known.idleSince();
    return idleSince != null && idleSince.truncatedTo(ChronoUnit.MILLIS).isAfter(instant);
  }

  private Snapshot snapshot(Session session, EndSession request, TimeBudget budget) {
    return reader.read(session, request.metadata().place(), budget.describe());
  }
}
