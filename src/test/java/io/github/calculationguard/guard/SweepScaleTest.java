package io.github.calculationguard.guard;

import static io.github.calculationguard.guard.World.DEFAULTS;
import static io.github.calculationguard.guard.World.PLACE;
import static io.github.calculationguard.guard.World.policy;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.FakeAthenaSpark;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Counts what a sweep asks of Athena. */
class SweepScaleTest {

  /** Of every five sessions one is busy. */
  private static World world(
      SweepPolicy policy, int workGroups, int sessions, Duration age, Duration running) {
    var world = new World(policy);
    for (var workGroup = 0; workGroup < workGroups; workGroup++) {
      world.workGroup("wg-" + workGroup, Map.of("owner", "team-" + workGroup));
    }
    for (var number = 0; number < sessions; number++) {
      var workGroup = "wg-" + number % workGroups;
      if (number / workGroups % 5 == 0) {
        var session = world.busy(workGroup, "s-" + number, age, Map.of());
        world.running(session, "c-" + number, running);
      } else {
        world.idle(workGroup, "s-" + number, age, ofMinutes(5), Map.of());
      }
    }
    return world;
  }

  private static int sum(Map<String, Integer> calls) {
    return calls.values().stream().mapToInt(Integer::intValue).sum();
  }

  private static void print(String what, Map<String, Integer> calls) {
    System.out.println("calls: " + what + ": " + sum(calls) + " " + new TreeMap<>(calls));
  }

  @Test
  void asksForListsAloneWhereNothingIsNearALimit() {
    var report = world(policy(DEFAULTS), 40, 2000, ofMinutes(90), ofMinutes(80)).sweep();

    print("2,000 sessions in 40 workgroups, 400 busy, nothing near a limit", report.calls());
    assertThat(report.sessionsSeen()).isEqualTo(2000);
    // Fifty sessions in a workgroup are one page of either list.
    assertThat(report.calls())
        .isEqualTo(Map.of("ListWorkGroups", 1, "ListSessions", 80, "ListTagsForResource", 40));
  }

  @Test
  void looksIntoOldSessionsOnceAndRemembersWhatItSaw() {
    var world = world(policy(DEFAULTS), 40, 2000, ofHours(30), ofMinutes(5));
    var cold = world.sweep();
    world.pass(ofMinutes(10));
    var warm = world.sweep();

    print("the same with sessions of 30 hours, cold", cold.calls());
    print("the same with sessions of 30 hours, warm", warm.calls());
    assertThat(cold.calls())
        .isEqualTo(
            Map.of(
                "ListWorkGroups",
                1,
                "ListSessions",
                80,
                "ListTagsForResource",
                40 + 400,
                "ListCalculationExecutions",
                400));
    assertThat(sum(warm.calls())).isEqualTo(1 + 3 * 40);
  }

  @Test
  void asksHowLargeASessionIsOnlyOnceInItsLife() {
    var limits =
        new Limits(
            Limits.Mode.ENFORCE,
            Map.of(Rule.MAX_SESSION_DPU_HOURS, 200.0, Rule.MAX_CALCULATION_DPU_HOURS, 200.0),
            80);
    var world = world(policy(limits), 40, 2000, ofHours(3), ofMinutes(5));
    var cold = world.sweep();
    world.pass(ofMinutes(10));
    var warm = world.sweep();

    print("the same by DPU-hours, cold", cold.calls());
    print("the same by DPU-hours, warm", warm.calls());
    assertThat(cold.calls()).containsEntry("GetSession", 2000);
    assertThat(sum(warm.calls())).isEqualTo(1 + 3 * 40);
  }

  @Test
  void asksForDetailsOfCandidatesAlone() {
    var world = world(policy(DEFAULTS), 40, 2000, ofHours(3), ofMinutes(5));
    for (var runaway = 0; runaway < 10; runaway++) {
      world.running(
          world.busy("wg-" + runaway, "runaway-" + runaway, ofHours(3), Map.of()),
          "c-runaway-" + runaway,
          ofHours(3));
    }
    var report = world.sweep();

    print("the same with ten that run away", report.calls());
    assertThat(world.ordered).hasSize(10);
    assertThat(report.calls())
        .containsEntry("GetSession", 10)
        .containsEntry("GetCalculationExecution", 10)
        .containsEntry("ListExecutors", 10);
  }

  @Test
  void asksForAThirdOfWhatAPlainSweepAsks() {
    var world = world(policy(DEFAULTS), 20, 1000, ofHours(30), ofMinutes(5));
    var swept = world.sweep().calls();
    var plain = plainSweep(world.athena);

    print("1,000 sessions, 200 busy for long, cold", swept);
    print("the same, a plain sweep that walks everything", plain);
    assertThat(sum(swept) / (double) sum(plain)).isLessThanOrEqualTo(0.35);
  }

  /** Every session's state and calculations, and every running calculation's details. */
  private static Map<String, Integer> plainSweep(FakeAthenaSpark athena) {
    var calls = new TreeMap<String, Integer>();
    athena.listen(operation -> calls.merge(operation, 1, Integer::sum));
    var deadline = new Deadline(World.START.plus(ofHours(1)));
    for (var workGroup : athena.workGroups(deadline)) {
      athena.tags(PLACE.arnOf(workGroup), deadline);
      for (var session : athena.activeSessions(workGroup, deadline)) {
        athena.session(session.id(), deadline);
        for (var calculation : athena.activeCalculations(session.id(), deadline)) {
          athena.calculation(calculation.id(), deadline);
        }
      }
    }
    return calls;
  }

  @Test
  void makesAsManyCallsASecondAsItMay() {
    var world = new World(policy(DEFAULTS), 5);
    for (var workGroup = 0; workGroup < 40; workGroup++) {
      world.workGroup("wg-" + workGroup, Map.of());
      world.idle("wg-" + workGroup, "s-" + workGroup, ofHours(1), ofMinutes(1), Map.of());
    }
    var report = world.sweep();

    // The first call waits for nobody.
    assertThat(report.took()).isEqualTo(Duration.ofMillis(200).multipliedBy(121 - 1));
  }
}
