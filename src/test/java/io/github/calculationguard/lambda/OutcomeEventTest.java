package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.CALCULATION;
import static io.github.calculationguard.lambda.GuardedWorld.NOW;
import static io.github.calculationguard.lambda.GuardedWorld.SESSION;
import static io.github.calculationguard.lambda.GuardedWorld.detail;
import static io.github.calculationguard.lambda.GuardedWorld.json;
import static io.github.calculationguard.lambda.GuardedWorld.line;
import static io.github.calculationguard.lambda.GuardedWorld.metrics;
import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.jr.ob.JSON;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.Faults;
import io.github.athenasparklocal.SessionSetup;
import io.github.calculationguard.lambda.StopHandler.RequestFailedException;
import io.github.calculationguard.spark.InternalBus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Outcomes as events: each is on the internal bus once, and none of them stops anything. */
class OutcomeEventTest {

  private static final String REQUEST = "8f5a2c1e-0b6d-4e9a-9c3f-7d1e5b2a4c60";

  private static List<Map<String, Object>> outcomes(GuardedWorld guarded) {
    return guarded.world.eventBridge().events(InternalBus.OUTCOME).stream()
        .map(event -> json(event.json()))
        .toList();
  }

  /** Whatever is published is an event, with what the queue's message says as its detail. */
  @ParameterizedTest
  @MethodSource("io.github.calculationguard.lambda.Plot#all")
  void putsEachOutcomeOnTheInternalBus(Plot plot) {
    try (var guarded = plot.world(true)) {
      guarded.play(plot.order(), new TestContext("request-1"));

      var published = guarded.world.sns().messages();
      assertThat(outcomes(guarded))
          .allMatch(event -> "calculation-guard".equals(event.get("source")))
          .extracting(GuardedWorld::detail)
          .containsExactlyElementsOf(
              published.stream().map(message -> json(message.text("sqs"))).toList());
      assertThat(guarded.world.eventBridge().events())
          .allMatch(event -> event.bus().equals("guard-internal"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"http-api-describe.json", "http-api-describe-session.json", "keep-alive"})
  void putsNoEventWhereNothingWasAsked(String sample) {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      Map<String, Object> event =
          sample.endsWith(".json") ? sample(sample) : Map.of("keepAlive", true);
      guarded.play(event, new TestContext("request-1"));

      assertThat(guarded.world.eventBridge().calls()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"eventbridge-stop-requested.json", "http-api-stop.json"})
  void losesNothingButTheEventWhereTheBusFails(String sample) {
    try (var guarded = GuardedWorld.running(Course.USUAL).with("MAX_ATTEMPTS", "1")) {
      guarded.world.eventBridge().faults(Faults.always(Fault.Refusal.DENIED));
      var invocation = new TestContext("request-1");

      guarded.play(sample(sample), invocation);

      assertThat(guarded.message().attributes()).containsKey("owner");
      assertThat(line(invocation))
          .containsEntry("outcome", "CANCELED")
          .containsEntry("announced", true)
          .containsEntry("event_sent", false)
          .containsEntry("level", "ERROR")
          .hasEntrySatisfying(
              "reason",
              why ->
                  assertThat((String) why)
                      .contains(
                          "; the event may not have been sent: AccessDenied", "events:PutEvents"));
      assertThat(metrics(invocation)).containsEntry("AnnouncementFailures", 1);
    }
  }

  @Test
  void countsBothWhereBothFail() {
    try (var guarded = GuardedWorld.running(Course.USUAL).with("MAX_ATTEMPTS", "1")) {
      guarded.world.eventBridge().faults(Faults.always(Fault.Refusal.DENIED));
      guarded.world.sns().faults(Faults.always(Fault.Refusal.DENIED));
      var invocation = new TestContext("request-1");

      assertThatExceptionOfType(RequestFailedException.class)
          .isThrownBy(() -> guarded.play(sample("eventbridge-stop-requested.json"), invocation));

      assertThat(line(invocation))
          .containsEntry("announced", false)
          .containsEntry("event_sent", false)
          .containsEntry("aws_service", "Sns");
      assertThat(metrics(invocation)).containsEntry("AnnouncementFailures", 2);
    }
  }

  /** The slower one, and not one after the other. */
  @Test
  void sendsTheEventWhileTheMessageIsOnItsWay() {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      var isEventThere = new CountDownLatch(1);
      guarded.world.eventBridge().onEvent(_ -> isEventThere.countDown());
      guarded
          .world
          .sns()
          .faults(
              call -> {
                try {
                  var came = isEventThere.await(10, TimeUnit.SECONDS);
                  return came ? null : Fault.Refusal.DENIED;
                } catch (InterruptedException e) {
                  return Fault.Refusal.DENIED;
                }
              });

      assertThat(guarded.log(sample("direct-stop.json"))).containsEntry("announced", true);
    }
  }

  /** An outcome or a warning that a rule or a person sends back to the guard is not a request. */
  @ParameterizedTest
  @CsvSource({
    "outcome.json, live", "outcome.json, direct", "outcome.json, ''",
    "warning.json, live", "warning.json, direct", "warning.json, ''"
  })
  void stopsNothingForAnOutcomeOrAWarning(String sample, String alias) {
    var function = "guard-StopFunction" + (alias.isEmpty() ? "" : ":" + alias);
    for (var event : List.of(sample(sample), detail(sample(sample)))) {
      try (var guarded =
          GuardedWorld.running(Course.USUAL).with("ESCALATION", "TERMINATE_SESSION")) {
        var invocation = new TestContext("request-1").at(function);

        guarded.play(event, invocation);

        assertThat(line(invocation)).containsEntry("outcome", "INVALID");
        assertThat(guarded.athenaCalls()).isEmpty();
        assertThat(guarded.world.eventBridge().calls()).as("or it would go round").isEmpty();
        assertThat(guarded.world.sns().messages()).isEmpty();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"outcome", "warning"})
  void isWhatTheSampleShows(String name) throws IOException {
    var file = Path.of("events", name + ".json");
    var sent = name.equals("outcome") ? sentOutcome() : sentWarning();
    var said =
        "outcome".equals(name)
            ? "5b0e3c71-9a4d-4f0e-8f6b-c2d71a9e4403"
            : "c7d2a5f8-1e60-4b39-a8f4-06b3d9e5712c";
    sent.put("id", said);
    if (Boolean.getBoolean("docs.update")) {
      var pretty = JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(sent);
      Files.writeString(file, pretty.replace("\" : ", "\": ").replace("[ ]", "[]") + "\n");
    }
    assertThat(sent).isEqualTo(json(Files.readString(file)));
  }

  private static Map<String, Object> sentOutcome() {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      guarded.play(sample("eventbridge-stop-requested.json"), new TestContext(REQUEST));
      return outcomes(guarded).getFirst();
    }
  }

  /** The samples' calculation, ten minutes before its limit. */
  private static Map<String, Object> sentWarning() {
    try (var guarded = new GuardedWorld()) {
      guarded
          .model()
          .add(
              SessionSetup.in("analytics-spark")
                  .id(SESSION)
                  .startedAt(NOW.minus(Duration.ofHours(4))));
      guarded
          .model()
          .add(
              GuardedWorld.calculation()
                  .course(Course.lasting(Duration.ofHours(100)))
                  .submittedAt(NOW.minus(Duration.ofMinutes(110))));
      guarded.with("MODE", "enforce").with("BUS_NAME", "guard-internal");
      SweepHandlerTest.handler(guarded.world, guarded.clock, guarded.settings)
          .handleRequest(
              sample("schedule-sweep.json"), new TestContext(REQUEST, Duration.ofMinutes(9), null));
      return guarded.world.eventBridge().events(InternalBus.WARNING).stream()
          .map(event -> json(event.json()))
          .filter(event -> CALCULATION.equals(detail(event).get("calculation_id")))
          .findFirst()
          .orElseThrow();
    }
  }
}
