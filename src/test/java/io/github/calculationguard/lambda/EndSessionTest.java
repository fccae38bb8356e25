package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.CALCULATION;
import static io.github.calculationguard.lambda.GuardedWorld.NOW;
import static io.github.calculationguard.lambda.GuardedWorld.SESSION;
import static io.github.calculationguard.lambda.GuardedWorld.detail;
import static io.github.calculationguard.lambda.GuardedWorld.json;
import static io.github.calculationguard.lambda.GuardedWorld.line;
import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.Faults;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Orders to end a session, through the front door, over every channel. */
class EndSessionTest {

  private static final String DIRECT = "guard-StopFunction:direct";

  /** The samples' session and calculation; or a session of Spark 3.5. */
  private static GuardedWorld world(boolean isConnect, boolean mayTerminate) {
    return world(isConnect, mayTerminate, NOW.minus(Duration.ofHours(4)));
  }

  private static GuardedWorld world(boolean isConnect, boolean mayTerminate, Instant startedAt) {
    var guarded = isConnect ? new GuardedWorld() : GuardedWorld.running(Course.USUAL);
    if (isConnect) {
      guarded.model().addWorkGroup("connect", SparkModel.SPARK_35, Map.of());
      guarded.model().add(SessionSetup.in("connect").id(SESSION).startedAt(startedAt));
    }
    return guarded.with("ESCALATION", mayTerminate ? "TERMINATE_SESSION" : "NONE");
  }

  /** An order by this channel, and the alias that it comes to. */
  private static Map<String, Object> order(String channel) {
    return switch (channel) {
      case "eventbridge" -> sample("eventbridge-end-session.json");
      case "http" -> sample("http-api-end-session.json");
      case "rest" -> rest(Map.of("sessionId", SESSION), "/sessions/" + SESSION + "/terminate");
      case "url" -> {
        var url = sample("function-url-stop.json");
        url.put("rawPath", "/sessions/" + SESSION + "/terminate");
        yield url;
      }
      case "direct" -> sample("direct-end-session.json");
      case "page" -> {
        var page = sample("direct-end-session.json");
        page.put("widgetContext", Map.of("theme", "light"));
        yield page;
      }
      default -> throw new IllegalArgumentException(channel);
    };
  }

  private static Map<String, Object> rest(Map<String, Object> parameters, String path) {
    var rest = sample("rest-api-stop.json");
    rest.put("pathParameters", parameters);
    rest.put("path", path);
    @SuppressWarnings("unchecked")
    var context = (Map<String, Object>) Objects.requireNonNull(rest.get("requestContext"));
    context.put("path", "/prod" + path);
    return rest;
  }

  private static TestContext context(String channel) {
    var context = new TestContext("request-1");
    return List.of("direct", "page").contains(channel) ? context.at(DIRECT) : context;
  }

  @ParameterizedTest
  @CsvSource({
    "eventbridge, false",
    "http, false",
    "rest, false",
    "url, false",
    "direct, false",
    "page, false",
    "eventbridge, true",
    "http, true",
    "rest, true",
    "direct, true",
    "page, true"
  })
  void endsASessionWhereEscalationAllowsIt(String channel, boolean isConnect) {
    try (var guarded = world(isConnect, true)) {
      var context = context(channel);
      guarded.play(order(channel), context);

      assertThat(line(context))
          .containsEntry("outcome", "SESSION_TERMINATED")
          .containsEntry("session_id", SESSION)
          .containsEntry("still_costs", 0.0)
          .doesNotContainKeys("rule", "calculation_id");
      guarded.clock.advance(Duration.ofMinutes(1));
      assertThat(guarded.model().sessionState(SESSION)).isEqualTo("TERMINATED");
      assertThat(guarded.athenaCalls().contains("ListCalculationExecutions")).isEqualTo(!isConnect);
      assertThat(guarded.message().text("email"))
          .containsPattern("^The session .* is terminated\\.\n");
    }
  }

  @ParameterizedTest
  @CsvSource({"eventbridge, false", "http, false", "direct, true", "page, true"})
  void namesTheParameterThatForbidsIt(String channel, boolean isConnect) {
    try (var guarded = world(isConnect, false)) {
      var context = context(channel);
      guarded.play(order(channel), context);

      assertThat(line(context)).containsEntry("outcome", "LEFT_ALONE");
      assertThat(reason(context)).contains("the parameter Escalation is NONE");
      assertThat(guarded.athenaCalls()).doesNotContain("TerminateSession");
    }
  }

