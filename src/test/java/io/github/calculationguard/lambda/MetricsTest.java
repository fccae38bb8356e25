package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.NOW;
import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.Course.OnStop;
import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.Faults;
import io.github.athenasparklocal.HandClock;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.standin.LocalWorld;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Plays what is counted, and reads what CloudWatch would make of it. */
class MetricsTest {

  /** A case, and all that is counted in it. */
  @SuppressWarnings("ImmutableEnumChecker") // Records and Set.of are.
  enum Play {
    CANCELED(Course.USUAL, "StopRequests StopCanceled TimeToCanceled CostAtStop"),
    CANCELING(Course.onStop(new OnStop.Ignored()), "StopRequests StopCanceling CostAtStop"),
    ESCALATED(Course.onStop(new OnStop.Ignored()), "StopRequests StopEscalated CostAtStop"),
    ALREADY_OVER(Course.lasting(Duration.ofHours(1)), "StopRequests StopOther"),
    FINISHED_ANYWAY(
        Course.onStop(new OnStop.Finishes(Duration.ofSeconds(1))),
        "StopRequests StopOther CostAtStop"),
    DENIED(Course.USUAL, "StopRequests StopOther"),
    INVALID(Course.USUAL, "StopRequests StopOther"),
    DRY_RUN(Course.USUAL, "StopRequests StopOther"),
    FAILED(Course.USUAL, "StopRequests StopFailures"),
    MUTE(Course.USUAL, "StopRequests StopCanceled TimeToCanceled CostAtStop AnnouncementFailures");

    final Course course;
    final Set<String> counted;

    Play(Course course, String counted) {
      this.course = course;
      this.counted = Set.of(counted.split(" ", -1));
    }
  }

  @ParameterizedTest
  @EnumSource
  void countsEachCaseOfAStop(Play play) {
    try (var guarded = GuardedWorld.running(play.course).with("MAX_ATTEMPTS", "1")) {
      var event = sample("http-api-stop.json");
      switch (play) {
        case ESCALATED -> {
          guarded.with("ESCALATION", "TERMINATE_SESSION");
          event = sample("eventbridge-stop-requested.json");
        }
        case DENIED ->
            guarded
                .world
                .athena()
                .faults(Faults.always("StopCalculationExecution", Fault.Refusal.DENIED));
        case INVALID -> event = new HashMap<>(Map.of("hello", "world"));
        case DRY_RUN -> {
          event = sample("direct-stop.json");
          event.put("dryRun", true);
        }
        case FAILED -> guarded.world.athena().faults(Faults.always(Fault.Refusal.INTERNAL_ERROR));
        case MUTE -> guarded.world.sns().faults(Faults.always(Fault.Refusal.DENIED));
        case CANCELED, CANCELING, ALREADY_OVER, FINISHED_ANYWAY -> {}
      }
      var invocation = new TestContext("request-1");
      guarded.play(event, invocation);

      assertThat(emitted(invocation, NOW, guarded.clock)).isEqualTo(play.counted);
    }
  }

  @Test
  void countsEverySweep() {
    var clock = new HandClock(NOW);
    try (var world = new LocalWorld(clock)) {
      world.eventBridge().addBus("guard");
      world.sns().faults(Faults.always(Fault.Refusal.DENIED));
      var model = world.athena().model();
      model.addWorkGroup("etl", SparkModel.PYSPARK_3, Map.of());
      var session = model.add(SessionSetup.in("etl").startedAt(NOW.minus(Duration.ofHours(3))));
      model.add(CalculationSetup.in(session).submittedAt(NOW.minus(Duration.ofMinutes(150))));
      var environment = new HashMap<>(world.environment());
      environment.put("BUS_NAME", "guard");
      environment.put("TOPIC_ARN", world.sns().addTopic("guard"));
      var invocation = new TestContext("request-1", Duration.ofMinutes(14), null);

      InProcess.sweep(environment, clock).handleRequest(Map.of(), invocation);

      assertThat(emitted(invocation, NOW, clock))
          .containsExactlyInAnyOrder(
              "SessionsSeen",
              "CalculationsSeen",
              "Findings",
              "ActionsHeldBack",
              "SweepFailures",
              "SweepDuration",
              "AthenaCalls",
              "AnnouncementFailures");
    }
  }

  /** A dozen and a few: a metric costs money for as long as something is counted by it. */
  @Test
  void emitsOneMetricsLineOnly() {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      var invocation = new TestContext("request-1");
      guarded.play(sample("direct-stop.json"), invocation);
      assertThat(invocation.lines.stream().filter(line -> line.contains("\"_aws\""))).hasSize(1);
    }
  }

  /** The metrics that were emitted, as valid EMF, with the service as their dimension. */
  private static Set<String> emitted(TestContext invocation, Instant from, HandClock clock) {
    var lines = invocation.lines.stream().filter(line -> line.contains("\"_aws\"")).toList();
    assertThat(lines).hasSize(1);
    var names = EmbeddedMetricFormat.names(lines.getFirst(), from, clock.instant());
    assertThat(GuardedWorld.json(lines.getFirst())).containsKey("Service");
    return new HashSet<>(names);
  }

  @Test
  void theRulesAreBrokenWhereTheyAre() {
    for (var broken :
        List.of(
            "{}",
            line("\"A\"", "\"Count\"", "\"A\":\"1\""),
            line("\"A\"", "\"Apples\"", "\"A\":1"),
            line("\"A\"", "\"Count\"", "\"B\":1"),
            line("\"\"", "\"Count\"", "\"\":1"),
            line("\"A\"", "\"Count\"", "\"A\":1").replace("\"Service\":\"guard\",", ""))) {
      assertThatThrownBy(() -> EmbeddedMetricFormat.names(broken, NOW, NOW))
          .as(broken)
          .isInstanceOf(AssertionError.class);
    }
    assertThat(EmbeddedMetricFormat.names(line("\"A\"", "\"Count\"", "\"A\":1"), NOW, NOW))
        .isEqualTo(List.of("A"));
  }

  private static String line(String name, String unit, String value) {
    return Stream.of(
            "{\"_aws\":{\"Timestamp\":" + NOW.toEpochMilli(),
            "\"CloudWatchMetrics\":[{\"Namespace\":\"N\"",
            "\"Dimensions\":[[\"Service\"]]",
            "\"Metrics\":[{\"Name\":" + name,
            "\"Unit\":" + unit + "}]}]}",
            "\"Service\":\"guard\"",
            value + "}")
        .collect(Collectors.joining(","));
  }
}
