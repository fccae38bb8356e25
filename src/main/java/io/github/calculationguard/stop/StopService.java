package io.github.calculationguard.stop;

import io.github.calculationguard.spark.AthenaSpark;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.DeniedException;
import io.github.calculationguard.spark.NotFoundException;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.spark.Snapshot;
import io.github.calculationguard.spark.SnapshotReader;
import io.github.calculationguard.stop.StopOutcome.AlreadyOver;
import io.github.calculationguard.stop.StopOutcome.Canceling;
import io.github.calculationguard.stop.StopOutcome.Denied;
import io.github.calculationguard.stop.StopOutcome.DryRun;
import io.github.calculationguard.stop.StopOutcome.Effort;
import io.github.calculationguard.stop.StopOutcome.LeftAlone;
import io.github.calculationguard.stop.StopOutcome.NotFound;
import io.github.calculationguard.stop.StopOutcome.SessionTerminated;
import io.github.calculationguard.stop.StopRequest.EndSession;
import io.github.calculationguard.stop.StopRequest.StopCalculation;
import io.github.calculationguard.stop.StopRequest.StopSession;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Carries out orders to stop. For a calculation's order Stop is the first call; then it makes sure,
 * sends Stop again, and ends the session where that is allowed.
 *
 * <p>Nothing is ever stopped that is not in the order, or runs in the session that is and was
 * submitted before the order was given.
 */
public final class StopService {

  private final AthenaSpark athena;
  private final EscalationPolicy ladder;
  private final SnapshotReader describe;
  private final InstantSource clock;
  private final Sleeper pause;

  public StopService(
      AthenaSpark athena,
      EscalationPolicy ladder,
      SnapshotReader describe,
      InstantSource clock,
      Sleeper pause) {
    this.athena = athena;
    this.ladder = ladder;
    this.describe = describe;
    this.clock = clock;
    this.pause = pause;
  }

  /**
   * Carries out an order, and is back before its deadline with time left to tell what happened.
   *
   * @return one outcome for each calculation that it was about, and at least one
   * @throws io.github.calculationguard.spark.AthenaUnavailableException if Athena could not be
   *     reached; the order may be repeated, since stopping twice is harmless
   */
  public List<StopOutcome> run(StopRequest order) {
    var now = clock.instant();
    var limit = order.brokenLimit();
    if (limit != null && !now.isBefore(limit.expiresAt())) {
      return List.of(
          new LeftAlone(
              null,
              "the finding expired at %s; the next sweep judges anew"
                  .formatted(limit.expiresAt())));
    }
    var budget = TimeBudget.of(order.given().deadline(), now);
    try {
      return switch (order) {
        case StopCalculation one when one.given().dryRun() -> List.of(wouldStop(one, budget));
        case StopCalculation one ->
            hold(List.of(climb(one.given(), one.calculation(), Set.of(), budget)), budget);
        case StopSession session -> stopWhatRunsIn(session, budget);
        case EndSession session -> List.of(end(session, budget));
      };
    } catch (NotFoundException e) {
      return List.of(new NotFound(null, e.getMessage()));
    } catch (DeniedException e) {
      return List.of(new Denied(describeIfPermitted(order, budget), e.getMessage()));
    }
  }

  /**
   * Describes a calculation, and stops nothing.
   *
   * @throws io.github.calculationguard.spark.AthenaSparkException as the view of Athena does
   */
  public Snapshot describe(CalculationId id, RequestMetadata given) {
    return describe.of(athena.calculation(id, given.deadline()), given.place(), given.deadline());
  }

  private StopOutcome wouldStop(StopCalculation order, TimeBudget budget) {
    var calculation = athena.calculation(order.calculation(), budget.climb());
    return new DryRun(describe.of(calculation, order.given().place(), budget.describe()));
  }

  private StopAttempt climb(
      RequestMetadata given, CalculationId id, Set<CalculationId> besides, TimeBudget budget) {
    return new StopAttempt(id, besides, given, budget, athena, ladder, clock);
  }

  private List<StopOutcome> hold(List<StopAttempt> climbs, TimeBudget budget) {
    until(
        budget,
        () -> {
          climbs.stream().filter(climb -> !climb.isDone()).forEach(StopAttempt::step);
          return climbs.stream().allMatch(StopAttempt::isDone);
        });
    return climbs.stream().map(climb -> climb.outcome(describe)).toList();
  }

  /** Sends each its Stop before any is waited for; one that is refused hides none of the others. */
  private List<StopOutcome> stopEach(
      RequestMetadata given, Session session, List<Calculation> calculations, TimeBudget budget) {
    var ids = calculations.stream().map(Calculation::id).collect(Collectors.toSet());
    var climbs = new ArrayList<StopAttempt>();
    var refused = new ArrayList<StopOutcome>();
    for (var calculation : calculations) {
      var details = new Snapshot(calculation, session, null, List.of(), clock.instant());
      try {
        climbs.add(climb(given, calculation.id(), ids, budget));
      } catch (NotFoundException e) {
        refused.add(new NotFound(details, e.getMessage()));
      } catch (DeniedException e) {
        refused.add(new Denied(details, e.getMessage()));
      }
    }
    return Stream.concat(hold(climbs, budget).stream(), refused.stream()).toList();
  }

