package io.github.athenasparklocal;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class SparkModelTest {

  private static final List<String> ORDER =
      List.of("CREATING", "QUEUED", "RUNNING", "CANCELING", "over");
  private static final Set<String> OVER = Set.of("CANCELED", "COMPLETED", "FAILED");
  private static final List<Course.OnStop> ON_STOP =
      List.of(
          new Course.OnStop.Cancels(Duration.ofSeconds(2)),
          new Course.OnStop.Cancels(Duration.ofSeconds(40)),
          new Course.OnStop.Finishes(Duration.ofSeconds(3)),
          new Course.OnStop.Ignored());

  @Property(tries = 300)
  void neverContradictsItself(@ForAll long seed) {
    new StopReport().tell(new Random(seed));
  }

  /** A session and its calculations, with anything asked of them at any time. */
  private static final class StopReport {

    private final HandClock clock = new HandClock(AthenaTest.NOON);
    private final SparkModel model = new SparkModel(clock, AthenaTest.REGION, Pace.USUAL);
    private final Map<String, String> before = new HashMap<>();
    private Duration usedBefore = Duration.ZERO;

    void tell(Random random) {
      model.addWorkGroup("spark", SparkModel.PYSPARK_3, Map.of());
      var session =
          model.add(
              SessionSetup.in("spark")
                  .maxDpus(2 + random.nextInt(20))
                  .idleTimeout(Duration.ofSeconds(60 + random.nextInt(300))));
      var calculations = new ArrayList<String>();
      for (var i = 0; i < 60; i++) {
        clock.advance(Duration.ofMillis(random.nextInt(random.nextBoolean() ? 1500 : 30_000)));
        var history = requireNonNull(model.session(session));
        var now = model.now();
        var active = !Set.of("TERMINATING", "TERMINATED").contains(model.sessionState(session));
        switch (random.nextInt(random.nextInt(4) == 0 ? 8 : 6)) {
          case 0, 1 -> {
            if (active) {
              var course =
                  new Course(
                      Duration.ofMillis(random.nextInt(60_000)),
                      random.nextInt(5) == 0,
                      ON_STOP.get(random.nextInt(ON_STOP.size())));
              calculations.add(model.add(CalculationSetup.in(session).course(course)));
            }
          }
          case 2, 3 -> {
            if (!calculations.isEmpty()) {
              var id = calculations.get(random.nextInt(calculations.size()));
              var asked = requireNonNull(model.calculation(id)).stopAskedAt();
              if (asked == null && !OVER.contains(model.calculationState(id))) {
                model.put(history.stopped(id, now));
                assertThat(model.calculationState(id)).isEqualTo("CANCELING");
              }
            }
          }
          case 7 -> {
            if (active) {
              model.put(history.terminated(now));
              assertThat(model.sessionState(session)).isEqualTo("TERMINATING");
            }
          }
          default -> {}
        }
        look(session, calculations, now);
      }
    }

    private void look(String session, List<String> calculations, Instant now) {
      var states = calculations.stream().map(model::calculationState).toList();
      assertThat(states.stream().filter("RUNNING"::equals).count()).isLessThanOrEqualTo(1);
      for (var id : calculations) {
        var state = model.calculationState(id);
        var last = before.put(id, state);
        if (last != null && OVER.contains(last)) {
          assertThat(state).as("over is over").isEqualTo(last);
        } else if (last != null) {
          assertThat(rank(state)).as(last + " to " + state).isGreaterThanOrEqualTo(rank(last));
        }
      }
      var history = requireNonNull(model.session(session));
      var course = model.course(history);
      switch (model.sessionState(session)) {
        case "IDLE", "CREATING" -> assertThat(states).doesNotContain("RUNNING");
        case "TERMINATED" -> assertThat(OVER).containsAll(states);
        case "BUSY" ->
            assertThat(states).containsAnyOf("CREATING", "QUEUED", "RUNNING", "CANCELING");
        default -> {}
      }
      var used = course.dpuTime(now);
      assertThat(used).isGreaterThanOrEqualTo(usedBefore);
      usedBefore = used;
      var ofNodes = Duration.ZERO;
      for (var node : course.nodes(now)) {
        var to = node.to().isBefore(now) ? node.to() : now;
        ofNodes = ofNodes.plus(Duration.between(node.from(), to).multipliedBy(node.dpus()));
      }
      assertThat(used).as("the nodes' own times").isEqualTo(ofNodes);
      assertThat(course.nodes(now).stream().filter(node -> node.to().isAfter(now)).count())
          .isLessThanOrEqualTo(history.maxDpus());
    }

    private static int rank(String state) {
      return ORDER.indexOf(OVER.contains(state) ? "over" : state);
    }
  }
}
