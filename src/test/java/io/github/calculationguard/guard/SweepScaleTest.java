package io.github.calculationguard.guard;

import static io.github.calculationguard.guard.World.DEFAULTS;
import static io.github.calculationguard.guard.World.PLACE;
import static io.github.calculationguard.guard.World.policy;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.FakeAthenaSpark;
import io.github.calculationguard.spark.SessionId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Counts what a sweep asks of Athena. */
class SweepScaleTest {

  /** The function's timeout, less the margin for its reply. */
  private static final Duration SWEEP = Duration.ofSeconds(539);

  /** Nothing comes near these in the hours that a test lasts. */
  private static final Limits FAR =
      new Limits(
          Limits.Mode.ENFORCE,
          Map.of(Rule.MAX_CALCULATION_MINUTES, 1000.0, Rule.MAX_SESSION_IDLE_MINUTES, 1000.0),
          80);

  /** Of every five sessions one is busy. */
  private static World world(
      Sweep.Policy policy, int workGroups, int sessions, Duration age, Duration running) {
    var world = new World(policy);
    populate(world, workGroups, sessions, age, running);
    return world;
  }

  private static void populate(
      World world, int workGroups, int sessions, Duration age, Duration running) {
    for (var workGroup = 0; workGroup < workGroups; workGroup++) {
      world.workGroup("wg-" + workGroup, Map.of("owner", "team-" + workGroup));
    }
    for (var number = 0; number < sessions; number++) {
      var workGroup = "wg-" + number % workGroups;
      if (number / workGroups % 5 == 0) {
        var session = world.busy(workGroup, "s-" + number, age, Map.of());
        world.running(session, "c-" + number, running);
      } else {
        world.idle(workGroup, "s-" + number, age, ofMinutes(1), Map.of());
      }
    }
  }

  private static int sum(Map<String, Integer> calls) {
    return calls.values().stream().mapToInt(Integer::intValue).sum();
  }

  private static void print(String what, Map<String, Integer> calls) {
    System.out.println("calls: " + what + ": " + sum(calls) + " " + new TreeMap<>(calls));
  }

