package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.CALCULATION;
import static io.github.calculationguard.lambda.GuardedWorld.NOW;
import static io.github.calculationguard.lambda.GuardedWorld.SESSION;
import static io.github.calculationguard.lambda.GuardedWorld.detail;
import static io.github.calculationguard.lambda.GuardedWorld.json;
import static io.github.calculationguard.lambda.GuardedWorld.line;
import static io.github.calculationguard.lambda.GuardedWorld.metrics;
import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.MAP;

import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.Course.OnStop;
import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.Faults;
import io.github.calculationguard.report.Handover;
import io.github.calculationguard.report.InvocationInfo;
import io.github.calculationguard.report.LogRecord;
import io.github.calculationguard.report.Notification;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.stop.Outcome;
import io.github.calculationguard.stop.Request;
import io.github.calculationguard.stop.RequestMetadata;
import io.github.calculationguard.stop.Source;
import io.github.calculationguard.stop.StopResult;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of an order whose caller was answered before its end. */
class HandoverTest {

  private static final Course STUBBORN = Course.onStop(new OnStop.Ignored());

  private static GuardedWorld world(boolean mayTerminate) {
    return GuardedWorld.running(STUBBORN)
        .with("ESCALATION", mayTerminate ? "TERMINATE_SESSION" : "NONE");
  }

  private static Map<String, Object> order(String channel) {
    var order =
        switch (channel) {
          case "http" -> sample("http-api-stop.json");
          case "rest" -> sample("rest-api-stop.json");
          case "url" -> sample("function-url-stop.json");
          default -> sample("direct-stop.json");
        };
    if (channel.equals("page")) {
      order.put("widgetContext", Map.of("theme", "light"));
    }
    return order;
  }

  private static TestContext context(String channel) {
    var context = new TestContext("request-1");
    return channel.equals("page") ? context.at("guard-StopFunction:direct") : context;
  }

