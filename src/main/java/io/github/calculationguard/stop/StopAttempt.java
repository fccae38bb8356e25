package io.github.calculationguard.stop;

import module java.base;

import io.github.calculationguard.spark.*;
import io.github.calculationguard.spark.AthenaSparkException.*;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException.Reason;
import io.github.calculationguard.stop.StopReport.Unresolved;
import io.github.calculationguard.stop.StopResult.Effort;
import org.jspecify.annotations.Nullable;

/** The stop of one calculation: Stop, poll, Stop again, terminate the session if allowed, poll. */
final class StopAttempt {

  private static final Duration BETWEEN_STOPS = Duration.ofSeconds(10);
  private static final int RANK_OF_AN_ERROR = 1000;

  private enum State {
    /** Athena has not accepted Stop yet. */
    REQUESTING,
    /** Athena accepted Stop; the calculation may still run. */
    CANCELING,
    /** Athena accepted TerminateSession; the session may still live. */
    TERMINATING,
    /** Ended after this delivery of the request asked. */
    ENDED,
    /** The same, and its session ended too. */
    TERMINATED,
    /** Had ended when this delivery first asked; not described yet. */
    DESCRIBING,
    /** The same, and described. */
    ALREADY_OVER,
    /** Athena knows no such calculation, or denies access to it. */
    REFUSED
  }

  Calculation calculation;
  int stopsSent;
  // How often Stop failed; any other error weighs more than being throttled.
  int failureRank;
  private final StopRun run;
  private final AthenaSpark athena;
  private final Instant startedAt;
  private State state;
  private Instant lastStopAt;
  private Instant acceptedAt;
  private @Nullable Instant endedAt;
  private boolean isAnswerLost;
  private @Nullable RuntimeException failure;

  StopAttempt(Calculation calculation, StopRun run) {
    this.calculation = calculation;
    this.run = run;
    athena = run.service.athena();
    startedAt = run.budget.now();
    lastStopAt = startedAt;
    acceptedAt = startedAt;
    state = hasEnded() ? State.DESCRIBING : State.REQUESTING;
  }

  boolean isDone() {
    return endedAt != null;
  }

  boolean isRequesting() {
    return state == State.REQUESTING;
  }

  boolean isThrottled() {
    return failure instanceof AthenaUnavailableException e && e.reason() == Reason.THROTTLED;
  }

  /** Sends Stop, until Athena has accepted one. A failure is kept; the next call retries. */
  void sendStop() {
    if (!isRequesting()) {
      return;
    }
    try {
      if (!wasAccepted()) {
        stop();
      }
      state = hasEnded() ? State.DESCRIBING : State.CANCELING;
      acceptedAt = run.budget.now();
    } catch (NotFoundException | DeniedException e) {
      failure = e;
      end(State.REFUSED);
    } catch (RuntimeException e) {
      failure = e;
      failureRank += isThrottled() ? 1 : RANK_OF_AN_ERROR;
    }
  }

  private boolean wasAccepted() {
    if (!isAnswerLost) {
      return false;
    }
    poll();
    return hasEnded() || calculation.state().equals(CalculationState.CANCELING);
  }

  private void stop() {
    lastStopAt = run.budget.now();
    try {
      calculation = calculation.withState(athena.stop(calculation.id(), run.budget.stopBy()));
      stopsSent++;
      failure = null;
    } catch (AthenaUnavailableException e) {
      if (e.reason() == Reason.ANSWER_LOST) {
        stopsSent++;
        isAnswerLost = true;
      }
      throw e;
    }
  }

  /** Takes the attempt one poll further. A failure is kept; the next call retries. */
  void step() {
    try {
      switch (state) {
        case CANCELING, DESCRIBING -> {
          poll();
          if (hasEnded()) {
            end(state == State.CANCELING ? State.ENDED : State.ALREADY_OVER);
          } else {
            state = State.CANCELING;
            escalate();
          }
        }
        case TERMINATING -> {
          poll();
          var id = Objects.requireNonNull(calculation.sessionId(), "it was terminated");
          var session = athena.session(id, run.budget.stopBy());
          if (hasEnded() && session.state().hasEnded()) {
            end(State.TERMINATED);
          }
        }
        case REQUESTING, ENDED, TERMINATED, ALREADY_OVER, REFUSED -> {}
      }
    } catch (RuntimeException e) {
      failure = e;
    }
  }

