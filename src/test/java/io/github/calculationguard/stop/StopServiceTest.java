package io.github.calculationguard.stop;

import static io.github.calculationguard.spark.FakeAthenaSpark.SESSION;
import static io.github.calculationguard.spark.FakeAthenaSpark.START;
import static java.time.Duration.ofDays;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException.Reason;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.FakeAthenaSpark;
import io.github.calculationguard.spark.FakeAthenaSpark.Call;
import io.github.calculationguard.spark.FakeCalculation;
import io.github.calculationguard.spark.FakeCalculation.Trouble;
import io.github.calculationguard.spark.SessionState;
import io.github.calculationguard.spark.Snapshot;
import io.github.calculationguard.stop.Request.EndSession;
import io.github.calculationguard.stop.Request.LimitViolation;
import io.github.calculationguard.stop.Request.StopCalculation;
import io.github.calculationguard.stop.Request.StopSession;
import io.github.calculationguard.stop.StopService.EscalationPolicy;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the escalation does and reports in the rarer cases, in virtual time. */
class StopServiceTest {

  private static final EscalationPolicy MAY_TERMINATE = new EscalationPolicy(true, ofSeconds(20));
  private static final Duration NEVER = ofDays(1);
  private static final Call TERMINATE = new Call("TerminateSession", "s-1");

  private FakeAthenaSpark athena = FakeAthenaSpark.withSession();

  private FakeCalculation add(String id, Duration cancelTakes) {
    var submitted = START.minusSeconds(60);
    var job = new FakeCalculation(id, submitted, submitted.plus(ofDays(2)), cancelTakes);
    athena.put(job);
    return job;
  }

  private static Call stop(String id) {
    return new Call("StopCalculationExecution", id);
  }

  private static RequestMetadata metadata(boolean dryRun) {
    return new RequestMetadata(
        "order-1",
        Source.EVENTBRIDGE,
        START,
        START,
        new Deadline(START.plusSeconds(90)),
        new AccountRegion("aws", "us-east-1", "123456789012"),
        dryRun,
        null,
        null,
        null);
  }

  private static EndSession endSession(boolean dryRun) {
    var violation = violation(START.plusSeconds(700));
    return new EndSession(metadata(dryRun), SESSION, violation, null, false);
  }

  /** A finding on the fake's session. */
  static LimitViolation violation(Instant expiresAt) {
    return new LimitViolation(
        "max-session-hours",
        8,
        9.5,
        "parameter",
        SESSION,
        "analytics",
        Duration.ZERO,
        null,
        expiresAt);
  }

  /** Comes before each termination, and may let it fail. */
  private void beforeTermination(Runnable what) {
    athena.listen(
        call -> {
          if (call.equals(TERMINATE)) {
            what.run();
          }
        });
  }

  /** An idle session of Spark 3.5, which becomes busy before TerminateSession fails. */
  private void becomesBusyBeforeItsTerminationFails(Reason reason) {
    athena = FakeAthenaSpark.withSession("Apache Spark version 3.5", START.minusSeconds(3600));
    var busy = athena.session(SESSION, new Deadline(Instant.MAX));
    athena.put(busy.withState(new SessionState("IDLE")), Map.of(), List.of());
    beforeTermination(
        () -> {
          athena.put(busy, Map.of(), List.of());
          throw new AthenaUnavailableException("failed", reason, null, null);
        });
  }

  private StopReport stop(Request.StopRequest request) {
    var clock = athena.clock;
    var reader = new Snapshot.Reader(athena, "owner", clock, () -> false);
    return new StopService(athena, MAY_TERMINATE, reader, (_, _) -> null, clock, clock::advance)
        .stop(request);
  }

