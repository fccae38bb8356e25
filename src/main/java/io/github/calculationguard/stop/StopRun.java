package io.github.calculationguard.stop;

import module java.base;

import io.github.calculationguard.spark.*;
import io.github.calculationguard.spark.AthenaSparkException.*;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException.Reason;
import io.github.calculationguard.stop.StopReport.Unresolved;
import org.jspecify.annotations.Nullable;

/** Stops all calculations that a request covers, which run in one session. */
final class StopRun {

  final StopService service;
  final RequestMetadata metadata;
  final TimeBudget budget;
  final List<StopAttempt> attempts;
  private final Set<CalculationId> covered;
  // The end of the session counts as ours, also where the answer was lost.
  boolean mayHaveTerminated;
  @Nullable String whyNotTerminated;
  private boolean isTerminationDenied;

  StopRun(
      StopService service, RequestMetadata metadata, TimeBudget budget, List<Calculation> covered) {
    this.service = service;
    this.metadata = metadata;
    this.budget = budget;
    this.covered = covered.stream().map(Calculation::id).collect(Collectors.toSet());
    attempts = covered.stream().map(it -> new StopAttempt(it, this)).toList();
  }

  StopReport untilOver() {
    budget.poll(
        () -> {
          sendStops();
          attempts.forEach(StopAttempt::step);
          return attempts.stream().allMatch(StopAttempt::isDone);
        },
        () -> attempts.stream().anyMatch(StopAttempt::isRequesting));
    var results = new ArrayList<StopResult>();
    var unresolved = new ArrayList<Unresolved>();
    Snapshot sessionSnapshot = null;
    for (var attempt : attempts) {
      try {
        attempt.throwIfUnresolved();
        var calculation = readIfUnknown(attempt.calculation);
        // The session is described once.
        sessionSnapshot =
            sessionSnapshot == null
                ? service.reader().read(calculation, metadata.place(), budget.describeBy())
                : sessionSnapshot.withCalculation(calculation);
        results.add(attempt.result(sessionSnapshot));
      } catch (RuntimeException e) {
        // Not even a defect of ours may hide this stop or the others.
        unresolved.add(new Unresolved(attempt.calculation.id(), attempt.stopsSent > 0, e));
      }
    }
    return new StopReport(results, unresolved);
  }

  /**
   * Sends each Stop that Athena has not accepted yet, those that failed least first. A Stop that is
   * throttled ends the round, because the others would be throttled too.
   */
  private void sendStops() {
    var requesting = attempts.stream().filter(StopAttempt::isRequesting);
    for (var attempt : requesting.sorted(Comparator.comparingInt(it -> it.failureRank)).toList()) {
      attempt.sendStop();
      if (attempt.isRequesting() && attempt.isThrottled()) {
        return;
      }
    }
  }

  private Calculation readIfUnknown(Calculation calculation) {
    try {
      return calculation.state().equals(CalculationState.UNKNOWN)
          ? service.athena().calculation(calculation.id(), budget.describeBy())
          : calculation;
    } catch (AthenaSparkException e) {
      return calculation;
    }
  }

  /** Terminates the session if that is allowed and nothing is active there that is not covered. */
  boolean terminateSessionOf(Calculation calculation) {
    var session = calculation.sessionId();
    if (session == null || !service.policy().mayTerminate() || isTerminationDenied) {
      return false;
    }
    var listed = service.athena().calculations(session, Instant.MAX, budget.stopBy());
    var active = listed.calculations().stream().map(Calculation::id).toList();
    if (!active.contains(calculation.id())) {
      return false;
    }
    var other = active.stream().filter(id -> !covered.contains(id)).findFirst();
    if (other.isPresent() || listed.unreadable() > 0) {
      whyNotTerminated =
          "the session was not terminated: it holds a calculation that the request does not cover%s"
              .formatted(other.map(id -> ", " + id).orElse(""));
      return false;
    }
    whyNotTerminated = null;
    try {
      service.athena().terminate(session, budget.stopBy());
      mayHaveTerminated = true;
      return true;
    } catch (AthenaUnavailableException e) {
      mayHaveTerminated |= e.reason() == Reason.ANSWER_LOST;
      throw e;
    } catch (DeniedException e) {
      isTerminationDenied = true;
      whyNotTerminated = "the session could not be terminated: " + e.getMessage();
      return false;
    }
  }
}
