package io.github.calculationguard.stop;

import static java.time.Duration.ofDays;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException.Reason;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Snapshot;
import io.github.calculationguard.stop.Request.EndSession;
import io.github.calculationguard.stop.Request.StopCalculation;
import io.github.calculationguard.stop.Request.StopSession;
import io.github.calculationguard.stop.StopService.EscalationPolicy;
import io.github.calculationguard.stop.VirtualAthena.Job;
import io.github.calculationguard.stop.VirtualAthena.Trouble;
import java.time.Duration;
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

  private final VirtualAthena athena = new VirtualAthena();

  private Job add(String id, Duration cancelTakes) {
    var submitted = VirtualAthena.START.minusSeconds(60);
    var job = new Job(new CalculationId(id), submitted, submitted.plus(ofDays(2)), cancelTakes);
    athena.add(job);
    return job;
  }

  private static RequestMetadata metadata(boolean dryRun) {
    return new RequestMetadata(
        "order-1",
        Source.EVENTBRIDGE,
        VirtualAthena.START,
        VirtualAthena.START,
        new Deadline(VirtualAthena.START.plusSeconds(90)),
        new AccountRegion("aws", "us-east-1", "123456789012"),
        dryRun,
        null,
        null,
        null);
  }

  private static EndSession endSession(boolean dryRun) {
    var violation = VirtualAthena.violation(VirtualAthena.START.plusSeconds(700));
    return new EndSession(metadata(dryRun), VirtualAthena.SESSION, violation, null, false);
  }

  private StopReport stop(Request.StopRequest request) {
    var reader = new Snapshot.Reader(athena, "owner", athena, () -> false);
    return new StopService(athena, MAY_TERMINATE, reader, (_, _) -> null, athena, athena::sleep)
        .stop(request);
  }

  @Test
  void givesEachCalculationTimeToStopHoweverLongItsStopWasThrottled() {
    for (var i = 0; i < 40; i++) {
      add("c-" + i, ofSeconds(2));
    }
    athena.throttle(ofSeconds(1));
    var report = stop(new StopSession(metadata(false), VirtualAthena.SESSION));
    assertThat(athena.calls).doesNotContain("terminate s-1");
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
                  .isLessThan(Duration.between(VirtualAthena.START, end.plusSeconds(6)));
            });
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void countsATerminationForEveryCalculationThatItEnded(boolean hidesEnd) {
    athena.hidesEnd = hidesEnd;
    add("c-1", NEVER);
    add("c-2", NEVER);
    assertThat(stop(new StopSession(metadata(false), VirtualAthena.SESSION)).results())
        .hasSize(2)
        .extracting(StopResult::outcome)
        .containsOnly(Outcome.SESSION_TERMINATED);
  }

  @ParameterizedTest
  @EnumSource(
      value = Reason.class,
      names = {"THROTTLED", "FAILED"})
  void doesNotClaimTheEndOfASessionThatAthenaRefusedToTerminate(Reason reason) {
    add("c-1", NEVER);
    var tries = new AtomicInteger();
    athena.beforeTermination =
        () -> {
          if (tries.incrementAndGet() == 2) {
            athena.endSession();
          }
          throw new AthenaUnavailableException("refused", reason, null, null);
        };
    assertThat(stop(new StopCalculation(metadata(false), new CalculationId("c-1"), null)).results())
        .singleElement()
        .extracting(StopResult::outcome)
        .isEqualTo(Outcome.FINISHED_ANYWAY);
  }

  @Test
  void claimsTheEndOfASessionWhereTheAnswerToItsTerminationWasLost() {
    add("c-1", NEVER);
    athena.beforeTermination =
        () -> {
          athena.endSession();
          throw new AthenaUnavailableException("reset", Reason.ANSWER_LOST, null, null);
        };
    assertThat(stop(new StopCalculation(metadata(false), new CalculationId("c-1"), null)).results())
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
    athena.engineVersion = "Apache Spark version 3.5";
    athena.activeState = "IDLE";
    athena.beforeTermination =
        () -> {
          athena.activeState = "BUSY";
          throw new AthenaUnavailableException("throttled", Reason.THROTTLED, null, null);
        };
    var found = endSession(false);
    var request =
        new EndSession(
            found.metadata(), found.session(), found.violation(), VirtualAthena.START, false);
    assertThat(stop(request).results())
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.outcome()).isEqualTo(Outcome.LEFT_ALONE);
              assertThat(it.reason()).isEqualTo("the session is busy again");
            });
    assertThat(athena.calls).containsOnlyOnce("terminate s-1");
  }

  @ParameterizedTest
  @EnumSource(Reason.class)
  void countsATerminationAsItsOwnOnlyIfItMayHaveTakenEffect(Reason reason) {
    athena.beforeTermination =
        () -> {
          athena.endSession();
          throw new AthenaUnavailableException("failed", reason, null, null);
        };
    assertThat(stop(endSession(false)).results())
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.outcome()).isEqualTo(Outcome.SESSION_TERMINATED);
              assertThat(Objects.requireNonNull(it.effort()).repeat())
                  .isEqualTo(reason != Reason.ANSWER_LOST);
            });
  }

  @Test
  void sendsStopAgainWhereTheSessionCannotBeTerminated() {
    var stubborn = add("c-1", NEVER);
    add("innocent", NEVER);
    var report = stop(new StopCalculation(metadata(false), stubborn.id(), null));
    assertThat(athena.calls).doesNotContain("terminate s-1", "stop innocent");
    assertThat(report.results())
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.outcome()).isEqualTo(Outcome.CANCELING);
              assertThat(it.reason()).contains("innocent");
            });
    assertThat(athena.calls.stream().filter("stop c-1"::equals).count())
        .as("every ten seconds of more than eighty")
        .isGreaterThanOrEqualTo(6);
  }

  @Test
  void pollsUntilTheCalculationHasEndedHoweverEarlyStopSaysSo() {
    var job = add("c-1", ofSeconds(5));
    athena.trouble = _ -> Trouble.ANSWERED_TOO_EARLY;
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
    athena.sleep(ofSeconds(5));
    athena.terminate(VirtualAthena.SESSION, new Deadline(VirtualAthena.START.plusSeconds(10)));
    assertThat(stop(endSession(true)).results())
        .singleElement()
        .extracting(StopResult::outcome)
        .isEqualTo(Outcome.ALREADY_OVER);
  }

  @Test
  void doesNotSayThatASessionHadEndedBeforeWhereNobodyCanTell() {
    athena.hidesEnd = true;
    athena.terminate(VirtualAthena.SESSION, new Deadline(VirtualAthena.START.plusSeconds(10)));
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
    athena.latency =
        () -> {
          if (athena.calls.contains("terminate s-1")
              && !athena.calls.getLast().equals("terminate s-1")) {
            throw new IllegalStateException("a defect");
          }
          return Duration.ofMillis(20);
        };
    assertThat(stop(endSession(false)).results())
        .singleElement()
        .extracting(StopResult::outcome)
        .isEqualTo(Outcome.SESSION_TERMINATED);
  }

  @Test
  void reportsADefectThatComesBeforeTheFirstStop() {
    athena.latency =
        () -> {
          throw new IllegalStateException("a defect");
        };
    var report = stop(new StopSession(metadata(false), VirtualAthena.SESSION));
    assertThat(report.results()).isEmpty();
    assertThat(report.unresolved())
        .singleElement()
        .satisfies(it -> assertThat(it.reason()).isEqualTo("a defect"));
  }

  @Test
  void countsNothingThatHasEndedAmongWhatWouldBeStopped() {
    add("runs", NEVER);
    var ended = add("ended", Duration.ZERO);
    athena.stop(ended.id(), new Deadline(VirtualAthena.START.plusSeconds(10)));
    assertThat(stop(new StopSession(metadata(true), VirtualAthena.SESSION)).results())
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.outcome()).isEqualTo(Outcome.DRY_RUN);
              assertThat(Objects.requireNonNull(it.snapshot()).id()).isEqualTo("runs");
            });
  }
}
