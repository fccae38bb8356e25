package io.github.calculationguard.lambda;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.HandClock;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.standin.LocalWorld;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** A large account: 2,000 sessions in 40 workgroups, 400 of them busy. */
class SweepLoadTest {

  private static final Instant NOW = Instant.parse("2026-11-22T09:30:05Z");
  private static final int WORK_GROUPS = 40;
  private static final int SESSIONS = 2000;
  private static final long MOST_HEAP = 64L << 20;

  private static void populate(SparkModel model, Duration age) {
    for (var number = 0; number < WORK_GROUPS; number++) {
      model.addWorkGroup("wg-" + number, SparkModel.PYSPARK_3, Map.of());
    }
    for (var number = 0; number < SESSIONS; number++) {
      var session = "s-" + number;
      model.add(
          SessionSetup.in("wg-" + number % WORK_GROUPS).id(session).startedAt(NOW.minus(age)));
      if (number < SESSIONS / 5) {
        model.add(
            CalculationSetup.in(session)
                .id("c-" + number)
                .course(Course.lasting(ofHours(100)))
                .submittedAt(NOW.minus(age).plusSeconds(60)));
      }
    }
  }

  private static long heap() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  @Test
  void asksForListsAloneWhereNothingIsNearALimitInLittleRoom() {
    var clock = new HandClock(NOW);
    try (var world = new LocalWorld(clock)) {
      populate(world.athena().model(), ofMinutes(40));
      var handler = SweepHandlerTest.handler(world, clock, Map.of("MODE", "enforce"));
      var before = heap();
      var started = System.nanoTime();

      var answer =
          handler.handleRequest(Map.of(), new TestContext("request-1", ofMinutes(14), null));

      var took = Duration.ofNanos(System.nanoTime() - started);
      var paced = Duration.between(NOW, clock.instant());
      var grown = heap() - before;
      var calls = world.athena().counts();
      System.out.printf(
          "sweep of %d sessions: calls: %s; %d ms without the pace, %d ms at it; heap %+d KB%n",
          SESSIONS, new TreeMap<>(calls), took.toMillis(), paced.toMillis(), grown >> 10);
      assertThat(answer).containsEntry("sessions_seen", SESSIONS).containsEntry("over", 0);
      assertThat(calls)
          .isEqualTo(
              Map.of(
                  "ListWorkGroups",
                  1,
                  "ListSessions",
                  2 * WORK_GROUPS,
                  "ListTagsForResource",
                  WORK_GROUPS + SESSIONS));
      assertThat(paced).isEqualTo(Duration.ofMillis(200).multipliedBy(3 * WORK_GROUPS + SESSIONS));
      assertThat(grown).isLessThan(MOST_HEAP);
    }
  }
}
