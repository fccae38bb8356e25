package io.github.calculationguard.guard;

import static io.github.calculationguard.guard.World.policy;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.guard.SweepReport.Disposition;
import io.github.calculationguard.guard.SweepReport.Judged;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.AthenaSparkException.NotFoundException;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.CalculationState;
import io.github.calculationguard.spark.Return;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.spark.SessionState;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReturnFinderTest {

  private static final Map<String, String> ANA = Map.of("owner", "ana");

  private final World world = world(Mode.ENFORCE);

  private static World world(Mode mode) {
    var limits =
        new Limits(
            mode, Map.of(Rule.MAX_SESSION_HOURS, 12.0, Rule.MAX_CALCULATION_MINUTES, 120.0), 100);
    var world = new World(policy(limits));
    world.workGroup("connect", ANA);
    return world;
  }

  private static Session session(
      World world, String id, @Nullable String description, Duration age) {
    return new Session(
        new SessionId(id),
        "connect",
        new SessionState("BUSY"),
        description,
        "Apache Spark version 3.5",
        world.instant().minus(age),
        null,
        null,
        20,
        null,
        null);
  }

  /** A session of some hours that ended now, whoever ended it. */
  private void ended(World world, String id, @Nullable String description) {
    world.put(session(world, id, description, ofHours(3)), Map.of());
    world.athena.terminate(new SessionId(id));
  }

  private static Optional<Return> returnOf(SweepReport report, String id) {
    return report.judged().stream()
        .filter(it -> it.snapshot().id().equals(id))
        .flatMap(it -> Optional.ofNullable(it.returned()).stream())
        .findFirst();
  }

  private static int historyCalls(SweepReport report) {
    // Every sweep lists each workgroup's active sessions by two calls.
    return report.calls().getOrDefault("ListSessions", 0) - 2;
  }

  @Test
  void isCertainThatWhatTheGuardStoppedReturned() {
    world.put(session(world, "s-1", "dbt: nightly", ofHours(13)), Map.of());
    world.sweep();
    world.pass(ofMinutes(2));
    world.put(session(world, "s-2", "dbt: nightly", Duration.ZERO), Map.of());
    world.pass(ofHours(13));

    var report = world.sweep();

    assertThat(world.orderedIds()).containsExactly("s-1", "s-2");
    assertThat(returnOf(report, "s-2")).contains(new Return("s-1", true));
    assertThat(World.detail(world.ordered.getLast()))
        .containsEntry("returnedAfter", "s-1")
        .containsEntry("reason", "open for 13 h, limit 12 h; returned after s-1")
        .doesNotContainKey("mayHaveReturnedAfter");
  }

  @Test
  void isNotCertainWhereAnotherMayHaveStoppedIt() {
    ended(world, "s-1", "dbt: nightly");
    world.put(session(world, "s-2", "dbt: nightly", Duration.ZERO), Map.of());
    world.pass(ofHours(13));

    var report = world.sweep();

    assertThat(returnOf(report, "s-2")).contains(new Return("s-1", false));
    assertThat(World.detail(world.ordered.getLast()))
        .containsEntry("mayHaveReturnedAfter", "s-1")
        .containsEntry("reason", "open for 13 h, limit 12 h; may have returned after s-1")
        .doesNotContainKey("returnedAfter");
  }

  @Test
  void isNotCertainWhereItEndedLongAfterTheGuardAsked() {
    world.disobey();
    world.put(session(world, "s-1", "dbt: nightly", ofHours(13)), Map.of());
    world.sweep();
    world.pass(ofMinutes(11));
    world.athena.terminate(new SessionId("s-1"));
    world.put(session(world, "s-2", "dbt: nightly", Duration.ZERO), Map.of());
    world.pass(ofHours(13));

    assertThat(returnOf(world.sweep(), "s-2")).contains(new Return("s-1", false));
  }

  @ParameterizedTest
  @CsvSource({"PT0S, true", "PT30M, true", "PT30M0.001S, false"})
  void takesWhatStartedSoonEnoughForAReturn(Duration after, boolean isReturn) {
    ended(world, "s-1", "dbt: nightly");
    world.pass(after);
    world.put(session(world, "s-2", "dbt: nightly", Duration.ZERO), Map.of());
    world.pass(ofHours(13));

    assertThat(returnOf(world.sweep(), "s-2").isPresent()).isEqualTo(isReturn);
  }

  @ParameterizedTest
  @CsvSource({"PT1M, true", "PT1M0.001S, false"})
  void takesWhatStartedLongBeforeTheEndForNoReturn(Duration before, boolean isReturn) {
    world.put(session(world, "s-2", "dbt: nightly", before), Map.of());
    ended(world, "s-1", "dbt: nightly");
    world.pass(ofHours(13));

    assertThat(returnOf(world.sweep(), "s-2").isPresent()).isEqualTo(isReturn);
  }

  @ParameterizedTest
  @CsvSource({"dbt: nightly, dbt: hourly", "'', ''", "' ', ' '", ","})
  void needsTheSameDescription(@Nullable String before, @Nullable String after) {
    ended(world, "s-1", before);
    world.put(session(world, "s-2", after, Duration.ZERO), Map.of());
    world.pass(ofHours(13));

    assertThat(returnOf(world.sweep(), "s-2")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    ", , true",
    "ana, , true",
    ", ana, true",
    "ben, ben, true",
    "ben, , false",
    ", ben, false"
  })
  void needsTheSameOwner(@Nullable String before, @Nullable String after, boolean isReturn) {
    world.put(session(world, "s-1", "dbt: nightly", ofHours(3)), owner(before));
    world.athena.terminate(new SessionId("s-1"));
    world.put(session(world, "s-2", "dbt: nightly", Duration.ZERO), owner(after));
    world.pass(ofHours(13));

    assertThat(returnOf(world.sweep(), "s-2").isPresent()).isEqualTo(isReturn);
  }

  private static Map<String, String> owner(@Nullable String owner) {
    return owner == null ? Map.of() : Map.of("owner", owner);
  }

  @Test
  void prefersWhatTheGuardStopped() {
    world.put(session(world, "s-1", "dbt: nightly", ofHours(13)), Map.of());
    world.sweep();
    world.pass(ofMinutes(1));
    ended(world, "s-0", "dbt: nightly");
    world.put(session(world, "s-2", "dbt: nightly", Duration.ZERO), Map.of());
    world.pass(ofHours(13));

    assertThat(returnOf(world.sweep(), "s-2")).contains(new Return("s-1", true));
  }

  @Test
  void findsACalculationThatWasCanceledInTheSameSession() {
    var session = world.busy("connect", "s-1", ofHours(5), Map.of());
    run(session, "c-1", ofHours(3));
    world.sweep();
    world.pass(ofMinutes(10));
    run(session, "c-2", Duration.ZERO);
    world.athena.put(
        World.session("s-1", "connect", "BUSY", World.START.minus(ofHours(5)), null, 20, null),
        Map.of(),
        World.nodes(2, World.START));
    world.pass(ofHours(3));

    var report = world.sweep();

    assertThat(world.orderedIds()).containsExactly("c-1", "c-2");
    assertThat(returnOf(report, "c-2")).contains(new Return("c-1", true));
    assertThat(historyCalls(report)).isZero();
  }

  private void run(SessionId session, String id, Duration age) {
    world.athena.put(
        new Calculation(
            new CalculationId(id),
            session,
            new CalculationState("RUNNING"),
            "Nightly join",
            world.instant().minus(age),
            null,
            null,
            Calculation.NO_OUTPUT));
  }

  @Test
  void findsACalculationWhoseSessionIsAReturn() {
    world.put(World.session("s-1", "connect", "BUSY", World.START, null, 20, null), Map.of());
    world.athena.terminate(new SessionId("s-1"));
    world.pass(ofMinutes(5));
    var it = World.session("s-2", "connect", "BUSY", world.instant(), null, 20, null);
    world.put(
        new Session(
            it.id(),
            it.workGroup(),
            it.state(),
            "notebook of s-1",
            it.engineVersion(),
            it.startedAt(),
            null,
            null,
            20,
            null,
            null),
        Map.of());
    world.running(it.id(), "c-2", Duration.ZERO);
    world.pass(ofHours(3));

    assertThat(returnOf(world.sweep(), "c-2")).contains(new Return("s-1", false));
  }

  @Test
  void asksOnceForEachWorkGroupAndOnlyWhereSomethingIsReported() {
    for (var id = 0; id < 5; id++) {
      world.put(session(world, "over-" + id, "dbt: " + id, ofHours(13)), Map.of());
    }
    var observing = world(Mode.OBSERVE);
    observing.put(session(observing, "young", "dbt: nightly", ofHours(1)), Map.of());

    assertThat(historyCalls(world.sweep())).isEqualTo(1);
    assertThat(historyCalls(observing.sweep())).isZero();
  }

  @Test
  void asksOnlyOnceInTheLifeOfWhatItReports() {
    var world = world(Mode.OBSERVE);
    ended(world, "s-1", "dbt: nightly");
    world.put(session(world, "s-2", "dbt: nightly", Duration.ZERO), Map.of());
    world.pass(ofHours(13));
    var first = world.sweep();
    world.pass(ofMinutes(10));
    var second = world.sweep();

    assertThat(historyCalls(first)).isEqualTo(1);
    assertThat(historyCalls(second)).isZero();
    assertThat(returnOf(second, "s-2")).contains(new Return("s-1", false));
  }

  @Test
  void stopsNothingMerelyBecauseItReturned() {
    ended(world, "s-1", "dbt: nightly");
    world.put(session(world, "s-2", "dbt: nightly", Duration.ZERO), Map.of());
    world.pass(ofHours(1));

    var report = world.sweep();

    assertThat(report.judged()).extracting(Judged::disposition).containsExactly(Disposition.LEFT);
    assertThat(report.judged().getFirst().returned()).isNull();
  }

  @Test
  void stopsAsEverWhereTheHistoryCannotBeReadAndAsksAgainTheNextTime() {
    world.disobey();
    var unavailable = new AthenaUnavailableException("throttled");
    world.athena.fail("ListSessions", "connect TERMINATED", unavailable);
    ended(world, "s-1", "dbt: nightly");
    for (var id : new String[] {"s-2", "s-3"}) {
      world.put(session(world, id, "dbt: nightly", Duration.ZERO), Map.of());
    }
    world.pass(ofHours(13));

    var failed = world.sweep();

    assertThat(world.orderedIds()).containsExactly("s-2", "s-3");
    assertThat(failed.failures()).isEmpty();
    assertThat(historyCalls(failed)).isEqualTo(1);
    assertThat(returnOf(failed, "s-2")).isEmpty();
    world.athena.fail("ListSessions", "connect TERMINATED", null);
    assertThat(returnOf(world.sweep(), "s-2")).contains(new Return("s-1", false));
  }

  @Test
  void isNotCertainWhereAthenaHasForgottenTheOwner() {
    world.put(session(world, "s-1", "dbt: nightly", ofHours(13)), Map.of());
    world.sweep();
    world.put(session(world, "s-2", "dbt: nightly", Duration.ZERO), Map.of());
    var arn = World.PLACE.arnOf(new WorkGroup("connect"), new SessionId("s-1"));
    var gone = new NotFoundException("no such resource", null, null);
    world.athena.fail("ListTagsForResource", arn, gone);
    world.pass(ofHours(13));

    assertThat(returnOf(world.sweep(), "s-2")).contains(new Return("s-1", false));
  }
}