  @Test
  void endsNoSessionWithWorkThatCameAfterTheOrderEvenIfThatHasEnded() {
    try (var guarded = world(false, true)) {
      var order = order("eventbridge");
      order.put("time", NOW.minus(Duration.ofHours(2)).toString());
      guarded
          .model()
          .add(
              CalculationSetup.in(SESSION)
                  .submittedAt(NOW.minus(Duration.ofHours(1)))
                  .course(Course.SHORT));
      var context = context("eventbridge");
      guarded.play(order, context);

      assertThat(line(context)).containsEntry("outcome", "LEFT_ALONE");
      assertThat(reason(context)).contains("submitted after the request was made");
      assertThat(guarded.model().sessionState(SESSION)).isNotEqualTo("TERMINATED");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"http", "direct"})
  void endsASessionWithLaterWorkByForce(String channel) {
    try (var guarded = world(false, true)) {
      guarded
          .model()
          .add(CalculationSetup.in(SESSION).submittedAt(NOW.plusSeconds(1)).course(Course.USUAL));
      var order = order(channel);
      if (channel.equals("http")) {
        order.put("body", "{\"force\": true}");
      } else {
        order.put("force", true);
      }
      // The later work is there already.
      guarded.clock.advance(Duration.ofSeconds(2));
      var context = context(channel);
      guarded.play(order, context);

      assertThat(line(context)).containsEntry("outcome", "SESSION_TERMINATED");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"eventbridge", "page", "direct"})
  void takesForceOnlyFromWhereSomebodyIsKnownToAsk(String channel) {
    try (var guarded = world(false, true)) {
      var order = order(channel);
      (channel.equals("eventbridge") ? detail(order) : order).put("force", true);
      // A direct event on the alias of the services is not a person's.
      var context = channel.equals("page") ? context("page") : new TestContext("request-1");
      guarded.play(order, context);

      assertThat(line(context)).containsEntry("outcome", "INVALID");
      assertThat(reason(context)).contains("only over the API and by the alias direct");
      assertThat(guarded.athenaCalls()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"eventbridge", "http", "direct", "page"})
  void takesNoOrderThatNamesACalculationBesideASessionToEnd(String channel) {
    try (var guarded = world(false, true)) {
      var order = order(channel);
      switch (channel) {
        case "eventbridge" -> detail(order).put("calculationExecutionId", CALCULATION);
        case "http" ->
            order.put("body", "{\"calculationExecutionId\": \"%s\"}".formatted(CALCULATION));
        default -> order.put("calculationExecutionId", CALCULATION);
      }
      var context = context(channel);
      guarded.play(order, context);

      assertThat(line(context)).containsEntry("outcome", "INVALID");
      assertThat(reason(context))
          .contains("endSession cannot be combined with a calculationExecutionId");
      assertThat(guarded.athenaCalls()).isEmpty();
    }
  }

  @Test
  void takesNoForceForACalculation() {
    try (var guarded = world(false, true)) {
      var order = sample("direct-stop.json");
      order.put("force", true);
      var context = context("direct");
      guarded.play(order, context);

      assertThat(reason(context)).contains("force needs endSession");
      assertThat(guarded.athenaCalls()).isEmpty();
    }
  }

  @Test
  void endsNoConnectSessionThatWasStartedAfterTheOrder() {
    try (var guarded = world(true, true, NOW.minusSeconds(2))) {
      var context = context("eventbridge");
      guarded.play(order("eventbridge"), context);

      assertThat(line(context)).containsEntry("outcome", "LEFT_ALONE");
      assertThat(reason(context)).contains("the session was started after the request was made");
      assertThat(guarded.athenaCalls()).doesNotContain("TerminateSession");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"eventbridge", "direct"})
  void saysWhatToSendInsteadForASessionWithoutCalculations(String channel) {
    try (var guarded = world(true, true)) {
      var order = order(channel);
      (channel.equals("eventbridge") ? detail(order) : order).remove("endSession");
      var context = context(channel);
      guarded.play(order, context);

      assertThat(line(context)).containsEntry("outcome", "LEFT_ALONE");
      assertThat(reason(context)).contains("send \"endSession\": true");
      assertThat(guarded.athenaCalls()).doesNotContain("TerminateSession");
    }
  }

  @Test
  void stopsWhatRunsInASessionByADirectRequest() {
    try (var guarded = world(false, false)) {
      var order = new HashMap<>(order("direct"));
      order.remove("endSession");
      var context = context("direct");
      guarded.play(order, context);

      assertThat(line(context))
          .containsEntry("outcome", "CANCELED")
          .containsEntry("calculation_id", CALCULATION);
      assertThat(guarded.model().sessionState(SESSION)).isNotEqualTo("TERMINATED");
    }
  }

  @Test
  void describesASessionAndStopsNothing() {
    try (var guarded = world(true, true)) {
      var context = new TestContext("request-1");
      var reply = guarded.reply(sample("http-api-describe-session.json"), context);

      assertThat(reply.getStatusCode()).isEqualTo(200);
      assertThat(json(reply.getBody()))
          .isEqualTo(line(context))
          .containsEntry("event", "describe")
          .containsEntry("session_id", SESSION)
          .containsEntry("work_group", "connect")
          .containsKeys("state", "cost_usd", "still_costs")
          .doesNotContainKeys("outcome", "calculation_id");
      assertThat(guarded.world.sns().messages()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"http-api-end-session.json", "http-api-describe-session.json"})
  void saysThatThereIsNoSuchSession(String sample) {
    try (var guarded = new GuardedWorld().with("ESCALATION", "TERMINATE_SESSION")) {
      var reply = guarded.reply(sample(sample), new TestContext("request-1"));

      assertThat(reply.getStatusCode()).isEqualTo(404);
      assertThat(json(reply.getBody()))
          .containsEntry("title", "No such session")
          .containsEntry("outcome", "NOT_FOUND")
          .containsEntry("session_id", SESSION);
    }
  }

  @Test
  void quotesAwsWhereItDeniesTheEnd() {
    try (var guarded = world(true, true)) {
      guarded.world.athena().faults(Faults.always("TerminateSession", Fault.Refusal.DENIED));
      var context = context("http");
      var reply = guarded.reply(order("http"), context);

      assertThat(reply.getStatusCode()).isEqualTo(403);
      assertThat(line(context)).containsEntry("outcome", "DENIED");
      assertThat(reason(context)).contains("athena:TerminateSession");
    }
  }

  @Test
  void saysThatASessionHadEndedBeforeTheOrder() {
    try (var guarded = new GuardedWorld().with("ESCALATION", "TERMINATE_SESSION")) {
      guarded.model().addWorkGroup("connect", SparkModel.SPARK_35, Map.of());
      guarded
          .model()
          .add(
              SessionSetup.in("connect")
                  .id(SESSION)
                  .startedAt(NOW.minus(Duration.ofHours(4)))
                  .terminatedAt(NOW.minus(Duration.ofHours(1))));
      var context = context("http");

      assertThat(guarded.reply(order("http"), context).getStatusCode()).isEqualTo(200);
      assertThat(line(context)).containsEntry("outcome", "ALREADY_OVER");
    }
  }

  @Test
  void saysWhatADryRunWouldHaveEnded() {
    try (var guarded = world(true, true)) {
      var order = order("direct");
      order.put("dryRun", true);
      var context = context("direct");
      guarded.play(order, context);

      assertThat(line(context)).containsEntry("outcome", "DRY_RUN");
      assertThat(guarded.athenaCalls()).doesNotContain("TerminateSession");
    }
  }

  @Test
  void looksAgainForWorkBeforeItTriesOnceMore() {
    try (var guarded = world(false, true)) {
      var late = new ArrayList<String>();
      guarded
          .world
          .athena()
          .faults(
              call -> {
                if (!call.operation().equals("TerminateSession")) {
                  return null;
                }
                if (late.isEmpty()) {
                  var came = CalculationSetup.in(SESSION).submittedAt(guarded.clock.instant());
                  late.add(guarded.model().add(came.course(Course.USUAL)));
                }
                return Fault.Refusal.UNAVAILABLE;
              });
      var context = context("eventbridge");
      guarded.play(order("eventbridge"), context);

      assertThat(line(context)).containsEntry("outcome", "LEFT_ALONE");
      assertThat(guarded.model().sessionState(SESSION)).isNotEqualTo("TERMINATED");
    }
  }

  private static String reason(TestContext context) {
    return String.valueOf(line(context).get("reason"));
  }
}