  @Test
  void readsListsAndTagsAloneWhereNothingIsNearALimit() {
    var report = world(policy(DEFAULTS), 40, 2000, ofMinutes(90), ofMinutes(80)).sweep();

    print("2,000 sessions in 40 workgroups, 400 busy, nothing near a limit", report.calls());
    assertThat(report.inventory().sessionsSeen()).isEqualTo(2000);
    // Fifty sessions in a workgroup are one page of either list.
    assertThat(report.calls())
        .isEqualTo(Map.of("ListWorkGroups", 1, "ListSessions", 80, "ListTagsForResource", 2040));
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
                2040,
                "ListCalculationExecutions",
                400));
    assertThat(warm.calls())
        .containsOnlyKeys("ListWorkGroups", "ListSessions", "ListTagsForResource");
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
    assertThat(warm.calls())
        .containsOnlyKeys("ListWorkGroups", "ListSessions", "ListTagsForResource");
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
  void asksForLittleOfWhatAPlainSweepAsks() {
    var world = world(policy(FAR), 20, 1000, ofHours(30), ofMinutes(5));
    var plain = plainSweep(world(policy(FAR), 20, 1000, ofHours(30), ofMinutes(5)).athena);
    var first = sum(world.sweep().calls());

    System.out.printf("calls: a plain sweep of 1,000 sessions: %d; the first: %d%n", plain, first);
    assertThat(first / (double) plain).isLessThanOrEqualTo(0.60);
    for (var sweep = 1; sweep <= 12; sweep++) {
      world.pass(ofMinutes(10));
      var next = world.sweep().calls();
      print("sweep " + sweep + " after it", next);
      assertThat(sum(next) / (double) plain).isLessThanOrEqualTo(0.20);
    }
  }

  @Test
  void readsTheTagsOfThreeThousandSessionsEveryHalfHourAtFiveCallsASecond() {
    var world = new World(policy(FAR), 5);
    populate(world, 40, 3000, ofMinutes(1), ofMinutes(1));
    var timeout = Duration.ofSeconds(539);
    // The very first sweeps take in turns what one of them has no time for.
    for (var sweep = 0; sweep < 2; sweep++) {
      sweepFor(world, timeout);
    }
    for (var sweep = 0; sweep < 12; sweep++) {
      sweepFor(world, timeout);
    }

    for (var number = 0; number < 3000; number++) {
      var group = new WorkGroup("wg-" + number % 40);
      var reads = world.athena.tagsReadAt(PLACE.arnOf(group, new SessionId("s-" + number)));
      assertThat(reads).hasSizeGreaterThan(4);
      for (var read = 1; read < reads.size(); read++) {
        assertThat(Duration.between(reads.get(read - 1), reads.get(read)))
            .isLessThanOrEqualTo(SessionReader.TAGS_VALID);
      }
    }
  }

  /** 5,000 sessions in 100 workgroups, at five calls a second that are answered after 20 ms. */
  private static World large(Limits limits, Duration age) {
    var world = new World(policy(limits), 5);
    populate(world, 100, 5000, age, ofMinutes(5));
    world.athena.listen(_ -> world.pass(Duration.ofMillis(20)));
    return world;
  }

  @Test
  void goesThroughFiveThousandSessionsInEachSweepOnceItKnowsThem() {
    var world = large(FAR, ofMinutes(1));
    var left = new ArrayList<Integer>();
    for (var sweep = 0; sweep < 12; sweep++) {
      var report = sweepFor(world, SWEEP);
      print("sweep %d of 5,000 in %s".formatted(sweep, report.took()), report.calls());
      left.add(report.inventory().sessionsLeft());
      assertThat(report.took()).isLessThanOrEqualTo(SWEEP);
      assertThat(report.complete()).isEqualTo(left.getLast() == 0);
    }
    // The first pass takes three sweeps.
    assertThat(left.subList(0, 2)).isSortedAccordingTo(Comparator.reverseOrder()).doesNotContain(0);
    assertThat(left.subList(3, 12)).containsOnly(0);
    for (var number = 0; number < 5000; number++) {
      var group = new WorkGroup("wg-" + number % 100);
      var reads = world.athena.tagsReadAt(PLACE.arnOf(group, new SessionId("s-" + number)));
      for (var read = 1; read < reads.size(); read++) {
        assertThat(Duration.between(reads.get(read - 1), reads.get(read)))
            .isLessThanOrEqualTo(ofMinutes(40));
      }
    }
  }

  @Test
  void beginsWithTheOldestSessionsAndThenWithThoseThatItDidNotReach() {
    var world = large(DEFAULTS, ofMinutes(1));
    for (var number = 0; number < 10; number++) {
      var old = world.busy("wg-" + number, "old-" + number, ofHours(3), Map.of());
      world.running(old, "runaway-" + number, ofHours(3));
    }
    var first = sweepFor(world, SWEEP);

    assertThat(world.orderedIds()).hasSize(10).allMatch(it -> it.startsWith("runaway-"));
    var seen = first.judged().stream().map(it -> it.session().id()).collect(Collectors.toSet());
    var second = sweepFor(world, SWEEP);
    var others =
        second.judged().stream()
            .map(it -> it.session().id())
            .filter(it -> !seen.contains(it))
            .distinct();
    assertThat(first.inventory().sessionsLeft()).isBetween(2000, 3500);
    assertThat(others.count()).isGreaterThan(1500);
    // And yet it visits again all that it knows.
    assertThat(
            second.judged().stream()
                .map(it -> it.session().id())
                .filter(seen::contains)
                .distinct()
                .count())
        .isEqualTo(seen.size());
  }

  @Test
  void reachesTheYoungestToWhereEachSweepIsTheFirstOfItsEnvironment() {
    var seen = new HashSet<SessionId>();
    var world = large(DEFAULTS, ofMinutes(1));
    for (var sweep = 0; sweep < 12; sweep++) {
      var begin = world.instant();
      var report = world.anotherSweep().run(PLACE, new Deadline(begin.plus(SWEEP)));
      report.judged().forEach(it -> seen.add(it.session().id()));
      world.pass(ofMinutes(10).minus(Duration.between(begin, world.instant())));
    }
    assertThat(seen.size()).isGreaterThan(4500);
  }

  /** One sweep, and the rest of its ten minutes. */
  private static SweepReport sweepFor(World world, Duration timeout) {
    var report = world.sweep(timeout);
    world.pass(ofMinutes(10).minus(report.took()));
    return report;
  }

  /** Reads every session's state and calculations, and every running calculation's details. */
  private static int plainSweep(FakeAthenaSpark athena) {
    var deadline = new Deadline(World.START.plus(ofHours(1)));
    for (var workGroup : athena.workGroups(deadline)) {
      athena.tags(PLACE.arnOf(workGroup), deadline);
      for (var session : athena.activeSessions(workGroup, deadline)) {
        athena.session(session.id(), deadline);
        athena.tags(PLACE.arnOf(workGroup, session.id()), deadline);
        for (var calculation :
            athena.calculations(session.id(), Instant.MAX, deadline).calculations()) {
          athena.calculation(calculation.id(), deadline);
        }
      }
    }
    return athena.calls.size();
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
    assertThat(report.took()).isEqualTo(Duration.ofMillis(200).multipliedBy(161 - 1));
  }
}
