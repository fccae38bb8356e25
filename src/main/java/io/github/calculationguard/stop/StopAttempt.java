package io.github.calculationguard.stop;

import module java.base;

import io.github.calculationguard.spark.AthenaSpark;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException.Reason;
import io.github.calculationguard.spark.AthenaSparkException.DeniedException;
import io.github.calculationguard.spark.AthenaSparkException.NotFoundException;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationState;
import io.github.calculationguard.spark.Snapshot;
import io.github.calculationguard.stop.StopReport.Unresolved;
import io.github.calculationguard.stop.StopResult.Effort;
import org.jspecify.annotations.Nullable;

/** The stop of one calculation: Stop, poll, Stop again, terminate the session if allowed, poll. */
final class StopAttempt {

  static final String BY_WHOM =
      "it ended before this delivery of the request; by an earlier delivery or by somebody else,"
          + " nobody can say";

  private static final Duration BETWEEN_STOPS = Duration.ofSeconds(10);
  private static final int PENALTY_OF_AN_ERROR = 1000;

  private enum State {
    REQUESTING,
    /** Athena accepted Stop; the calculation may still run. */
    CANCELING,
    /** Athena accepted TerminateSession; the session may still live. */
    TERMINATING,
    ENDED,
    /** Ended, and its session too. */
    TERMINATED,
    /** Athena knows no such calculation, or denies access to it. */
    REFUSED
  }

  private final List<StopAttempt> attempts;
  private final Delivery delivery;
  private final AthenaSpark athena;
  private Calculation calculation;
  private State state;
  private final Instant startedAt;
  private Instant lastStopAt;
  private Instant acceptedAt;
  private int penalty;
  private int stopsSent;
  private boolean isAnswerLost;
  private boolean wasOver;
  private boolean isCurrent;
  private boolean mayHaveTerminated;
  private boolean isTerminationDenied;
  private @Nullable Instant endedAt;
  private @Nullable RuntimeException failure;
  private @Nullable String notTerminated;

  /**
   * @param calculation what is known of it; one that has ended is only described
   * @param attempts those of everything that the request covers: a session with anything else in it
   *     is not terminated
   */
  StopAttempt(Calculation calculation, List<StopAttempt> attempts, Delivery delivery) {
    this.calculation = calculation;
    this.attempts = attempts;
    this.delivery = delivery;
    athena = delivery.service().athena();
    startedAt = delivery.now();
    lastStopAt = startedAt;
    acceptedAt = startedAt;
    wasOver = calculation.state().isOver();
    state = wasOver ? State.CANCELING : State.REQUESTING;
  }

  boolean isDone() {
    return Set.of(State.ENDED, State.TERMINATED, State.REFUSED).contains(state);
  }

  Calculation calculation() {
    return calculation;
  }

  /** Whether Athena has not accepted a Stop yet. */
  boolean isRequesting() {
    return state == State.REQUESTING;
  }

  /** How often Stop failed; any other error weighs more than being throttled. */
  int penalty() {
    return penalty;
  }

  /** Whether the last try failed because there were too many calls. */
  boolean isThrottled() {
    return failure instanceof AthenaUnavailableException e && e.reason() == Reason.THROTTLED;
  }

  /** Sends Stop, until Athena has accepted one. A failure is kept; the next call retries. */
  void sendStop() {
    if (!isRequesting()) {
      return;
    }
    try {
      wasOver = (isAccepted() ? calculation.state() : stop()).isOver();
      state = State.CANCELING;
      acceptedAt = delivery.now();
    } catch (NotFoundException | DeniedException e) {
      failure = e;
      state = State.REFUSED;
    } catch (RuntimeException e) {
      failure = e;
      penalty += isThrottled() ? 1 : PENALTY_OF_AN_ERROR;
    }
  }

  /** Whether a Stop whose answer was lost was accepted all the same. */
  private boolean isAccepted() {
    if (!isAnswerLost) {
      return false;
    }
    poll();
    return calculation.state().isOver() || calculation.state().equals(CalculationState.CANCELING);
  }

  private CalculationState stop() {
    lastStopAt = delivery.now();
    try {
      var answer = athena.stop(calculation.id(), delivery.confirm());
      stopsSent++;
      failure = null;
      calculation = calculation.in(answer);
      return answer;
    } catch (AthenaUnavailableException e) {
      if (e.reason() == Reason.ANSWER_LOST) {
        stopsSent++;
        isAnswerLost = true;
      }
      throw e;
    }
  }

  void step() {
    try {
      switch (state) {
        case CANCELING -> {
          poll();
          if (!calculation.state().isOver()) {
            escalate();
          } else if (isCurrent) {
            state = State.ENDED;
          }
        }
        case TERMINATING -> {
          poll();
          var id = Objects.requireNonNull(calculation.sessionId(), "terminate() checks it");
          var session = athena.session(id, delivery.confirm());
          if (isCurrent && calculation.state().isOver() && session.state().isOver()) {
            state = State.TERMINATED;
          }
        }
        case REQUESTING, ENDED, TERMINATED, REFUSED -> {}
      }
      endedAt = endedAt == null && isDone() ? delivery.now() : endedAt;
    } catch (RuntimeException e) {
      failure = e;
    }
  }

