package io.github.calculationguard.stop;

import static io.github.calculationguard.stop.Outcome.DENIED;
import static io.github.calculationguard.stop.Outcome.DRY_RUN;
import static io.github.calculationguard.stop.Outcome.LEFT_ALONE;
import static io.github.calculationguard.stop.Outcome.NOT_FOUND;

import io.github.calculationguard.spark.AthenaSpark;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.AthenaSparkException.DeniedException;
import io.github.calculationguard.spark.AthenaSparkException.NotFoundException;
import io.github.calculationguard.spark.AthenaSparkReader.CalculationList;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.CalculationState;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Snapshot;
import io.github.calculationguard.stop.Poller.Progress;
import io.github.calculationguard.stop.Request.DescribeRequest;
import io.github.calculationguard.stop.Request.EndSession;
import io.github.calculationguard.stop.Request.StopCalculation;
import io.github.calculationguard.stop.Request.StopRequest;
import io.github.calculationguard.stop.Request.StopSession;
import io.github.calculationguard.stop.StopReport.Unresolved;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Carries out stop requests. For a calculation it sends Stop first, then polls until the
 * calculation ends, sends Stop again, and terminates the session where that is allowed.
 *
 * <p>It stops nothing but what the request names, or what runs in the session that it names and was
 * submitted before the request was made.
 */
public final class StopService {

  private final AthenaSpark athena;
  private final EscalationPolicy policy;
  private final Snapshot.Reader reader;
  private final InstantSource clock;
  private final Poller poller;
  private final SessionTermination termination;

  public StopService(
      AthenaSpark athena,
      EscalationPolicy policy,
      Snapshot.Reader reader,
      InstantSource clock,
      Sleeper sleeper) {
    this.athena = athena;
    this.policy = policy;
    this.reader = reader;
    this.clock = clock;
    this.poller = new Poller(clock, sleeper);
    this.termination = new SessionTermination(athena, policy, reader, clock, poller);
  }

