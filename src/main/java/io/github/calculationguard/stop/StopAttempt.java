package io.github.calculationguard.stop;

import io.github.calculationguard.spark.AthenaSpark;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.AthenaUnavailableException;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.DeniedException;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.spark.Snapshot;
import io.github.calculationguard.spark.SnapshotReader;
import io.github.calculationguard.stop.StopOutcome.Effort;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One calculation's way up the ladder: Stop, look, Stop again, end the session, look. */
final class StopAttempt {

  private final AthenaSpark athena;
  private final EscalationPolicy ladder;
  private final InstantSource clock;
  private final RequestMetadata given;
  private final Set<CalculationId> besides;
  private final TimeBudget budget;

  private final Instant begun;
  private final boolean overWhenAsked;
  private Calculation latest;
  private Instant lastStop;
  private int stops = 1;
  private boolean blind = true;
  private boolean terminating;
  private boolean terminationTried;
  private boolean terminationDenied;
  private boolean sessionOver;
  private @Nullable String trouble;
  private @Nullable String notTerminated;

  /**
   * Begins with the first Stop.
   *
   * @param besides what else the order covers: a session with anything more in it is not ended
   */
  StopAttempt(
      CalculationId id,
      Set<CalculationId> besides,
      RequestMetadata given,
      TimeBudget budget,
      AthenaSpark athena,
      EscalationPolicy ladder,
      InstantSource clock) {
    this.besides = besides;
    this.given = given;
    this.budget = budget;
    this.athena = athena;
    this.ladder = ladder;
    this.clock = clock;
    begun = clock.instant();
    lastStop = begun;
    latest = Calculation.undescribed(id, athena.stop(id, budget.climb()));
    overWhenAsked = latest.state().isOver();
  }

  /** Whether all is seen that is to be seen. */
  boolean isDone() {
    return !blind && latest.state().isOver() && (!terminating || sessionOver);
  }

  /** Looks, and does what is due. */
  void step() {
    try {
      look();
      if (!latest.state().isOver()) {
        climb(clock.instant());
      }
      if (terminating) {
        sessionOver = athena.session(sessionId(), budget.climb()).state().isOver();
      }
    } catch (AthenaSparkException e) {
      trouble = e.getMessage();
    }
  }

  private void look() {
    try {
      latest = athena.calculation(latest.id(), budget.climb());
      blind = false;
      trouble = null;
    } catch (DeniedException e) {
      // Who may stop and not look still learns the state from Stop's own answers.
      blind = false;
      trouble = "the calculation can't be looked at: " + e.getMessage();
    } catch (AthenaSparkException e) {
      blind = true;
      trouble = e.getMessage();
    }
  }

  private void climb(Instant now) {
    if (terminating) {
      return;
    }
    if (ladder.mayTerminate() && !terminationDenied && isDue(begun, ladder.terminateAfter(), now)) {
      terminate();
    } else if (isDue(lastStop, EscalationPolicy.BETWEEN_STOPS, now)) {
      lastStop = now;
      stops++;
      latest = latest.in(athena.stop(latest.id(), budget.climb()));
    }
  }

  private void terminate() {
    if (latest.sessionId() == null) {
      return;
    }
    var active = athena.activeCalculations(sessionId(), budget.climb());
    if (active.stream().noneMatch(c -> c.id().equals(latest.id()))) {
      return;
    }
    var bystander =
        active.stream()
            .filter(c -> !c.id().equals(latest.id()) && !besides.contains(c.id()))
            .findFirst();
    if (bystander.isPresent()) {
      notTerminated =
          "the session was not terminated: calculation %s in it was not in the order"
              .formatted(bystander.get().id());
      return;
    }
    try {
      terminationTried = true;
      athena.terminate(sessionId(), budget.climb());
      terminating = true;
      notTerminated = null;
    } catch (DeniedException e) {
      terminationDenied = true;
      notTerminated = "the session could not be terminated: " + e.getMessage();
    }
  }

  /** What has become of it by now; call it last. */
  StopOutcome outcome(SnapshotReader describe) {
    if (overWhenAsked && blind) {
      // Whether it ended before the order or because of it is the very thing that is asked.
      throw new AthenaUnavailableException(
          "Athena answered %s to Stop, and then would not describe the calculation: %s"
              .formatted(latest.state(), trouble));
    }
    var details = describe.of(latest, given.place(), budget.describe());
    var effort = new Effort(stops, Duration.between(begun, clock.instant()), overWhenAsked);
    if (!latest.state().isOver() || (terminating && !sessionOver)) {
      return new StopOutcome.Canceling(details, effort, whyNotOver());
    }
    if (overWhenAsked && !since(latest.completedAt())) {
      return new StopOutcome.AlreadyOver(details);
    }
    if (terminating || ((overWhenAsked || terminationTried) && wasTerminated(details))) {
      return new StopOutcome.SessionTerminated(details, effort);
    }
    return latest.state().isCanceled()
        ? new StopOutcome.Canceled(details, effort)
        : new StopOutcome.FinishedAnyway(details, effort);
  }

  private @Nullable String whyNotOver() {
    if (terminating) {
      return "TerminateSession was accepted, and the end of the session is not seen yet";
    }
    return notTerminated != null ? notTerminated : trouble;
  }

  /**
   * Whether an earlier delivery of this order, or a try of which we heard nothing, ended its
   * session.
   */
  private boolean wasTerminated(Snapshot details) {
    Session session = details.session();
    return ladder.mayTerminate()
        && !latest.state().isCanceled()
        && !latest.state().name().equals("COMPLETED")
        && session != null
        && session.state().isOver()
        && since(session.endedAt());
  }

  private boolean since(@Nullable Instant instant) {
    return instant != null && !instant.isBefore(given.at());
  }

  private SessionId sessionId() {
    return Objects.requireNonNull(latest.sessionId(), "terminate() saw it");
  }

  private static boolean isDue(Instant since, Duration after, Instant now) {
    return !now.isBefore(since.plus(after));
  }
}