  private void poll() {
    isCurrent = false;
    try {
      calculation = athena.calculation(calculation.id(), delivery.confirm());
      isCurrent = true;
      failure = null;
    } catch (DeniedException e) {
      // A role that may stop and not read still learns the state from Stop's answers.
      isCurrent = true;
      failure = e;
    }
  }

  private void escalate() {
    var policy = delivery.service().policy();
    var mayTerminate = policy.mayTerminate() && !isTerminationDenied;
    if (mayTerminate && isDue(acceptedAt, policy.terminateAfter())) {
      try {
        terminate();
      } catch (AthenaSparkException e) {
        // Stop is sent again all the same.
        failure = e;
      }
    }
    if (state == State.CANCELING && isDue(lastStopAt, BETWEEN_STOPS)) {
      stop();
    }
  }

  private boolean isDue(Instant since, Duration after) {
    return !delivery.now().isBefore(since.plus(after));
  }

  private void terminate() {
    var session = calculation.sessionId();
    if (session == null) {
      return;
    }
    var listed = athena.calculations(session, Instant.MAX, delivery.confirm());
    var active = listed.calculations().stream().map(Calculation::id).toList();
    if (!active.contains(calculation.id())) {
      return;
    }
    var covered = attempts.stream().map(it -> it.calculation.id()).collect(Collectors.toSet());
    var other = active.stream().filter(id -> !covered.contains(id)).findFirst();
    if (other.isPresent() || listed.unreadable() > 0) {
      notTerminated =
          "the session was not terminated: it holds a calculation that the request does not cover%s"
              .formatted(other.map(id -> ", " + id).orElse(""));
      return;
    }
    try {
      // The answer may be lost: from here on the end of the session counts as ours.
      mayHaveTerminated = true;
      athena.terminate(session, delivery.confirm());
      state = State.TERMINATING;
      notTerminated = null;
    } catch (DeniedException e) {
      mayHaveTerminated = false;
      isTerminationDenied = true;
      notTerminated = "the session could not be terminated: " + e.getMessage();
    }
  }

  boolean isStopSent() {
    return stopsSent > 0;
  }

  /** What only a retry can find out; absent where {@link #result} tells the outcome. */
  @Nullable Unresolved unresolved() {
    var isUnknown = state == State.REQUESTING || (wasOver && !isCurrent && state != State.REFUSED);
    return isUnknown
        ? new Unresolved(
            calculation.id(),
            isStopSent(),
            failure == null ? new AthenaUnavailableException("no time was left") : failure)
        : null;
  }

  /** The outcome; call it last. */
  StopResult result(Snapshot snapshot) {
    if (state == State.REFUSED) {
      var outcome = failure instanceof NotFoundException ? Outcome.NOT_FOUND : Outcome.DENIED;
      return StopResult.of(outcome, message(), snapshot);
    }
    var metadata = delivery.metadata();
    var isSince = metadata.isBefore(calculation.completedAt());
    var took = Duration.between(startedAt, endedAt == null ? delivery.now() : endedAt);
    // If the answer to an earlier Stop was lost, that Stop may be what ended it.
    var foundOver = wasOver && !isAnswerLost;
    var effort = new Effort(stopsSent, took, foundOver, foundOver && isSince);
    if (!calculation.state().isOver() || state == State.TERMINATING) {
      return new StopResult(Outcome.CANCELING, whyNotOver(), snapshot, effort);
    }
    var isOurs = !wasOver || isSince;
    var isUncertain = !isOurs && metadata.mayBeBefore(calculation.completedAt());
    var reason = isUncertain ? BY_WHOM : null;
    if (state == State.TERMINATED || ((isOurs || isUncertain) && wasTerminated(snapshot))) {
      return new StopResult(Outcome.SESSION_TERMINATED, reason, snapshot, effort);
    }
    if (calculation.state().isCanceled() && (isOurs || isUncertain)) {
      return new StopResult(Outcome.CANCELED, reason, snapshot, effort);
    }
    return isOurs
        ? new StopResult(Outcome.FINISHED_ANYWAY, null, snapshot, effort)
        : StopResult.of(Outcome.ALREADY_OVER, null, snapshot);
  }

  private @Nullable String whyNotOver() {
    if (state == State.TERMINATING) {
      return SessionTermination.NOT_ENDED;
    }
    if (notTerminated != null || failure == null) {
      return notTerminated;
    }
    return (failure instanceof DeniedException ? "the calculation could not be read: " : "")
        + message();
  }

  /** Whether the end of its session, which we or an earlier delivery asked for, ended it. */
  private boolean wasTerminated(Snapshot snapshot) {
    var session = snapshot.session();
    return delivery.service().policy().mayTerminate()
        && (wasOver || attempts.stream().anyMatch(it -> it.mayHaveTerminated))
        && calculation.state().name().equals("FAILED")
        && session != null
        && session.state().isOver()
        && delivery.metadata().mayBeBefore(session.endedAt());
  }

  private String message() {
    return failure == null ? "" : new Unresolved(null, false, failure).reason();
  }
}