  /**
   * Carries out a request, and returns before its deadline with time left to publish what happened.
   * One calculation that fails does not keep the others from being stopped. A retry is safe,
   * because stopping is idempotent.
   */
  public StopReport stop(StopRequest request) {
    var metadata = request.metadata();
    var now = clock.instant();
    var violation = request.violation();
    if (violation != null && !now.isBefore(violation.expiresAt())) {
      var expired = "the finding expired at " + violation.expiresAt();
      return StopReport.of(LEFT_ALONE, expired + "; the next sweep judges anew", null);
    }
    var budget = TimeBudget.of(metadata.deadline(), 1, now);
    try {
      return switch (request) {
        case StopCalculation one when metadata.dryRun() -> {
          var calculation = athena.calculation(one.calculation(), budget.confirm());
          yield StopReport.of(DRY_RUN, null, snapshot(calculation, metadata, budget));
        }
        case StopCalculation one -> {
          var unknown = Calculation.undescribed(one.calculation(), CalculationState.UNKNOWN);
          var attempt = attempt(unknown, Set.of(), metadata, budget);
          attempt.sendStop();
          yield confirm(List.of(attempt), metadata, budget);
        }
        case StopSession session -> stopWhatRunsIn(session, budget);
        case EndSession session -> termination.terminate(session, budget);
      };
    } catch (NotFoundException e) {
      return StopReport.of(NOT_FOUND, e.getMessage(), null);
    } catch (DeniedException e) {
      return StopReport.of(DENIED, e.getMessage(), snapshotOrNull(request, budget));
    } catch (AthenaUnavailableException e) {
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

  private StopReport stopWhatRunsIn(StopSession request, TimeBudget first) {
    var metadata = request.metadata();
    var session = poller.retry(first, () -> athena.session(request.session(), first.confirm()));
    // Those that ended since the request was made may be the work of an earlier delivery, which
    // perhaps could not publish it.
    var listed =
        poller.retry(
            first, () -> athena.calculations(session.id(), metadata.at(), first.confirm()));
    var covered =
        listed.calculations().stream()
            .filter(c -> metadata.covers(c))
            .filter(c -> !c.state().name().equals("COMPLETED"))
            .toList();
    if (covered.isEmpty() && listed.unreadable() == 0) {
      return StopReport.of(
          LEFT_ALONE, whyNothing(session, listed), snapshot(session, metadata, first));
    }
    if (metadata.dryRun()) {
      var context = snapshot(session, metadata, first);
      return new StopReport(
          covered.stream().map(c -> StopResult.of(DRY_RUN, null, context.about(c))).toList(),
          unreadable(listed));
    }
    var ids = covered.stream().map(Calculation::id).collect(Collectors.toSet());
    var budget = TimeBudget.of(metadata.deadline(), ids.size() + 1, clock.instant());
    var attempts = covered.stream().map(c -> attempt(c, ids, metadata, budget)).toList();
    sendStops(attempts);
    var report = confirm(attempts, metadata, budget);
    var unresolved = new ArrayList<>(report.unresolved());
    unresolved.addAll(unreadable(listed));
    return new StopReport(report.results(), unresolved);
  }

  private static List<Unresolved> unreadable(CalculationList listed) {
    var failure =
        new AthenaUnavailableException(
            "Athena listed %d of the session's calculations without a valid ID"
                .formatted(listed.unreadable()));
    return listed.unreadable() == 0 ? List.of() : List.of(new Unresolved(null, false, failure));
  }

  private static String whyNothing(Session session, CalculationList listed) {
    if (listed.calculations().stream().anyMatch(c -> !c.state().isOver())) {
      return "what runs in the session was submitted after the request was made, or Athena does not"
          + " say when";
    }
    return session.state().name().equals("BUSY")
        ? "the session is busy, but Athena lists no calculation in it, as in the Spark 3.5 release:"
            + " only the session can be terminated"
        : "nothing runs in the session";
  }

  private StopAttempt attempt(
      Calculation calculation,
      Set<CalculationId> covered,
      RequestMetadata metadata,
      TimeBudget budget) {
    return new StopAttempt(calculation, covered, metadata, budget, athena, policy, clock);
  }

  private StopReport confirm(
      List<StopAttempt> attempts, RequestMetadata metadata, TimeBudget budget) {
    poller.poll(
        budget,
        () -> {
          sendStops(attempts);
          attempts.forEach(StopAttempt::step);
          return attempts.stream().anyMatch(StopAttempt::isRequesting)
              ? Progress.STARTING
              : attempts.stream().allMatch(StopAttempt::isDone) ? Progress.DONE : Progress.WAITING;
        });
    var results = new ArrayList<StopResult>();
    var unresolved = new ArrayList<Unresolved>();
    Snapshot context = null;
    for (var attempt : attempts) {
      var unknown = attempt.unresolved();
      if (unknown != null) {
        unresolved.add(unknown);
        continue;
      }
      try {
        var calculation = describeRefused(attempt.calculation(), budget);
        // All calculations of a request run in one session, which is described once.
        context =
            context == null ? snapshot(calculation, metadata, budget) : context.about(calculation);
        results.add(attempt.result(context));
      } catch (RuntimeException e) {
        // A defect of ours must hide neither this stop nor the others.
        unresolved.add(new Unresolved(attempt.calculation().id(), true, e));
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
            .sorted(
                Comparator.comparingInt(StopAttempt::errors)
                    .thenComparingInt(StopAttempt::throttles))
            .toList();
    for (var attempt : requesting) {
      attempt.sendStop();
      if (attempt.isRequesting() && attempt.isThrottled()) {
        return;
      }
    }
  }

  /** Athena's refusal of a Stop says nothing about the calculation. */
  private Calculation describeRefused(Calculation calculation, TimeBudget budget) {
    try {
      return calculation.state().equals(CalculationState.UNKNOWN)
          ? athena.calculation(calculation.id(), budget.describe())
          : calculation;
    } catch (AthenaSparkException e) {
      return calculation;
    }
  }

  private @Nullable Snapshot snapshotOrNull(StopRequest request, TimeBudget budget) {
    try {
      var id = request.calculation();
      var session = request.session();
      if (id != null) {
        return snapshot(athena.calculation(id, budget.describe()), request.metadata(), budget);
      }
      return session == null
          ? null
          : snapshot(athena.session(session, budget.describe()), request.metadata(), budget);
    } catch (AthenaSparkException e) {
      return null;
    }
  }

  private Snapshot snapshot(Calculation calculation, RequestMetadata metadata, TimeBudget budget) {
    return reader.read(calculation, metadata.place(), budget.describe());
  }

  private Snapshot snapshot(Session session, RequestMetadata metadata, TimeBudget budget) {
    return reader.read(session, metadata.place(), budget.describe());
  }
}
