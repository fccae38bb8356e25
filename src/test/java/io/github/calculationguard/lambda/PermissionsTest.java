package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.HandClock;
import io.github.athenasparklocal.LocalService;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.Template;
import io.github.calculationguard.play.WidgetStory;
import io.github.calculationguard.standin.LocalWorld;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The actions that a function's role allows it are those that it uses, no more and no less. What
 * Lambda itself does in the function's name is told from them by its statements' names.
 */
class PermissionsTest {

  private final Template template = Template.read();

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void letTheStopFunctionDoWhatItDoes(boolean mayTerminate) {
    var used = new TreeSet<String>();
    for (var plot : Plot.all()) {
      try (var guarded = plot.world(mayTerminate)) {
        guarded.play(plot.order(), new TestContext("request-1"));
        guarded.play(sample("http-api-describe.json"), new TestContext("request-2"));
        guarded.play(sample("http-api-describe-session.json"), new TestContext("request-3"));
        guarded.play(sample("http-api-stop.json"), new TestContext("request-4"));
        guarded.play(sample("http-api-end-session.json"), new TestContext("request-5"));
        used.addAll(actions(guarded.world));
      }
    }

    assertThat(used).isEqualTo(granted("StopFunction", mayTerminate));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void letTheSweepFunctionDoWhatItDoes(boolean mayTerminate) {
    var now = GuardedWorld.NOW;
    var clock = new HandClock(now);
    try (var world = new LocalWorld(clock)) {
      var model = world.athena().model();
      world.eventBridge().addBus("guard");
      model.addWorkGroup("etl", SparkModel.PYSPARK_3, Map.of("owner", "team data"));
      for (var id : List.of("s-busy", "s-near", "s-idle")) {
        model.add(SessionSetup.in("etl").id(id).startedAt(now.minus(Duration.ofHours(5))));
      }
      model.add(CalculationSetup.in("s-busy").submittedAt(now.minus(Duration.ofHours(3))));
      // Near its limit, which is what a sweep announces.
      model.add(CalculationSetup.in("s-near").submittedAt(now.minus(Duration.ofMinutes(110))));
      var settings = new HashMap<>(Map.of("MODE", "enforce"));
      settings.put("TOPIC_ARN", world.sns().addTopic("guard"));
      settings.put("ESCALATION", mayTerminate ? "TERMINATE_SESSION" : "NONE");

      var handler = SweepHandlerTest.handler(world, clock, settings);
      // The first sweep warns, the second one acts.
      for (var request : List.of("request-1", "request-2")) {
        handler.handleRequest(
            sample("schedule-sweep.json"), new TestContext(request, Duration.ofMinutes(14), null));
      }

      assertThat(actions(world)).isEqualTo(granted("SweepFunction", mayTerminate));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void letTheWidgetFunctionDoWhatItDoes(boolean mayTerminate) {
    var clock = new HandClock(GuardedWorld.NOW);
    try (var world = new LocalWorld(clock)) {
      WidgetStory.usual(world.athena().model(), GuardedWorld.NOW);
      world.athena().model().add(SessionSetup.in("analytics").id(GuardedWorld.SESSION));
      var settings = new HashMap<>(world.environment());
      settings.put("CALLS_PER_SECOND", "20");
      settings.put("ESCALATION", mayTerminate ? "TERMINATE_SESSION" : "NONE");
      var widget = InProcess.widget(settings, clock);

      for (var event : List.of("widget.json", "widget-spark-ui.json")) {
        widget.handleRequest(
            sample(event), new TestContext("request-1", Duration.ofSeconds(20), null));
      }

      assertThat(actions(world)).isEqualTo(granted("WidgetFunction", mayTerminate));
    }
  }

  @Test
  void nameWhatLambdaDoesItself() {
    assertThat(template.functions().keySet())
        .allSatisfy(
            function ->
                assertThat(actions(function, "LambdaMay", Map.of()))
                    .isSubsetOf("logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage"));
  }

  private Set<String> granted(String function, boolean mayTerminate) {
    return actions(function, "May", Map.of("MayTerminateSessions", mayTerminate));
  }

  private Set<String> actions(String function, String sid, Map<String, Boolean> conditions) {
    return template.statementsOf(function, conditions).stream()
        .filter(statement -> String.valueOf(statement.get("Sid")).startsWith(sid))
        .flatMap(statement -> Template.list(statement.get("Action")).stream())
        .map(String.class::cast)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> actions(LocalWorld world) {
    var actions = new TreeSet<String>();
    actions.addAll(actions("athena", world.athena()));
    actions.addAll(actions("sns", world.sns()));
    actions.addAll(actions("events", world.eventBridge()));
    return actions;
  }

  private static Set<String> actions(String prefix, LocalService service) {
    return service.counts().keySet().stream()
        .map(operation -> prefix + ":" + operation)
        .collect(Collectors.toSet());
  }
}