  private void end(State end) {
    state = end;
    endedAt = run.budget.now();
  }

  private void poll() {
    try {
      calculation = athena.calculation(calculation.id(), run.budget.stopBy());
      failure = null;
    } catch (DeniedException e) {
      // A role that may stop and not read still learns the state from Stop's answers.
      failure = e;
    }
  }

  private void escalate() {
    try {
      var isDue = isDue(acceptedAt, run.service.policy().terminateAfter());
      if (isDue && run.terminateSessionOf(calculation)) {
        state = State.TERMINATING;
        return;
      }
    } catch (AthenaSparkException e) {
      // Stop is sent again all the same.
      failure = e;
    }
    if (isDue(lastStopAt, BETWEEN_STOPS)) {
      stop();
    }
  }

  private boolean isDue(Instant since, Duration after) {
    return !run.budget.now().isBefore(since.plus(after));
  }

  private boolean hasEnded() {
    return calculation.state().hasEnded();
  }

  /** Throws the failure, if only a retry can find out the outcome. */
  void throwIfUnresolved() {
    if (state == State.REQUESTING || state == State.DESCRIBING) {
      throw failure == null ? new AthenaUnavailableException("no time was left") : failure;
    }
  }

  StopResult result(Snapshot snapshot) {
    var why = failure == null ? null : Unresolved.reason(failure);
    if (state == State.REFUSED) {
      var outcome = failure instanceof NotFoundException ? Outcome.NOT_FOUND : Outcome.DENIED;
      return new StopResult(outcome, why, snapshot);
    }
    var completedAt = calculation.completedAt();
    var took = Duration.between(startedAt, endedAt == null ? run.budget.now() : endedAt);
    var hadEnded = state == State.ALREADY_OVER;
    // If the answer to an earlier Stop was lost, that Stop may be what ended it.
    var endedBefore = hadEnded && !isAnswerLost;
    var isRepeat = endedBefore && run.metadata.isMadeBefore(completedAt);
    var effort = new Effort(stopsSent, took, endedBefore, isRepeat);
    if (!hasEnded() || state == State.TERMINATING) {
      return new StopResult(Outcome.CANCELING, whyNotOver(why), snapshot, effort);
    }
    var alreadyOver = new StopResult(Outcome.ALREADY_OVER, null, snapshot);
    if (hadEnded && !run.metadata.mayBeMadeBefore(completedAt)) {
      return alreadyOver;
    }
    var whyUnknown = hadEnded ? run.metadata.whyCauseUnknown(completedAt) : null;
    if (state == State.TERMINATED || wasTerminated(snapshot)) {
      return new StopResult(Outcome.SESSION_TERMINATED, whyUnknown, snapshot, effort);
    }
    if (calculation.state().isCanceled()) {
      return new StopResult(Outcome.CANCELED, whyUnknown, snapshot, effort);
    }
    return whyUnknown == null
        ? new StopResult(Outcome.FINISHED_ANYWAY, null, snapshot, effort)
        : alreadyOver;
  }

  private @Nullable String whyNotOver(@Nullable String why) {
    if (state == State.TERMINATING) {
      return SessionTermination.NOT_ENDED;
    }
    if (run.whyNotTerminated != null) {
      return run.whyNotTerminated;
    }
    return failure instanceof DeniedException ? "the calculation could not be read: " + why : why;
  }

  /** Whether it ended because this or an earlier delivery terminated its session. */
  private boolean wasTerminated(Snapshot snapshot) {
    var session = snapshot.session();
    return run.service.policy().mayTerminate()
        && (state == State.ALREADY_OVER || run.mayHaveTerminated)
        && calculation.state().isFailed()
        && session != null
        && session.state().hasEnded()
        && run.metadata.mayBeMadeBefore(session.endedAt());
  }
}