  private List<StopOutcome> stopWhatRunsIn(StopSession order, TimeBudget budget) {
    var given = order.given();
    var session = athena.session(order.session(), budget.climb());
    // Those that ended since the order are what an earlier delivery of it stopped, and perhaps
    // could not tell.
    var calculations = athena.calculations(session.id(), given.at(), budget.climb());
    var mine =
        calculations.stream()
            .filter(c -> wasSubmittedBefore(given, c))
            .filter(c -> !c.state().name().equals("COMPLETED"))
            .toList();
    if (mine.isEmpty()) {
      return List.of(
          new LeftAlone(
              describe.of(null, session, given.place(), budget.describe()),
              whyNothing(session, calculations)));
    }
    if (given.dryRun()) {
      return mine.stream()
          .<StopOutcome>map(c -> new DryRun(describe.of(c, given.place(), budget.describe())))
          .toList();
    }
    return stopEach(given, session, mine, budget);
  }

  private static String whyNothing(Session session, List<Calculation> calculations) {
    if (calculations.stream().anyMatch(c -> !c.state().isOver())) {
      return "what runs in the session was submitted after the order was given, or Athena does not say when";
    }
    return session.state().name().equals("BUSY")
        ? "the session is busy, and Athena tells of no calculation in it, as in the Spark 3.5 release:"
            + " only the session can be ended"
        : "nothing runs in the session";
  }

  private StopOutcome end(EndSession order, TimeBudget budget) {
    var given = order.given();
    var begun = clock.instant();
    var session = athena.session(order.session(), budget.climb());
    if (session.state().isOver()) {
      var details = describe.of(null, session, given.place(), budget.describe());
      var ended = session.endedAt();
      return ladder.mayTerminate() && ended != null && !ended.isBefore(given.at())
          ? new SessionTerminated(details, new Effort(0, Duration.ZERO, true))
          : new AlreadyOver(details);
    }
    var reprieve =
        reprieve(order, session, athena.activeCalculations(session.id(), budget.climb()), budget);
    if (reprieve != null || given.dryRun()) {
      var details = describe.of(null, session, given.place(), budget.describe());
      return reprieve == null ? new DryRun(details) : new LeftAlone(details, reprieve);
    }
    var latest = new AtomicReference<>(session.in(athena.terminate(session.id(), budget.climb())));
    until(
        budget,
        () -> {
          if (!latest.get().state().isOver()) {
            look(session.id(), budget).ifPresent(latest::set);
          }
          return latest.get().state().isOver();
        });
    var ended = describe.of(null, latest.get(), given.place(), budget.describe());
    var effort = new Effort(0, Duration.between(begun, clock.instant()), false);
    return latest.get().state().isOver()
        ? new SessionTerminated(ended, effort)
        : new Canceling(
            ended, effort, "TerminateSession was accepted, and its end is not seen yet");
  }

  /** Why the session is not ended; absent where it is. */
  private @Nullable String reprieve(
      EndSession order, Session session, List<Calculation> active, TimeBudget budget) {
    var onlyIfIdleSince = order.onlyIfIdleSince();
    if (onlyIfIdleSince != null && (!session.state().isIdle() || !active.isEmpty())) {
      return "the session is busy again";
    }
    if (onlyIfIdleSince != null && hasWorkedSince(session, onlyIfIdleSince, budget)) {
      return "the session has worked since, and is idle anew";
    }
    if (!active.stream().allMatch(c -> wasSubmittedBefore(order.given(), c))) {
      return "a calculation was submitted after the order was given";
    }
    return ladder.mayTerminate() || order.given().dryRun()
        ? null
        : "sessions may not be terminated here: the parameter Escalation is NONE";
  }

  private Optional<Session> look(SessionId id, TimeBudget budget) {
    try {
      return Optional.of(athena.session(id, budget.climb()));
    } catch (AthenaSparkException e) {
      return Optional.empty();
    }
  }

  private @Nullable Snapshot describeIfPermitted(StopRequest order, TimeBudget budget) {
    try {
      return switch (order) {
        case StopCalculation one ->
            describe.of(
                athena.calculation(one.calculation(), budget.describe()),
                one.given().place(),
                budget.describe());
        case StopSession one -> describe(one.session(), one.given(), budget);
        case EndSession one -> describe(one.session(), one.given(), budget);
      };
    } catch (AthenaSparkException e) {
      return null;
    }
  }

  private Snapshot describe(SessionId id, RequestMetadata given, TimeBudget budget) {
    return describe.of(
        null, athena.session(id, budget.describe()), given.place(), budget.describe());
  }

  /** Tries, with growing pauses, until it is done or the time to climb is used up. */
  private void until(TimeBudget budget, BooleanSupplier done) {
    var next = EscalationPolicy.FIRST_PAUSE;
    while (!done.getAsBoolean()) {
      var left = budget.climb().left(clock.instant());
      if (left.compareTo(EscalationPolicy.FIRST_PAUSE) <= 0) {
        return;
      }
      try {
        pause.forAbout(shorter(next, left.minus(EscalationPolicy.FIRST_PAUSE.dividedBy(2))));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
      next = shorter(next.multipliedBy(2), EscalationPolicy.LONGEST_PAUSE);
    }
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private static boolean wasSubmittedBefore(RequestMetadata given, Calculation calculation) {
    var submitted = calculation.submittedAt();
    return submitted != null && !submitted.isAfter(given.at());
  }

  /** Whether it became idle later than that. */
  private boolean hasWorkedSince(Session session, Instant instant, TimeBudget budget) {
    var known =
        session.lacksIdleSince()
            ? session.idleSinceLastOf(
                athena.calculations(session.id(), instant.plusMillis(1), budget.climb()))
            : session;
    var idleSince = known.idleSince();
    return idleSince != null && idleSince.truncatedTo(ChronoUnit.MILLIS).isAfter(instant);
  }
}
