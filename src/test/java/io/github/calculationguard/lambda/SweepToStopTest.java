package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.NOW;
import static io.github.calculationguard.lambda.GuardedWorld.json;
import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static java.time.Duration.ofHours;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.Course.OnStop;
import io.github.athenasparklocal.HandClock;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.Template;
import io.github.calculationguard.play.CrowdedAccount;
import io.github.calculationguard.standin.LocalEventBridge;
import io.github.calculationguard.standin.LocalWorld;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From the schedule over the bus and the template's rule to what is stopped in Athena. */
class SweepToStopTest {

  private static final List<String> SESSIONS =
      List.of(
          "runaway",
          "overdue",
          "near",
          "young",
          "exempt",
          "resting",
          "forgotten",
          "mistagged",
          "degraded",
          "careful",
          "endless",
          "fresh");

  private static final List<String> WITH_CALCULATIONS =
      List.of("runaway", "overdue", "near", "young", "exempt", "careful");

  private static final Set<String> OVER =
      Set.of("runaway-job", "overdue-job", "careful-job", "endless", "degraded", "forgotten");

  private final HandClock clock = new HandClock(NOW);
  private final LocalWorld world = new LocalWorld(clock);
  private final Template template = Template.read();
  private final Map<String, String> settings = new HashMap<>(world.environment());

  @BeforeEach
  void settle() {
    world.eventBridge().addBus("guard");
    settings.put("BUS_NAME", "guard");
    settings.put("TOPIC_ARN", world.sns().addTopic("guard"));
    settings.put("ESCALATION", "TERMINATE_SESSION");
    settings.put("MODE", "enforce");
    CrowdedAccount.settle(model(), NOW);
  }

  @AfterEach
  void close() {
    world.close();
  }

  private SparkModel model() {
    return world.athena().model();
  }

  /** One sweep, its orders, and some minutes of peace. */
  private Map<String, Object> sweep(SweepHandler handler) {
    var report =
        handler.handleRequest(
            sample("schedule-sweep.json"), new TestContext("sweep", Duration.ofMinutes(9), null));
    var stop = InProcess.stop(settings, clock, clock::advance);
    world.eventBridge().events().stream()
        .map(LocalEventBridge.Event::json)
        .filter(event -> template.takes("StopFunction", "Findings", event))
        .forEach(event -> stop.handleRequest(json(event), new TestContext("stop")));
    world.eventBridge().forget();
    clock.advance(Duration.ofMinutes(2));
    return report;
  }

  private Map<String, Object> sweep() {
    return sweep(InProcess.sweep(settings, clock));
  }

  /** The sweep before: it warns of what is over its limit, and stops none of it. */
  private void warn() {
    assertThat(sweep()).containsEntry("ordered", 0);
    assertThat(stopped()).isEmpty();
  }

  /** The calculations and sessions that are over, but for calculations of sessions that are. */
  private Set<String> stopped() {
    var stopped = new LinkedHashSet<String>();
    WITH_CALCULATIONS.stream()
        .map(session -> session + "-job")
        .filter(
            id -> Set.of("CANCELED", "FAILED", "COMPLETED").contains(model().calculationState(id)))
        .forEach(stopped::add);
    SESSIONS.stream()
        .filter(id -> model().sessionState(id).equals("TERMINATED"))
        .filter(id -> !stopped.contains(id + "-job"))
        .forEach(stopped::add);
    return stopped;
  }

  @Test
  void stopsExactlyWhatIsOverItsLimits() {
    warn();
    var report = sweep();

    assertThat(stopped()).isEqualTo(OVER);
    assertThat(report).containsEntry("ordered", OVER.size()).containsEntry("held_back", 0);
    assertThat(model().sessionState("runaway")).isEqualTo("IDLE");
    assertThat(sweep()).containsEntry("ordered", 0);
  }

  @Test
  void stopsNothingWhereItObserves() {
    settings.put("MODE", "observe");

    var report = sweep();

    assertThat(stopped()).isEmpty();
    assertThat(report).containsEntry("ordered", 0).containsEntry("observed", OVER.size() + 1);
    assertThat(world.athena().counts())
        .doesNotContainKeys("StopCalculationExecution", "TerminateSession");
  }

  @Test
  void stopsCalculationsAloneWhereSessionsMayNotBeEnded() {
    settings.put("ESCALATION", "NONE");
    warn();

    sweep();

    assertThat(stopped()).containsExactlyInAnyOrder("runaway-job", "overdue-job", "careful-job");
    assertThat(world.athena().counts()).doesNotContainKey("TerminateSession");
  }

  @Test
  void ordersOnceMoreWhatDidNotStop() {
    settings.put("ESCALATION", "NONE");
    model().add(SessionSetup.in("etl").id("stubborn").startedAt(NOW.minus(ofHours(9))));
    model()
        .add(
            CalculationSetup.in("stubborn")
                .id("stubborn-job")
                .course(new Course(ofHours(100), false, new OnStop.Ignored()))
                .submittedAt(NOW.minus(ofHours(8))));
    warn();
    assertThat(sweep()).containsEntry("ordered", 4);
    assertThat(model().calculationState("stubborn-job")).isEqualTo("CANCELING");

    settings.put("ESCALATION", "TERMINATE_SESSION");
    settings.put("MAX_ACTIONS_PER_SWEEP", "1");
    for (var sweep = 0; sweep < 4; sweep++) {
      sweep();
    }

    assertThat(model().calculationState("stubborn-job")).isEqualTo("FAILED");
    assertThat(model().sessionState("stubborn")).isEqualTo("TERMINATED");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 5})
  void stopsNoMoreAtOnceThanItMayAndAllInTheEnd(int most) {
    settings.put("MAX_ACTIONS_PER_SWEEP", Integer.toString(most));
    warn();
    var handler = InProcess.sweep(settings, clock);
    var costliestFirst =
        List.of("endless", "runaway-job", "overdue-job", "careful-job", "degraded", "forgotten");

    for (var done = most; done - most < OVER.size(); done += most) {
      var sofar = Math.min(done, OVER.size());
      assertThat(sweep(handler)).containsEntry("held_back", OVER.size() - sofar);
      assertThat(stopped()).isEqualTo(Set.copyOf(costliestFirst.subList(0, sofar)));
    }
  }
}