  @Test
  void givesEachCalculationTimeToStopHoweverLongItsStopWasThrottled() {
    for (var i = 0; i < 40; i++) {
      add("c-" + i, ofSeconds(2));
    }
    athena.stopInterval = ofSeconds(1);
    var report = stop(new StopSession(metadata(false), SESSION));
    assertThat(athena.calls).doesNotContain(TERMINATE);
    assertThat(report.results())
        .hasSize(40)
        .allSatisfy(
            it -> {
              assertThat(it.outcome()).isEqualTo(Outcome.CANCELED);
              var snapshot = Objects.requireNonNull(it.snapshot());
              var calculation = Objects.requireNonNull(snapshot.calculation());
              var end = Objects.requireNonNull(calculation.completedAt());
              assertThat(Objects.requireNonNull(it.effort()).took())
                  .as("until its own end was seen")
                  .isLessThan(Duration.between(START, end.plusSeconds(6)));
            });
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void countsATerminationForEveryCalculationThatItEnded(boolean hidesEnd) {
    athena.hidesEnds = hidesEnd;
    add("c-1", NEVER);
    add("c-2", NEVER);
    assertThat(stop(new StopSession(metadata(false), SESSION)).results())
        .hasSize(2)
        .extracting(StopResult::outcome)
        .containsOnly(Outcome.SESSION_TERMINATED);
  }

  @ParameterizedTest
  @EnumSource(
      value = Reason.class,
      names = {"THROTTLED", "FAILED"})
  void doesNotClaimTheEndOfASessionThatAthenaRefusedToTerminate(Reason reason) {
    var job = add("c-1", NEVER);
    var tries = new AtomicInteger();
    beforeTermination(
        () -> {
          if (tries.incrementAndGet() == 2) {
            athena.terminate(SESSION);
          }
          throw new AthenaUnavailableException("refused", reason, null, null);
        });
    assertThat(stop(new StopCalculation(metadata(false), job.id(), null)).results())
        .singleElement()
        .extracting(StopResult::outcome)
        .isEqualTo(Outcome.FINISHED_ANYWAY);
  }

  @Test
  void claimsTheEndOfASessionWhereTheAnswerToItsTerminationWasLost() {
    var job = add("c-1", NEVER);
    beforeTermination(
        () -> {
          athena.terminate(SESSION);
          throw new AthenaUnavailableException("reset", Reason.ANSWER_LOST, null, null);
        });
    assertThat(stop(new StopCalculation(metadata(false), job.id(), null)).results())
        .singleElement()
        .extracting(StopResult::outcome)
        .isEqualTo(Outcome.SESSION_TERMINATED);
    assertThat(stop(endSession(false)).results())
        .singleElement()
        .extracting(StopResult::outcome)
        .isEqualTo(Outcome.SESSION_TERMINATED);
  }

  @Test
  void leavesASessionAloneThatBecameBusyBetweenTwoTriesToTerminateIt() {
    becomesBusyBeforeItsTerminationFails(Reason.THROTTLED);
    var request =
        new EndSession(metadata(false), SESSION, violation(START.plusSeconds(700)), START, false);
    assertThat(stop(request).results())
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.outcome()).isEqualTo(Outcome.LEFT_ALONE);
              assertThat(it.reason()).isEqualTo("the session is busy again");
            });
    assertThat(athena.calls).containsOnlyOnce(TERMINATE);
  }

  @ParameterizedTest
  @EnumSource(Reason.class)
  void countsATerminationAsItsOwnOnlyIfItMayHaveTakenEffect(Reason reason) {
    beforeTermination(
        () -> {
          athena.terminate(SESSION);
          throw new AthenaUnavailableException("failed", reason, null, null);
        });
    assertThat(stop(endSession(false)).results())
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.outcome()).isEqualTo(Outcome.SESSION_TERMINATED);
              assertThat(Objects.requireNonNull(it.effort()).repeat()).isFalse();
              assertThat(String.valueOf(it.reason()).contains("by somebody else"))
                  .isEqualTo(reason != Reason.ANSWER_LOST);
            });
  }

  @Test
  void doesNotSayThatASessionWasLeftAloneWhereTheAnswerToItsTerminationWasLost() {
    becomesBusyBeforeItsTerminationFails(Reason.ANSWER_LOST);
    var violation = violation(START.plusSeconds(700));
    assertThat(stop(new EndSession(metadata(false), SESSION, violation, START, false)).results())
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.outcome()).isEqualTo(Outcome.CANCELING);
              assertThat(it.reason())
                  .isEqualTo(
                      "TerminateSession was sent, but its effect is not known yet; the session is"
                          + " busy again");
            });
  }

  @ParameterizedTest
  @EnumSource(Reason.class)
  void knowsWhetherATerminationMayHaveTakenEffectThatWasNeverAnswered(Reason reason) {
    beforeTermination(
        () -> {
          throw new AthenaUnavailableException("failed", reason, null, null);
        });
    var report = stop(endSession(false));
    assertThat(report.results()).isEmpty();
    assertThat(report.unresolved())
        .singleElement()
        .satisfies(it -> assertThat(it.stopSent()).isEqualTo(reason == Reason.ANSWER_LOST));
  }

  @Test
  void sendsStopAgainWhereTheSessionCannotBeTerminated() {
    var stubborn = add("c-1", NEVER);
    add("innocent", NEVER);
    var report = stop(new StopCalculation(metadata(false), stubborn.id(), null));
    assertThat(athena.calls).doesNotContain(TERMINATE, stop("innocent"));
    assertThat(report.results())
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.outcome()).isEqualTo(Outcome.CANCELING);
              assertThat(it.reason()).contains("innocent");
            });
    assertThat(Collections.frequency(athena.calls, stop("c-1")))
        .as("every ten seconds of more than eighty")
        .isGreaterThanOrEqualTo(6);
  }

  @Test
  void pollsUntilTheCalculationHasEndedHoweverEarlyStopSaysSo() {
    var job = add("c-1", ofSeconds(5)).with(Trouble.ANSWERED_TOO_EARLY, Instant.MAX);
    assertThat(stop(new StopCalculation(metadata(false), job.id(), null)).results())
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.outcome()).isEqualTo(Outcome.CANCELED);
              var effort = Objects.requireNonNull(it.effort());
              assertThat(effort.hadEnded()).isFalse();
              assertThat(effort.took()).isGreaterThan(ofSeconds(4));
            });
  }

  @Test
  void claimsNoTerminationInADryRun() {
    athena.clock.advance(ofSeconds(5));
    athena.terminate(SESSION, new Deadline(START.plusSeconds(10)));
    assertThat(stop(endSession(true)).results())
        .singleElement()
        .extracting(StopResult::outcome)
        .isEqualTo(Outcome.ALREADY_OVER);
  }

  @Test
  void doesNotSayThatASessionHadEndedBeforeWhereNobodyCanTell() {
    athena.hidesEnds = true;
    athena.terminate(SESSION, new Deadline(START.plusSeconds(10)));
    assertThat(stop(endSession(false)).results())
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.outcome()).isEqualTo(Outcome.SESSION_TERMINATED);
              assertThat(it.reason()).contains("not known whether");
            });
  }

  @Test
  void reportsATerminationWhoseDescriptionFails() {
    add("c-1", NEVER);
    athena.listen(
        call -> {
          if (!call.equals(TERMINATE) && athena.calls.contains(TERMINATE)) {
            throw new IllegalStateException("a defect");
          }
        });
    assertThat(stop(endSession(false)).results())
        .singleElement()
        .extracting(StopResult::outcome)
        .isEqualTo(Outcome.SESSION_TERMINATED);
  }

  @Test
  void reportsADefectThatComesBeforeTheFirstStop() {
    athena.listen(
        _ -> {
          throw new IllegalStateException("a defect");
        });
    var report = stop(new StopSession(metadata(false), SESSION));
    assertThat(report.results()).isEmpty();
    assertThat(report.unresolved())
        .singleElement()
        .satisfies(it -> assertThat(it.reason()).isEqualTo("a defect"));
  }

  @Test
  void countsNothingThatHasEndedAmongWhatWouldBeStopped() {
    add("runs", NEVER);
    var ended = add("ended", Duration.ZERO);
    athena.stop(ended.id(), new Deadline(START.plusSeconds(10)));
    assertThat(stop(new StopSession(metadata(true), SESSION)).results())
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.outcome()).isEqualTo(Outcome.DRY_RUN);
              assertThat(Objects.requireNonNull(it.snapshot()).id()).isEqualTo("runs");
            });
  }
}
