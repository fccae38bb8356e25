package io.github.calculationguard.stop;

import static io.github.calculationguard.stop.Outcome.ALREADY_OVER;
import static io.github.calculationguard.stop.Outcome.CANCELED;
import static io.github.calculationguard.stop.Outcome.CANCELING;
import static io.github.calculationguard.stop.Outcome.DENIED;
import static io.github.calculationguard.stop.Outcome.FINISHED_ANYWAY;
import static io.github.calculationguard.stop.Outcome.NOT_FOUND;
import static io.github.calculationguard.stop.Outcome.SESSION_TERMINATED;

import io.github.calculationguard.spark.AthenaSpark;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException.Reason;
import io.github.calculationguard.spark.AthenaSparkException.DeniedException;
import io.github.calculationguard.spark.AthenaSparkException.NotFoundException;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.CalculationState;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.spark.Snapshot;
import io.github.calculationguard.stop.StopReport.Unresolved;
import io.github.calculationguard.stop.StopResult.Effort;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The stop of one calculation: Stop, poll, Stop again, terminate the session if allowed, poll. */
final class StopAttempt {

  private enum State {
    /** Athena has not accepted a Stop yet. */
    REQUESTING,
    /** Athena accepted Stop; the calculation may still run. */
    CANCELING,
    /** Athena accepted TerminateSession; the session may still live. */
    TERMINATING,
    /** The end of the calculation is confirmed. */
    ENDED,
    /** The end of the calculation and of its session is confirmed. */
    TERMINATED,
    /** Athena knows no such calculation, or denies access to it. */
    REFUSED
  }

  private enum Termination {
    UNTRIED,
    /** Sent; whether Athena accepted it is not always known. */
    TRIED,
    DENIED
  }

  private static final String BY_WHOM =
      "it ended before this delivery of the request; by an earlier delivery or by somebody else,"
          + " nobody can say";

  private final AthenaSpark athena;
  private final EscalationPolicy policy;
  private final InstantSource clock;
  private final RequestMetadata metadata;
  private final Set<CalculationId> covered;
  private final TimeBudget budget;
  private final Instant startedAt;

  private State state = State.REQUESTING;
  private Calculation calculation;
  private Instant lastStopAt;
  private int errors;
  private int throttles;
  private int stopsSent;
  private boolean isAnswerLost;
  private boolean wasOver;
  private boolean isCurrent;
  private Termination termination = Termination.UNTRIED;
  private @Nullable RuntimeException failure;
  private @Nullable String notTerminated;

  /**
   * @param calculation what is known of it; one that has ended is only described
   * @param covered everything that the request covers: a session with anything else in it is not
   *     terminated
   */
  StopAttempt(
      Calculation calculation,
      Set<CalculationId> covered,
      RequestMetadata metadata,
      TimeBudget budget,
      AthenaSpark athena,
      EscalationPolicy policy,
      InstantSource clock) {
    this.calculation = calculation;
    this.covered = covered;
    this.metadata = metadata;
    this.budget = budget;
    this.athena = athena;
    this.policy = policy;
    this.clock = clock;
    startedAt = clock.instant();
    lastStopAt = startedAt;
    if (calculation.state().isOver()) {
      state = State.CANCELING;
      wasOver = true;
    }
  }

  /** Whether nothing more is to be done or seen. */
  boolean isDone() {
    return switch (state) {
      case REQUESTING, CANCELING, TERMINATING -> false;
      case ENDED, TERMINATED, REFUSED -> true;
    };
  }

  Calculation calculation() {
    return calculation;
  }

  /** Whether Athena has not accepted a Stop yet. */
  boolean isRequesting() {
    return state == State.REQUESTING;
  }

  /** How many times Stop was throttled. */
  int throttles() {
    return throttles;
  }

