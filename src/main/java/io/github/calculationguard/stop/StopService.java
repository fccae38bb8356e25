package io.github.calculationguard.stop;

import module java.base;

import io.github.calculationguard.spark.*;
import io.github.calculationguard.spark.AthenaSparkException.*;
import io.github.calculationguard.spark.AthenaSparkReader.CalculationList;
import io.github.calculationguard.stop.Request.*;
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
    FindingCheck findings,
    InstantSource clock,
    Consumer<Duration> sleep) {

  /**
   * What follows if a calculation does not stop.
   *
   * @param mayTerminate whether its session may be terminated, and with it what runs there
   * @param terminateAfter how long the calculation has to stop before that
   */
  public record EscalationPolicy(boolean mayTerminate, Duration terminateAfter) {}

  @FunctionalInterface
  public interface FindingCheck {
    /** Why a finding is not to be carried out any more; absent where it is. */
    @Nullable String whyNot(LimitViolation found, RequestMetadata metadata);
  }

  /**
   * Carries out a request, and returns before its deadline with time left to publish what happened.
   * One calculation that fails does not keep the others from being stopped. A retry is safe,
   * because stopping is idempotent.
   *
   * <p>A dry run asks Athena and stops nothing. It is DRY_RUN for a calculation that the request
   * names, even if that has ended, and for a session to end, even if the deployment may not
   * terminate sessions. A session that has ended is ALREADY_OVER.
   */
  public StopReport stop(StopRequest request) {
    var metadata = request.metadata();
    var violation = request.violation();
    if (violation != null && !clock.instant().isBefore(violation.expiresAt())) {
      var expired =
          "the finding expired at " + violation.expiresAt() + "; the next sweep checks again";
      return new StopReport(new StopResult(Outcome.LEFT_ALONE, expired, null));
    }
    var budget = TimeBudget.of(this, metadata.deadline(), 1);
    try {
      var whyNot = violation == null ? null : findings.whyNot(violation, metadata);
      if (violation != null && whyNot != null) {
        return leave(request, violation.session(), whyNot, budget);
      }
      return switch (request) {
        case StopCalculation one when metadata.dryRun() -> {
          var calculation = athena.calculation(one.calculation(), budget.stopBy());
          var snapshot = reader.read(calculation, metadata.place(), budget.describeBy());
          yield new StopReport(new StopResult(Outcome.DRY_RUN, null, snapshot));
        }
        case StopCalculation one -> {
          var unknown = Calculation.unknown(one.calculation());
          var run = new StopRun(this, metadata, budget, List.of(unknown));
          run.attempts.getFirst().sendStop();
          yield run.untilOver();
        }
        case StopSession session -> stopWhatRunsIn(session, budget);
        case EndSession end -> new SessionTermination(this, end, budget).terminate();
      };
    } catch (NotFoundException e) {
      return new StopReport(new StopResult(Outcome.NOT_FOUND, e.getMessage(), null));
    } catch (DeniedException e) {
      var snapshot = snapshotOrNull(request.session(), metadata, budget);
      return new StopReport(new StopResult(Outcome.DENIED, e.getMessage(), snapshot));
    } catch (RuntimeException e) {
      return new StopReport(List.of(), List.of(new Unresolved(request.calculation(), false, e)));
    }
  }

  private StopReport leave(StopRequest request, SessionId id, String why, TimeBudget budget) {
    var snapshot = snapshotOrNull(id, request.metadata(), budget);
    var calculation = request.calculation();
    if (snapshot != null && calculation != null) {
      try {
        snapshot = snapshot.withCalculation(athena.calculation(calculation, budget.describeBy()));
      } catch (AthenaSparkException _) {
        // Its session says enough.
      }
    }
    return new StopReport(new StopResult(Outcome.LEFT_ALONE, why, snapshot));
  }

  /**
   * The same report, with what each result returned after: as the sweep saw, or else by Athena's
   * history. That is not read while a caller waits, but after the answer, when the rest is carried
   * out.
   */
  public StopReport markReturned(StopRequest request, StopReport report) {
    var metadata = request.metadata();
    var violation = request.violation();
    if (violation == null && metadata.source().mustReplyEarly()) {
      return report;
    }
    var results = report.results().stream();
    var marked =
        violation == null
            ? results.map(new ReturnLookup(this, metadata, report.results())::mark)
            : results.map(it -> it.withReturn(violation.returned()));
    return new StopReport(marked.toList(), report.unresolved());
  }

  /**
   * Describes a calculation or a session, and stops nothing.
   *
   * @throws AthenaSparkException if Athena does not describe it
   */
  public Snapshot describe(DescribeRequest request) {
    var place = request.metadata().place();
    var deadline = request.metadata().deadline();
    return switch (request) {
      case DescribeCalculation it ->
          reader.read(athena.calculation(it.calculation(), deadline), place, deadline);
      case DescribeSession it ->
          reader.read(athena.session(it.session(), deadline), place, deadline);
    };
  }

  private StopReport stopWhatRunsIn(StopSession request, TimeBudget budget) {
    var metadata = request.metadata();
    var session = budget.retry(() -> athena.session(request.session(), budget.stopBy()));
    // What ended since the request was made may be the work of an earlier delivery, which may have
    // failed to publish it.
    var listed = calculations(session, metadata.at(), budget);
    var covered =
        listed.calculations().stream()
            .filter(it -> metadata.isMadeAfter(it.submittedAt()))
            .filter(it -> !(metadata.dryRun() ? it.state().hasEnded() : it.state().isCompleted()))
            .toList();
    if (covered.isEmpty() && listed.unreadable() == 0) {
      var reason = whyNothing(session, listed.calculations());
      var snapshot = reader.read(session, metadata.place(), budget.describeBy());
      return new StopReport(new StopResult(Outcome.LEFT_ALONE, reason, snapshot));
    }
    var unresolved = new ArrayList<Unresolved>();
    if (listed.unreadable() > 0) {
      var what = listed.unreadable() + " of the session's calculations without a valid ID";
      var failure = new AthenaUnavailableException("Athena listed " + what);
      unresolved.add(new Unresolved(null, false, failure));
    }
    if (metadata.dryRun()) {
      var sessionSnapshot = reader.read(session, metadata.place(), budget.describeBy());
      var snapshots = covered.stream().map(sessionSnapshot::withCalculation);
      var results = snapshots.map(it -> new StopResult(Outcome.DRY_RUN, null, it));
      return new StopReport(results.toList(), unresolved);
    }
    var divided = TimeBudget.of(this, metadata.deadline(), covered.size() + 1);
    var report = new StopRun(this, metadata, divided, covered).untilOver();
    unresolved.addAll(report.unresolved());
    return new StopReport(report.results(), unresolved);
  }

  private static String whyNothing(Session session, List<Calculation> listed) {
    if (listed.stream().anyMatch(c -> !c.state().hasEnded())) {
      return "what runs in the session was submitted after the request was made, or Athena does not"
          + " say when";
    }
    return session.state().isBusy()
            || !(session.supportsCalculations() || session.state().hasEnded())
        ? "Athena lists no calculation in the session, as in the Spark 3.5 release: only the session"
            + " can be ended; send \"endSession\": true with its sessionId"
        : "nothing runs in the session";
  }

  /** Those that are active, or ended since; none where the engine has no calculations. */
  CalculationList calculations(Session session, Instant endedSince, TimeBudget budget) {
    return session.supportsCalculations()
        ? budget.retry(() -> athena.calculations(session.id(), endedSince, budget.stopBy()))
        : new CalculationList(List.of(), List.of(), 0);
  }

  private @Nullable Snapshot snapshotOrNull(
      @Nullable SessionId id, RequestMetadata metadata, TimeBudget budget) {
    return id == null
        ? null
        : snapshotOrNull(() -> athena.session(id, budget.describeBy()), metadata, budget);
  }

  /** What is known of a session; absent where it cannot be read, even by a defect of ours. */
  @Nullable Snapshot snapshotOrNull(
      Supplier<Session> session, RequestMetadata metadata, TimeBudget budget) {
    try {
      return reader.read(session.get(), metadata.place(), budget.describeBy());
    } catch (RuntimeException e) {
      return null;
    }
  }
}
