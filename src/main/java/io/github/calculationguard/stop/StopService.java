package io.github.calculationguard.stop;

import module java.base;

import io.github.calculationguard.spark.AthenaSpark;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.AthenaSparkException.DeniedException;
import io.github.calculationguard.spark.AthenaSparkException.NotFoundException;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationState;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.spark.Snapshot;
import io.github.calculationguard.stop.Request.DescribeRequest;
import io.github.calculationguard.stop.Request.EndSession;
import io.github.calculationguard.stop.Request.StopCalculation;
import io.github.calculationguard.stop.Request.StopRequest;
import io.github.calculationguard.stop.Request.StopSession;
import io.github.calculationguard.stop.StopReport.Unresolved;
import org.jspecify.annotations.Nullable;

/**
 * Carries out stop requests. For a calculation it sends Stop first, then polls until the
 * calculation ends, sends Stop again, and terminates the session where that is allowed.
 *
 * <p>It stops nothing but what the request names, or what runs in the session that it names and was
 * submitted before the request was made.
 */
public record StopService(
    AthenaSpark athena,
    EscalationPolicy policy,
    Snapshot.Reader reader,
    InstantSource clock,
    Sleeper sleeper) {

  /**
   * What follows if a calculation does not stop.
   *
   * @param mayTerminate whether its session may be terminated, and with it what runs there
   * @param terminateAfter how long the calculation has to stop before that
   */
  public record EscalationPolicy(boolean mayTerminate, Duration terminateAfter) {}

  /** Waits between polls. */
  @FunctionalInterface
  public interface Sleeper {
    /** Returns after about this time. */
    void sleep(Duration duration) throws InterruptedException;
  }

  /**
   * Carries out a request, and returns before its deadline with time left to publish what happened.
   * One calculation that fails does not keep the others from being stopped. A retry is safe,
   * because stopping is idempotent.
   */
  public StopReport stop(StopRequest request) {
    var violation = request.violation();
    if (violation != null && !clock.instant().isBefore(violation.expiresAt())) {
      var expired = "the finding expired at " + violation.expiresAt();
      return StopReport.of(
          Outcome.LEFT_ALONE, expired + "; the next sweep judges anew", null, null);
    }
    var delivery = Delivery.of(this, request.metadata(), 1);
    try {
      return switch (request) {
        case StopCalculation one when request.metadata().dryRun() -> {
          var calculation = athena.calculation(one.calculation(), delivery.confirm());
          yield StopReport.of(Outcome.DRY_RUN, null, delivery.snapshot(calculation), null);
        }
        case StopCalculation one -> {
          var unknown = Calculation.undescribed(one.calculation(), CalculationState.UNKNOWN);
          var attempts = attempts(List.of(unknown), delivery);
          var attempt = attempts.getFirst();
          attempt.sendStop();
          yield confirm(attempts, new ArrayList<>(), delivery);
        }
        case StopSession session -> stopWhatRunsIn(session, delivery);
        case EndSession session -> new SessionTermination(session, delivery).terminate();
      };
    } catch (NotFoundException e) {
      return StopReport.of(Outcome.NOT_FOUND, e.getMessage(), null, null);
    } catch (DeniedException e) {
      var snapshot = snapshotOrNull(request.session(), delivery);
      return StopReport.of(Outcome.DENIED, e.getMessage(), snapshot, null);
    } catch (RuntimeException e) {
      return new StopReport(List.of(), List.of(new Unresolved(request.calculation(), false, e)));
    }
  }

  /**
   * Describes a calculation, and stops nothing.
   *
   * @throws AthenaSparkException if Athena does not describe it
   */
  public Snapshot describe(DescribeRequest request) {
    var metadata = request.metadata();
    var calculation = athena.calculation(request.calculation(), metadata.deadline());
    return reader.read(calculation, metadata.place(), metadata.deadline());
  }

  private StopReport stopWhatRunsIn(StopSession request, Delivery first) {
    var metadata = request.metadata();
    var session = first.retry(() -> athena.session(request.session(), first.confirm()));
    // Those that ended since the request was made may be the work of an earlier delivery, which
    // perhaps could not publish it.
    var listed = first.calculations(session, metadata.at());
    var covered =
        listed.calculations().stream()
            .filter(metadata::covers)
            .filter(
                c ->
                    !(metadata.dryRun()
                        ? c.state().isOver()
                        : c.state().name().equals("COMPLETED")))
            .toList();
    if (covered.isEmpty() && listed.unreadable() == 0) {
      var reason = whyNothing(session, listed.calculations());
      return StopReport.of(Outcome.LEFT_ALONE, reason, first.snapshot(session), null);
    }
    var unresolved = new ArrayList<Unresolved>();
    if (listed.unreadable() > 0) {
      var what = listed.unreadable() + " of the session's calculations without a valid ID";
      var failure = new AthenaUnavailableException("Athena listed " + what);
      unresolved.add(new Unresolved(null, false, failure));
    }
    if (metadata.dryRun()) {
      var context = first.snapshot(session);
      var results =
          covered.stream().map(c -> StopResult.of(Outcome.DRY_RUN, null, context.about(c)));
      return new StopReport(results.toList(), unresolved);
    }
    var delivery = Delivery.of(this, metadata, covered.size() + 1);
    return confirm(attempts(covered, delivery), unresolved, delivery);
  }

  private static String whyNothing(Session session, List<Calculation> listed) {
    if (listed.stream().anyMatch(c -> !c.state().isOver())) {
      return "what runs in the session was submitted after the request was made, or Athena does not"
          + " say when";
    }
    return session.state().name().equals("BUSY")
        ? "the session is busy, but Athena lists no calculation in it, as in the Spark 3.5 release:"
            + " only the session can be terminated"
        : "nothing runs in the session";
  }

  /** An attempt for each, all of which know each other. */
  private static List<StopAttempt> attempts(List<Calculation> covered, Delivery delivery) {
    var attempts = new ArrayList<StopAttempt>();
    covered.forEach(it -> attempts.add(new StopAttempt(it, attempts, delivery)));
    return attempts;
  }

  private StopReport confirm(
      List<StopAttempt> attempts, List<Unresolved> unresolved, Delivery delivery) {
    delivery.poll(
        () -> {
          sendStops(attempts);
          attempts.forEach(StopAttempt::step);
          return attempts.stream().allMatch(StopAttempt::isDone);
        },
        () -> attempts.stream().anyMatch(StopAttempt::isRequesting));
    var results = new ArrayList<StopResult>();
    Snapshot context = null;
    for (var attempt : attempts) {
      var unknown = attempt.unresolved();
      if (unknown != null) {
        unresolved.add(unknown);
        continue;
      }
      try {
        var calculation = describeRefused(attempt.calculation(), delivery);
        // All calculations of a request run in one session, which is described once.
        context = context == null ? delivery.snapshot(calculation) : context.about(calculation);
        results.add(attempt.result(context));
      } catch (RuntimeException e) {
        // A defect of ours must hide neither this stop nor the others.
        unresolved.add(new Unresolved(attempt.calculation().id(), attempt.isStopSent(), e));
      }
    }
    return new StopReport(results, unresolved);
  }

  /**
   * Sends each Stop that Athena has not accepted yet, those that failed least first. A Stop that is
   * throttled ends the round, because the others would be throttled too.
   */
  private static void sendStops(List<StopAttempt> attempts) {
    var requesting =
        attempts.stream()
            .filter(StopAttempt::isRequesting)
            .sorted(Comparator.comparingInt(StopAttempt::penalty))
            .toList();
    for (var attempt : requesting) {
      attempt.sendStop();
      if (attempt.isRequesting() && attempt.isThrottled()) {
        return;
      }
    }
  }

  /** Athena's refusal of a Stop says nothing about the calculation. */
  private Calculation describeRefused(Calculation calculation, Delivery delivery) {
    try {
      return calculation.state().equals(CalculationState.UNKNOWN)
          ? athena.calculation(calculation.id(), delivery.describe())
          : calculation;
    } catch (AthenaSparkException e) {
      return calculation;
    }
  }

  private @Nullable Snapshot snapshotOrNull(@Nullable SessionId session, Delivery delivery) {
    try {
      var deadline = delivery.describe();
      return session == null ? null : delivery.snapshot(athena.session(session, deadline));
    } catch (RuntimeException e) {
      return null;
    }
  }
}