  /** How many times Stop failed for another reason. */
  int errors() {
    return errors;
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
    } catch (NotFoundException | DeniedException e) {
      failure = e;
      state = State.REFUSED;
    } catch (RuntimeException e) {
      failure = e;
      if (isThrottled()) {
        throttles++;
      } else {
        errors++;
      }
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
    lastStopAt = clock.instant();
    try {
      var answer = athena.stop(calculation.id(), budget.confirm());
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

  /** Polls, and does what is due. */
  void step() {
    try {
      switch (state) {
        case CANCELING -> {
          poll();
          if (!calculation.state().isOver()) {
            escalate(clock.instant());
          } else if (isCurrent) {
            state = State.ENDED;
          }
        }
        case TERMINATING -> {
          poll();
          var session = athena.session(sessionId(), budget.confirm());
          if (isCurrent && calculation.state().isOver() && session.state().isOver()) {
            state = State.TERMINATED;
          }
        }
        case REQUESTING, ENDED, TERMINATED, REFUSED -> {}
      }
    } catch (RuntimeException e) {
      failure = e;
    }
  }

  private void poll() {
    isCurrent = false;
    try {
      calculation = athena.calculation(calculation.id(), budget.confirm());
      isCurrent = true;
      failure = null;
    } catch (DeniedException e) {
      // A role that may stop and not read still learns the state from Stop's answers.
      isCurrent = true;
      failure = e;
    }
  }

  private void escalate(Instant now) {
    if (policy.mayTerminate()
        && termination != Termination.DENIED
        && isDue(startedAt, policy.terminateAfter(), now)) {
      terminate();
    } else if (isDue(lastStopAt, EscalationPolicy.BETWEEN_STOPS, now)) {
      stop();
    }
  }

  private void terminate() {
    if (calculation.sessionId() == null) {
      return;
    }
    var active = athena.calculations(sessionId(), Instant.MAX, budget.confirm());
    if (active.calculations().stream().noneMatch(c -> c.id().equals(calculation.id()))) {
      return;
    }
    var other =
        active.calculations().stream()
            .map(Calculation::id)
            .filter(id -> !id.equals(calculation.id()) && !covered.contains(id))
            .findFirst();
    if (other.isPresent() || active.unreadable() > 0) {
      notTerminated =
          "the session was not terminated: it holds a calculation that the request does not cover%s"
              .formatted(other.map(id -> ", " + id).orElse(""));
      return;
    }
    try {
      // The answer may be lost: from here on the end of the session counts as ours.
      termination = Termination.TRIED;
      athena.terminate(sessionId(), budget.confirm());
      state = State.TERMINATING;
      notTerminated = null;
    } catch (DeniedException e) {
      termination = Termination.DENIED;
      notTerminated = "the session could not be terminated: " + e.getMessage();
    }
  }

  /** What only a retry can find out; absent where {@link #result} tells the outcome. */
  @Nullable Unresolved unresolved() {
    var isUnknown = state == State.REQUESTING || (wasOver && !isCurrent && state != State.REFUSED);
    return isUnknown
        ? new Unresolved(
            calculation.id(),
            stopsSent > 0,
            failure == null ? new AthenaUnavailableException("no time was left") : failure)
        : null;
  }

  /** The outcome; call it last. */
  StopResult result(@Nullable Snapshot snapshot) {
    if (state == State.REFUSED) {
      var outcome = failure instanceof NotFoundException ? NOT_FOUND : DENIED;
      return StopResult.of(outcome, message(), snapshot);
    }
    var completedAt = calculation.completedAt();
    // If the answer to an earlier Stop was lost, that Stop may be what ended it.
    var repeat = wasOver && !isAnswerLost && metadata.isBefore(completedAt);
    var effort =
        new Effort(stopsSent, Duration.between(startedAt, clock.instant()), wasOver, repeat);
    if (!calculation.state().isOver() || state == State.TERMINATING) {
      return new StopResult(CANCELING, whyNotOver(), snapshot, effort);
    }
    var isOurs = !wasOver || metadata.isBefore(completedAt);
    var isUncertain = !isOurs && metadata.mayBeBefore(completedAt);
    var reason = isUncertain ? BY_WHOM : null;
    if (state == State.TERMINATED || wasTerminated(snapshot, isOurs, isUncertain)) {
      return new StopResult(SESSION_TERMINATED, reason, snapshot, effort);
    }
    if (!isOurs && !(isUncertain && calculation.state().isCanceled())) {
      return StopResult.of(ALREADY_OVER, null, snapshot);
    }
    return calculation.state().isCanceled()
        ? new StopResult(CANCELED, reason, snapshot, effort)
        : new StopResult(FINISHED_ANYWAY, null, snapshot, effort);
  }

  private @Nullable String whyNotOver() {
    if (state == State.TERMINATING) {
      return "TerminateSession was accepted, and the session has not ended yet";
    }
    if (notTerminated != null || failure == null) {
      return notTerminated;
    }
    return failure instanceof DeniedException
        ? "the calculation could not be read: " + message()
        : message();
  }

  /** Whether the end of its session, which we or an earlier delivery asked for, ended it. */
  private boolean wasTerminated(@Nullable Snapshot snapshot, boolean isOurs, boolean isUncertain) {
    var session = snapshot == null ? null : snapshot.session();
    var wasTried = wasOver ? isOurs || isUncertain : termination == Termination.TRIED;
    if (!wasTried || session == null || session.endedAt() == null || !policy.mayTerminate()) {
      return false;
    }
    return session.state().isOver()
        && !calculation.state().isCanceled()
        && !calculation.state().name().equals("COMPLETED")
        && (isOurs
            ? metadata.isBefore(session.endedAt())
            : metadata.mayBeBefore(session.endedAt()));
  }

  private String message() {
    return failure == null ? "" : new Unresolved(null, false, failure).reason();
  }

  private SessionId sessionId() {
    return Objects.requireNonNull(calculation.sessionId(), "terminate() checks it");
  }

  private static boolean isDue(Instant since, Duration after, Instant now) {
    return !now.isBefore(since.plus(after));
  }
}