  /** The hand-overs that the stop function put on the internal bus. */
  private static List<Map<String, Object>> handovers(GuardedWorld guarded) {
    var events = guarded.world.eventBridge().events();
    assertThat(events).allMatch(event -> event.bus().equals("guard-internal"));
    return events.stream()
        .map(event -> json(event.json()))
        .filter(event -> Handover.DETAIL_TYPE.equals(event.get("detail-type")))
        .toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"http", "rest", "url", "page"})
  void carriesAnOrderToItsEndAfterItAnswered(String channel) {
    try (var guarded = world(true)) {
      var first = context(channel);
      var answer = guarded.play(order(channel), first);
      if (!channel.equals("page")) {
        assertThat(GuardedWorld.reply(answer).getStatusCode()).isEqualTo(202);
      }
      assertThat(line(first)).containsEntry("outcome", "CANCELING");
      assertThat(String.valueOf(line(first).get("reason")))
          .contains("the guard continues in the background");

      var handover = handovers(guarded).getFirst();
      assertThat(handover)
          .containsEntry("source", "calculation-guard")
          .containsEntry("detail-type", "Athena Calculation Stop Handover");
      guarded.clock.advance(Duration.ofSeconds(1));
      var second = new TestContext("request-2");
      guarded.play(handover, second);

      assertThat(line(second))
          .containsEntry("outcome", "SESSION_TERMINATED")
          .containsEntry("trigger", "handover")
          .containsEntry("announced", true)
          .containsEntry("calculation_id", CALCULATION)
          .containsEntry("order_id", line(first).get("order_id"));
      for (var key : List.of("requested_by", "claimed_by")) {
        assertThat(line(second).get(key)).isEqualTo(line(first).get(key));
      }
      assertThat(guarded.world.sns().messages()).hasSize(2);
      assertThat(handovers(guarded)).as("one hand-over for an order").hasSize(1);

      var repeat = new TestContext("request-3");
      guarded.play(handover, repeat);
      assertThat(line(repeat))
          .containsEntry("outcome", "SESSION_TERMINATED")
          .containsEntry("repeat", true);
    }
  }

  @Test
  void saysInTheEventWhatTheOrderSaid() {
    try (var guarded = world(false)) {
      var order = sample("http-api-stop.json");
      order.put(
          "body", "{\"reason\": \"%s\", \"requestedBy\": \"bob\"}".formatted("x".repeat(9999)));
      guarded.play(order, context("http"));

      var expected = new HashMap<>(detail(sample("handover.json")));
      expected.put("requestedAt", NOW.toString());
      expected.put("claimedBy", "bob");
      var detail = detail(handovers(guarded).getFirst());
      assertThat(String.valueOf(detail.get("reason")).length()).isLessThanOrEqualTo(200);
      expected.put("reason", detail.get("reason"));
      assertThat(detail).isEqualTo(expected);
    }
  }

  @Test
  void sendsNothingOnWhereTheEndIsKnown() {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      assertThat(guarded.reply(order("http"), context("http")).getStatusCode()).isEqualTo(200);
      assertThat(handovers(guarded)).isEmpty();
    }
  }

  @Test
  void sendsNothingOnWhereNobodyWaits() {
    try (var guarded = world(false)) {
      for (var sample : List.of("eventbridge-stop-requested.json", "handover.json")) {
        assertThat(guarded.log(sample(sample))).containsEntry("outcome", "CANCELING");
      }
      guarded.play(sample("direct-stop.json"), context("page"));
      assertThat(handovers(guarded)).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"http", "page"})
  void sendsOnAnOrderWhoseEffectIsNotKnown(String channel) {
    try (var guarded = world(false)) {
      guarded
          .world
          .athena()
          .faults(
              call ->
                  switch (call.operation()) {
                    case "StopCalculationExecution" ->
                        new Fault.Spoilt(Fault.Mishap.TRUNCATED, true);
                    case "GetCalculationExecution" -> Fault.Refusal.UNAVAILABLE;
                    default -> null;
                  });
      var context = context(channel);
      var answer = guarded.play(order(channel), context);
      if (channel.equals("http")) {
        assertThat(GuardedWorld.reply(answer).getStatusCode()).isEqualTo(202);
      }
      assertThat(line(context)).containsEntry("outcome", "CANCELING");
      assertThat(String.valueOf(line(context).get("reason"))).contains("not known yet");
      assertThat(guarded.message().subject()).startsWith("CANCELING");
      assertThat(handovers(guarded)).hasSize(1);
    }
  }

  @Test
  void sendsOnTheForceOfAnOrder() {
    try (var guarded = world(true)) {
      var handover = sample("handover.json");
      var detail = detail(handover);
      detail.remove("calculationExecutionId");
      detail.putAll(Map.of("sessionId", SESSION, "endSession", true, "force", true));
      // What came after the order.
      detail.put("requestedAt", NOW.minus(Duration.ofHours(5)).toString());

      assertThat(guarded.log(handover)).containsEntry("outcome", "SESSION_TERMINATED");
    }
  }

  @Test
  void asksTheCallerToRepeatWhatItCannotHandOver() {
    try (var guarded = world(false)) {
      guarded.world.eventBridge().faults(Faults.always("PutEvents", Fault.Refusal.DENIED));
      var context = context("http");
      var reply = guarded.reply(order("http"), context);

      assertThat(reply.getStatusCode()).isEqualTo(503);
      assertThat(reply.getHeaders()).containsKey("Retry-After").doesNotContainKey("Location");
      assertThat(json(reply.getBody()))
          .containsEntry("title", "The guard cannot continue in the background")
          .containsEntry("handed_over", false)
          .containsEntry("order_id", "JKJaXmPLvHcESHA=")
          .containsKey("calculations")
          .hasEntrySatisfying(
              "detail", why -> assertThat((String) why).contains("not handed over", "PutEvents"));
      assertThat(context.lines.stream().map(GuardedWorld::json).map(it -> it.get("event")))
          .contains("stop", "failure");
      assertThat(metrics(context)).containsEntry("StopFailures", 1);
      assertThat(guarded.world.sns().messages()).as("it runs on, and that is said").hasSize(1);
    }
  }

  /** What goes wrong with a hand-over must not hide the stop that came before it. */
  @Test
  void reportsAStopAlsoWhereTheBusAnswersForNoEvent() {
    try (var guarded = world(false)) {
      var empty = new Fault.Spoilt(Fault.Mishap.EMPTY, false);
      guarded.world.eventBridge().faults(Faults.always("PutEvents", empty));
      var context = context("http");

      assertThat(guarded.reply(order("http"), context).getStatusCode()).isEqualTo(503);

      assertThat(line(context))
          .containsEntry("outcome", "CANCELING")
          .containsEntry("announced", true);
      assertThat(context.lines.stream().map(GuardedWorld::json))
          .filteredOn(it -> "failure".equals(it.get("event")))
          .singleElement(as(MAP))
          .containsEntry("handed_over", false)
          .hasEntrySatisfying(
              "reason", why -> assertThat((String) why).contains("did not answer for each event"));
      assertThat(guarded.world.sns().messages()).hasSize(1);
    }
  }

  @Test
  void tellsAViewerWhatItCannotHandOver() {
    try (var guarded = world(false)) {
      guarded.world.eventBridge().faults(Faults.always("PutEvents", Fault.Refusal.INTERNAL_ERROR));
      var popup = String.valueOf(guarded.play(order("page"), context("page")));

      assertThat(popup).contains("has NOT stopped yet, and the guard cannot follow up");
      assertThat(guarded.clock.instant()).isBefore(NOW.plusSeconds(6));
    }
  }

  @ParameterizedTest
  @CsvSource({"source, com.example", "requestedAt, ''", "requestedAt, soon", "orderId, ''"})
  void takesNoHandoverThatIsNotItsOwn(String field, String value) {
    try (var guarded = world(false)) {
      var handover = sample("handover.json");
      if (field.equals("source")) {
        handover.put(field, value);
      } else {
        detail(handover).put(field, value);
      }
      var line = guarded.log(handover);
      if (field.equals("orderId")) {
        // It is known by its invocation then.
        assertThat(line).containsEntry("order_id", "request-1");
        return;
      }
      assertThat(line)
          .containsEntry("outcome", "INVALID")
          .containsEntry("announced", true)
          .doesNotContainKey("requested_by");
      assertThat(guarded.athenaCalls()).isEmpty();
    }
  }

  @Test
  void takesNoTimeOfAnOrderThatIsStillToCome() {
    try (var guarded = world(true)) {
      var handover = sample("handover.json");
      detail(handover).put("requestedAt", NOW.plus(Duration.ofDays(1)).toString());
      assertThat(guarded.log(handover)).containsEntry("outcome", "SESSION_TERMINATED");
    }
  }

  // Location

  @ParameterizedTest
  @CsvSource({
    "/calculations/C/stop, /calculations/C",
    "/calculations/C/stop/, /calculations/C",
    "/prod/calculations/C/stop, /prod/calculations/C",
    "/guard/v1/calculations/C/stop, /guard/v1/calculations/C",
    "//evil.example/calculations/C/stop, /calculations/C",
    "'/a\nb/calculations/C/stop', /calculations/C",
    "/, /calculations/C"
  })
  void namesAPathThatTheCallerCanUse(String path, String location) {
    try (var guarded = world(false)) {
      var called = path.replace("C", CALCULATION);
      var http = sample("http-api-stop.json");
      http.put("rawPath", called);
      var rest = sample("rest-api-stop.json");
      context(rest).put("path", called);
      for (var order : List.of(http, rest)) {
        var reply = guarded.reply(order, context("http"));
        assertThat(reply.getStatusCode()).isEqualTo(202);
        assertThat(reply.getHeaders())
            .containsEntry("Location", location.replace("C", CALCULATION));
      }
    }
  }

  @Test
  void namesTheSessionThatIsToEndAndSaysHowToCheckIt() {
    var place = new AccountRegion("aws", "us-east-1", "123456789012");
    var deadline = new Deadline(NOW.plusSeconds(5));
    var metadata =
        new RequestMetadata(
            "order-1", Source.HTTP_API, NOW, NOW, deadline, place, false, null, null, null);
    var request = new Request.EndSession(metadata, new SessionId(SESSION), null, null, false);
    var result = new StopResult(Outcome.CANCELING, null, null);
    var info = new InvocationInfo("0.1.0", "request-1", false, 0.35);
    var record = LogRecord.of(request, result, info, NOW);

    var http = new HttpReply(Source.HTTP_API, "/prod");
    var reply = GuardedWorld.reply(http.of(Outcome.CANCELING, record));

    assertThat(reply.getStatusCode()).isEqualTo(202);
    assertThat(reply.getHeaders()).containsEntry("Location", "/prod/sessions/" + SESSION);
    assertThat(Notification.of(request, result, info, NOW).text())
        .contains(
            "Check whether it has ended: aws athena get-session --session-id %s --query Status.State"
                .formatted(SESSION))
        .contains("If it still runs, terminate it again: aws athena terminate-session");
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> context(Map<String, Object> event) {
    return (Map<String, Object>) Objects.requireNonNull(event.get("requestContext"));
  }
}
