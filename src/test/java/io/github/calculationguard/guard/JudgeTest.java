package io.github.calculationguard.guard;

import static io.github.calculationguard.guard.World.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.guard.Verdict.Exceeded;
import io.github.calculationguard.guard.Verdict.Usage;
import io.github.calculationguard.guard.Verdict.Warning;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.Cost;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Session.Executor;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.spark.SessionState;
import io.github.calculationguard.spark.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JudgeTest {

  private static final Instant NOW = START;
  private static final Judge JUDGE = new Judge(true);

  private static Limits limits(Rule rule, double limit) {
    return new Limits(Limits.Mode.ENFORCE, Map.of(rule, limit), 80);
  }

  private static Snapshot snapshot(
      @Nullable Calculation calculation, Session session, List<Executor> executors) {
    return new Snapshot(calculation, session, null, executors, NOW);
  }

  private static Snapshot calculation(String state, Duration age, @Nullable Duration dpuTime) {
    var session =
        World.session("s-1", "etl", "BUSY", NOW.minus(Duration.ofDays(2)), null, 20, null);
    return snapshot(
        World.calculation("c-1", session.id(), state, NOW.minus(age), dpuTime), session, List.of());
  }

  private static Snapshot session(
      Duration age, @Nullable Duration idle, @Nullable Duration dpuTime) {
    return snapshot(
        null,
        World.session(
            "s-2",
            "etl",
            idle == null ? "BUSY" : "IDLE",
            NOW.minus(age),
            idle == null ? null : NOW.minus(idle),
            null,
            dpuTime),
        List.of());
  }

  private static String name(Verdict verdict) {
    return verdict.getClass().getSimpleName();
  }

  @ParameterizedTest
  @CsvSource({
    "PT0S, Ok",
    "PT1H35M59.999S, Ok",
    "PT1H36M, Warning",
    "PT1H59M59.999S, Warning",
    "PT2H, Warning",
    "PT2H0.001S, Exceeded",
    "P30D, Exceeded",
  })
  void findsCalculationsThatRunTooLong(Duration age, String verdict) {
    assertThat(
            name(
                JUDGE.judge(
                    calculation("RUNNING", age, null), limits(Rule.MAX_CALCULATION_MINUTES, 120))))
        .isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource({
    "PT7H59M59.999S, Ok",
    "PT8H, Warning",
    "PT10H, Warning",
    "PT10H0.001S, Exceeded",
  })
  void findsCalculationsThatUseTooMuch(Duration dpuTime, String verdict) {
    assertThat(
            name(
                JUDGE.judge(
                    calculation("RUNNING", Duration.ofHours(1), dpuTime),
                    limits(Rule.MAX_CALCULATION_DPU_HOURS, 10))))
        .isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource({
    "PT47M59.999S, Ok",
    "PT48M, Warning",
    "PT1H, Warning",
    "PT1H0.001S, Exceeded",
  })
  void findsSessionsThatIdleTooLong(Duration idle, String verdict) {
    assertThat(
            name(
                JUDGE.judge(
                    session(Duration.ofDays(1), idle, null),
                    limits(Rule.MAX_SESSION_IDLE_MINUTES, 60))))
        .isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource({
    "PT19M11.999S, Ok",
    "PT19M12S, Warning",
    "PT24M, Warning",
    "PT24M0.001S, Exceeded",
  })
  void findsSessionsThatAreOpenTooLong(Duration age, String verdict) {
    assertThat(name(JUDGE.judge(session(age, null, null), limits(Rule.MAX_SESSION_HOURS, 0.4))))
        .isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource({
    "PT4M47.999S, Ok",
    "PT4M48S, Warning",
    "PT6M, Warning",
    "PT6M0.001S, Exceeded",
  })
  void findsSessionsThatUseTooMuch(Duration dpuTime, String verdict) {
    assertThat(
            name(
                JUDGE.judge(
                    session(Duration.ofHours(1), null, dpuTime),
                    limits(Rule.MAX_SESSION_DPU_HOURS, 0.1))))
        .isEqualTo(verdict);
  }

  @Test
  void namesRuleLimitUseAndReason() {
    var snapshot = calculation("RUNNING", Duration.parse("PT3H7M30S"), Duration.ofHours(12));

    assertThat(snapshot.cost()).isEqualTo(new Cost(12, Cost.Basis.REPORTED));
    assertThat(JUDGE.judge(snapshot, limits(Rule.MAX_CALCULATION_MINUTES, 120)))
        .isEqualTo(
            new Exceeded(
                new Usage(Rule.MAX_CALCULATION_MINUTES, 120, 187.5, null),
                "running for 3 h 7 min, limit 2 h"));
  }

  @Test
  void warnsWithTheTimeAtWhichItWillBeStopped() {
    assertThat(
            JUDGE.judge(
                session(Duration.ofDays(1), Duration.ofMinutes(50), Duration.ofHours(3)),
                limits(Rule.MAX_SESSION_IDLE_MINUTES, 60)))
        .isEqualTo(
            new Warning(
                new Usage(Rule.MAX_SESSION_IDLE_MINUTES, 60, 50, null),
                NOW.plus(Duration.ofMinutes(10)),
                "idle for 50 min, limit 1 h"));
  }

  @Test
  void expectsDpuHoursToBeUsedAsTheyWereSoFar() {
    assertThat(
            JUDGE.judge(
                session(Duration.ofHours(3), null, Duration.ofHours(9)),
                limits(Rule.MAX_SESSION_DPU_HOURS, 10)))
        .isInstanceOfSatisfying(
            Warning.class, warn -> assertThat(warn.stopAt()).isEqualTo(NOW.plusSeconds(20 * 60)));
  }

  @Test
  void stopsNothingOnAnUpperBoundAlone() {
    assertThat(
            JUDGE.judge(
                calculation("RUNNING", Duration.ofHours(7), null),
                limits(Rule.MAX_CALCULATION_DPU_HOURS, 10)))
        .isEqualTo(
            new Warning(
                new Usage(Rule.MAX_CALCULATION_DPU_HOURS, 10, 140, Cost.Basis.UPPER_BOUND),
                null,
                "used at most 140.0 DPU-hours, limit 10.0 DPU-hours;"
                    + " an upper bound alone stops nothing"));
  }

  @Test
  void stopsOnWhatTheNodesUsed() {
    var bare = calculation("RUNNING", Duration.ofHours(7), null);
    var snapshot =
        snapshot(
            bare.calculation(),
            Objects.requireNonNull(bare.session()),
            List.of(
                new Executor(1, NOW.minus(Duration.ofHours(7)), null),
                new Executor(2, NOW.minus(Duration.ofHours(6)), NOW.minusSeconds(3600))));

    assertThat(snapshot.cost()).isEqualTo(new Cost(17, Cost.Basis.LIVE));
    assertThat(JUDGE.judge(snapshot, limits(Rule.MAX_CALCULATION_DPU_HOURS, 10)))
        .isInstanceOf(Exceeded.class);
  }

  @Test
  void stopsForTheTimeEvenWhereItsCostIsAnUpperBound() {
    assertThat(
            JUDGE.judge(
                calculation("RUNNING", Duration.ofHours(7), null),
                new Limits(
                    Limits.Mode.ENFORCE,
                    Map.of(
                        Rule.MAX_CALCULATION_DPU_HOURS, 10.0, Rule.MAX_CALCULATION_MINUTES, 120.0),
                    80)))
        .isInstanceOfSatisfying(
            Exceeded.class,
            over -> assertThat(over.usage().rule()).isEqualTo(Rule.MAX_CALCULATION_MINUTES));
  }

  @ParameterizedTest
  @CsvSource({"PT2H, Ok", "PT2H0.001S, Exceeded"})
  void leavesWhatIsBeingCanceledToItsUserUntilItIsOverALimit(Duration age, String verdict) {
    assertThat(
            name(
                JUDGE.judge(
                    calculation("CANCELING", age, null),
                    limits(Rule.MAX_CALCULATION_MINUTES, 120))))
        .isEqualTo(verdict);
  }

  @Test
  void warnsOfWhatIsBeingCanceledWhereItMayBeOverALimit() {
    assertThat(
            name(
                JUDGE.judge(
                    calculation("CANCELING", Duration.ofHours(1), null),
                    limits(Rule.MAX_CALCULATION_DPU_HOURS, 19))))
        .isEqualTo("Warning");
  }

  @Test
  void onlyWarnsOfSessionsWhereItMayNotEndThem() {
    assertThat(
            new Judge(false)
                .judge(
                    session(Duration.ofHours(30), Duration.ofHours(2), Duration.ofHours(5)),
                    limits(Rule.MAX_SESSION_IDLE_MINUTES, 60)))
        .isEqualTo(
            new Warning(
                new Usage(Rule.MAX_SESSION_IDLE_MINUTES, 60, 120, null),
                null,
                "idle for 2 h, limit 1 h; the guard may not terminate sessions (Escalation is NONE)"));
  }

  @Test
  void stopsCalculationsWhereItMayNotEndSessions() {
    assertThat(
            new Judge(false)
                .judge(
                    calculation("RUNNING", Duration.ofHours(3), null),
                    limits(Rule.MAX_CALCULATION_MINUTES, 120)))
        .isInstanceOf(Exceeded.class);
  }

  @Test
  void leavesWhatEndedByItself() {
    assertThat(
            name(
                JUDGE.judge(
                    calculation("COMPLETED", Duration.ofHours(3), null),
                    limits(Rule.MAX_CALCULATION_MINUTES, 120))))
        .isEqualTo("Ok");
  }

  @Test
  void judgesNothingThatAthenaDoesNotSay() {
    var session = World.session("s-3", "etl", "IDLE", null, null, null, null);
    var calculation = World.calculation("c-3", new SessionId("s-3"), "RUNNING", null, null);
    var limits =
        new Limits(
            Limits.Mode.ENFORCE,
            Map.of(
                Rule.MAX_SESSION_HOURS, 1.0,
                Rule.MAX_SESSION_IDLE_MINUTES, 1.0,
                Rule.MAX_SESSION_DPU_HOURS, 1.0,
                Rule.MAX_CALCULATION_MINUTES, 1.0,
                Rule.MAX_CALCULATION_DPU_HOURS, 1.0),
            80);

    assertThat(JUDGE.judge(snapshot(null, session, List.of()), limits)).isEqualTo(new Verdict.Ok());
    assertThat(JUDGE.judge(snapshot(calculation, session, List.of()), limits))
        .isEqualTo(new Verdict.Ok());
  }

  @ParameterizedTest
  @CsvSource({
    "PT0S, 0 s",
    "PT59.999S, 59 s",
    "PT1M, 1 min",
    "PT59M1S, 59 min 1 s",
    "PT1H1S, 1 h",
    "P1DT2M, 1 d 2 min"
  })
  void saysDurationsAsPeopleDo(Duration age, String words) {
    var limits = limits(Rule.MAX_CALCULATION_MINUTES, 60_000);
    var usage = Judge.usages(calculation("RUNNING", age, null), limits).getFirst();

    assertThat(usage.observedInWords()).isEqualTo("running for " + words);
    assertThat(usage.limitInWords()).isEqualTo("41 d 16 h");
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "IDLE, PT1H, 60, -",
        "IDLE, PT1H1S, 60, 'its idle timeout is 1 h, limit 1 h'",
        "BUSY, PT8H, 60, 'its idle timeout is 8 h, limit 1 h'",
        "BUSY, PT8H, 0, -",
        "BUSY, PT8H, 999999999, -",
        "BUSY, -, 60, -",
        "BUSY, NONE, 60, 'it shows no idle timeout, limit 1 h'",
        "TERMINATING, NONE, 60, -",
      })
  void knowsWhatAthenaKeepsOpenLongerThanTheLimit(
      String state, @Nullable String timeout, double limit, @Nullable String reason) {
    var idleTimeout =
        timeout == null
            ? null
            : timeout.equals("NONE") ? Session.NO_TIMEOUT : Duration.parse(timeout);
    var session =
        new Session(
            new SessionId("s-1"),
            "etl",
            new SessionState(state),
            null,
            "Apache Spark version 3.5",
            null,
            null,
            null,
            null,
            null,
            idleTimeout);
    var limits = new Limits(Mode.OBSERVE, Map.of(Rule.MAX_SESSION_IDLE_MINUTES, limit), 80);

    assertThat(Judge.keptOpen(session, limits))
        .isEqualTo(
            Optional.ofNullable(reason).map(it -> "Athena will not end it before you do: " + it));
  }
}
