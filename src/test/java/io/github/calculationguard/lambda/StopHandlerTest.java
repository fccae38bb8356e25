package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.CALCULATION;
import static io.github.calculationguard.lambda.GuardedWorld.NOW;
import static io.github.calculationguard.lambda.GuardedWorld.SESSION;
import static io.github.calculationguard.lambda.GuardedWorld.calculation;
import static io.github.calculationguard.lambda.GuardedWorld.detail;
import static io.github.calculationguard.lambda.GuardedWorld.line;
import static io.github.calculationguard.lambda.GuardedWorld.metrics;
import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.Course.OnStop;
import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.Faults;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.lambda.StopHandler.RequestFailedException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The stop function from the event to AWS's wire, by way of the real SDK. */
class StopHandlerTest {

  private static final Course STUBBORN = Course.onStop(new OnStop.Ignored());

  @ParameterizedTest
  @ValueSource(
      strings = {
        "eventbridge-stop-requested.json",
        "finding-calculation.json",
        "cloudtrail-start-calculation.json",
        "http-api-stop.json",
        "rest-api-stop.json",
        "function-url-stop.json",
        "direct-stop.json",
        "alarm-state-change.json",
        "alarm-contributor.json"
      })
  void stopsWhatEverySampleOrders(String sample) {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      assertThat(guarded.log(sample(sample)))
          .containsEntry("outcome", "CANCELED")
          .containsEntry("state", "CANCELED")
          .containsEntry("calculation_id", CALCULATION)
          .containsEntry("session_id", SESSION)
          .containsEntry("work_group", "analytics-spark")
          .containsEntry("owner", "team data")
          .containsEntry("description", "Nightly join of all orders")
          .containsEntry("announced", true);
      assertThat(guarded.model().calculationState(CALCULATION)).isEqualTo("CANCELED");
      assertThat(guarded.world.sns().messages()).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"eventbridge-stop-requested.json", "http-api-stop.json", "direct-stop.json"})
  void sendsStopBeforeAnythingElse(String sample) {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      guarded.log(sample(sample));
      assertThat(guarded.athenaCalls()).first().isEqualTo("StopCalculationExecution");
    }
  }

  @Test
  void describesWithoutStopping() {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      var invocation = new TestContext("request-1");
      var reply = guarded.reply(sample("http-api-describe.json"), invocation);
      assertThat(reply.getStatusCode()).isEqualTo(200);
      assertThat(GuardedWorld.json(reply.getBody()))
          .isEqualTo(line(invocation))
          .containsEntry("state", "RUNNING")
          .containsEntry("calculation_id", CALCULATION)
          .doesNotContainKey("outcome");
      assertThat(guarded.athenaCalls()).doesNotContain("StopCalculationExecution");
      assertThat(guarded.world.sns().messages()).isEmpty();
    }
  }

  // Outcomes

  @Test
  void asksAgainAndSaysThatMoneyIsStillSpentWhereACalculationDoesNotCancel() {
    try (var guarded = GuardedWorld.running(STUBBORN)) {
      var invocation = new TestContext("request-1");
      guarded.play(sample("eventbridge-stop-requested.json"), invocation);
      assertThat(line(invocation))
          .containsEntry("outcome", "CANCELING")
          .containsEntry("level", "WARN")
          .hasEntrySatisfying("still_costs", usd -> assertThat((Double) usd).isPositive())
          .hasEntrySatisfying("stops_sent", sent -> assertThat((Integer) sent).isBetween(4, 7));
      assertThat(metrics(invocation)).containsEntry("StopCanceling", 1);
      assertThat(guarded.athenaCalls()).doesNotContain("TerminateSession");
      assertThat(guarded.message().text("email"))
          .contains("has NOT stopped yet")
          .contains("an hour until the session ends")
          .contains("aws athena terminate-session --session-id " + SESSION + " --region us-east-1");
      assertThat(Duration.between(NOW, guarded.clock.instant())).isLessThan(Duration.ofSeconds(60));
    }
  }

  @Test
  void endsTheSessionWhereThatIsAllowedAndNothingElseHelps() {
    try (var guarded = GuardedWorld.running(STUBBORN).with("ESCALATION", "TERMINATE_SESSION")) {
      var invocation = new TestContext("request-1");
      guarded.play(sample("eventbridge-stop-requested.json"), invocation);
      assertThat(line(invocation))
          .containsEntry("outcome", "SESSION_TERMINATED")
          .containsEntry("state", "FAILED")
          .containsEntry("still_costs", 0.0);
      assertThat(metrics(invocation)).containsEntry("StopEscalated", 1);
      assertThat(guarded.model().sessionState(SESSION)).isEqualTo("TERMINATED");
    }
  }

  @Test
  void endsNoSessionInWhichAnythingElseWaits() {
    try (var guarded = GuardedWorld.running(STUBBORN).with("ESCALATION", "TERMINATE_SESSION")) {
      guarded
          .model()
          .add(CalculationSetup.in(SESSION).id("innocent").submittedAt(NOW.minusSeconds(60)));
      assertThat(guarded.log(sample("eventbridge-stop-requested.json")))
          .containsEntry("outcome", "CANCELING")
          .hasEntrySatisfying("reason", why -> assertThat((String) why).contains("innocent"));
      assertThat(guarded.athenaCalls()).doesNotContain("TerminateSession");
    }
  }

  @Test
  void saysSoWhereItFinishesAnyway() {
    try (var guarded =
        GuardedWorld.running(Course.onStop(new OnStop.Finishes(Duration.ofSeconds(3))))) {
      assertThat(guarded.log(sample("eventbridge-stop-requested.json")))
          .containsEntry("outcome", "FINISHED_ANYWAY")
          .containsEntry("state", "COMPLETED");
    }
  }

  @Test
  void waitsForASlowCancel() {
    try (var guarded =
        GuardedWorld.running(Course.onStop(new OnStop.Cancels(Duration.ofSeconds(20))))) {
      var invocation = new TestContext("request-1");
      guarded.play(sample("eventbridge-stop-requested.json"), invocation);
      assertThat(line(invocation))
          .containsEntry("outcome", "CANCELED")
          .hasEntrySatisfying(
              "confirm_millis", took -> assertThat((Integer) took).isBetween(20_000, 26_000));
      assertThat(metrics(invocation)).containsKey("TimeToCanceled").containsKey("CostAtStop");
    }
  }

  @Test
  void isNotProudOfWhatWasOverBefore() {
    try (var guarded = GuardedWorld.running(Course.lasting(Duration.ofHours(1)))) {
      assertThat(guarded.log(sample("eventbridge-stop-requested.json")))
          .containsEntry("outcome", "ALREADY_OVER")
          .containsEntry("state", "COMPLETED")
          .doesNotContainKey("repeat");
    }
  }

  @Test
  void saysThatThereIsNone() {
    try (var guarded = new GuardedWorld()) {
      var invocation = new TestContext("request-1");
      guarded.play(sample("eventbridge-stop-requested.json"), invocation);
      assertThat(line(invocation))
          .containsEntry("outcome", "NOT_FOUND")
          .containsEntry("calculation_id", CALCULATION);
      assertThat(metrics(invocation)).containsEntry("StopOther", 1);
    }
  }

  @Test
  void quotesAwsWhereItDenies() {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      guarded
          .world
          .athena()
          .faults(Faults.always("StopCalculationExecution", Fault.Refusal.DENIED));
      assertThat(guarded.log(sample("eventbridge-stop-requested.json")))
          .containsEntry("outcome", "DENIED")
          .containsEntry("level", "ERROR")
          .containsEntry("state", "RUNNING")
          .hasEntrySatisfying(
              "reason",
              why -> assertThat((String) why).contains("athena:StopCalculationExecution"));
    }
  }

  @Test
  void stopsNothingInADryRun() {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      var order = sample("direct-stop.json");
      order.put("dryRun", true);
      assertThat(guarded.log(order))
          .containsEntry("outcome", "DRY_RUN")
          .containsEntry("state", "RUNNING");
      assertThat(guarded.model().calculationState(CALCULATION)).isEqualTo("RUNNING");
    }
  }

  // Sessions

  @Test
  void leavesAloneWhatWasSubmittedAfterALateOrder() {
    try (var guarded = new GuardedWorld()) {
      guarded
          .model()
          .add(SessionSetup.in("analytics-spark").id(SESSION).startedAt(NOW.minusSeconds(9000)));
      guarded.model().add(calculation().submittedAt(NOW.plusSeconds(1)));
      guarded.clock.advance(Duration.ofHours(3));
      assertThat(guarded.log(sample("alarm-state-change.json")))
          .containsEntry("outcome", "LEFT_ALONE")
          .containsEntry("session_id", SESSION);
      assertThat(guarded.athenaCalls()).doesNotContain("StopCalculationExecution");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "NONE,               2026-11-22T08:00:00Z, LEFT_ALONE",
    "TERMINATE_SESSION,  2026-11-22T08:00:00Z, SESSION_TERMINATED",
    "TERMINATE_SESSION,  2026-11-22T07:59:00Z, LEFT_ALONE",
  })
  void endsAnIdleSessionOnlyWhereItIsAllowedAndStillTheSameIdleTime(
      String escalation, String idleSince, String outcome) {
    try (var guarded = new GuardedWorld().with("ESCALATION", escalation)) {
      guarded
          .model()
          .add(
              SessionSetup.in("analytics-spark")
                  .id(SESSION)
                  .startedAt(NOW.minus(Duration.ofHours(5))));
      // Runs until 08:00:00, with what Athena takes to begin.
      guarded
          .model()
          .add(
              calculation()
                  .submittedAt(NOW.minusSeconds(3 * 3600 + 5))
                  .course(Course.lasting(Duration.ofMillis(90 * 60_000 - 700))));
      var finding = sample("finding-session.json");
      detail(finding).put("onlyIfIdleSince", idleSince);
      detail(finding).put("expiresAt", NOW.plusSeconds(300).toString());
      assertThat(guarded.log(finding)).containsEntry("outcome", outcome);
    }
  }

  @Test
  void leavesAloneWhatAStaleFindingNames() {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      var finding = sample("finding-calculation.json");
      detail(finding).put("expiresAt", NOW.toString());
      assertThat(guarded.log(finding)).containsEntry("outcome", "LEFT_ALONE");
      assertThat(guarded.athenaCalls()).isEmpty();
    }
  }

  @Test
  void doesNotAskForCalculationsWhereTheEngineHasNone() {
    try (var guarded = new GuardedWorld().with("ESCALATION", "TERMINATE_SESSION")) {
      guarded.model().addWorkGroup("connect", SparkModel.SPARK_35, Map.of());
      guarded.model().add(SessionSetup.in("connect").id(SESSION).startedAt(NOW.minusSeconds(9000)));
      assertThat(guarded.log(sample("alarm-state-change.json")))
          .containsEntry("outcome", "LEFT_ALONE");
      assertThat(guarded.athenaCalls()).doesNotContain("ListCalculationExecutions");

      var finding = sample("finding-session.json");
      detail(finding).remove("onlyIfIdleSince");
      detail(finding).put("expiresAt", NOW.plusSeconds(300).toString());
      assertThat(guarded.log(finding)).containsEntry("outcome", "SESSION_TERMINATED");
      assertThat(guarded.athenaCalls()).doesNotContain("ListCalculationExecutions");
    }
  }

  // A viewer of the dashboard

  private static Map<String, Object> click(String id) {
    var event = sample("widget.json");
    event.put("calculationExecutionId", id);
    return event;
  }

  @Test
  void tellsAViewerOfTheDashboardInAPopup() {
    try (var guarded = new GuardedWorld()) {
      guarded.model().add(SessionSetup.in("analytics-spark").id(SESSION));
      guarded.model().add(GuardedWorld.calculation().description("<i>\"x\"</i> & y"));
      var invocation = new TestContext("request-1");
      assertThat((String) guarded.play(click(CALCULATION), invocation))
          .startsWith("<style>")
          .contains(
              "<h2>The calculation &quot;‹i›&#x27;x&#x27;‹/i› &amp; y&quot; of &quot;team data&quot; is canceled.</h2>")
          .contains("&quot;‹i›&#x27;x&#x27;‹/i› &amp; y&quot;")
          .contains("a viewer of the dashboard; CloudWatch does not say who")
          .doesNotContain("Attention");
      assertThat(line(invocation)).containsEntry("trigger", "widget");
      assertThat(guarded.message().text("email")).contains("CloudWatch does not say who");
    }
  }

  @Test
  void tellsAViewerOfTheDashboardWhatDidNotWork() {
    try (var guarded = GuardedWorld.running(Course.USUAL).with("MAX_ATTEMPTS", "1")) {
      assertThat((String) guarded.play(click("no id: <b>"), new TestContext("request-1")))
          .contains("A stop request was not valid.")
          .doesNotContain("<b>");
      guarded.world.athena().faults(Faults.always(Fault.Refusal.INTERNAL_ERROR));
      assertThat((String) guarded.play(click(CALCULATION), new TestContext("request-2")))
          .contains("The stop could not be confirmed.")
          .contains("Click the button again");
      guarded.world.athena().faults(Faults.none());
      guarded.world.sns().faults(Faults.always(Fault.Refusal.DENIED));
      assertThat((String) guarded.play(click(CALCULATION), new TestContext("request-3")))
          .containsPattern("<h2>The calculation .* is canceled\\.</h2>")
          .contains("No notification was sent: ");
    }
  }

  @Test
  void endsASessionBeforeItDescribesIt() {
    try (var guarded = new GuardedWorld().with("ESCALATION", "TERMINATE_SESSION")) {
      guarded
          .model()
          .add(SessionSetup.in("analytics-spark").id(SESSION).startedAt(NOW.minusSeconds(18_000)));
      var finding = sample("finding-session.json");
      detail(finding).put("onlyIfIdleSince", NOW.toString());
      detail(finding).put("expiresAt", NOW.plusSeconds(300).toString());
      assertThat(guarded.log(finding)).containsEntry("outcome", "SESSION_TERMINATED");
      assertThat(guarded.athenaCalls())
          .containsSubsequence("TerminateSession", "ListTagsForResource")
          .startsWith(
              "ListTagsForResource",
              "ListTagsForResource",
              "GetSession",
              "ListCalculationExecutions",
              "TerminateSession");
    }
  }

  @Test
  void tellsOfEachCalculationInASessionWhateverBecomesOfTheOthers() {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      guarded
          .model()
          .add(CalculationSetup.in(SESSION).id("second").submittedAt(NOW.minusSeconds(60)));
      // The newest is stopped first.
      guarded
          .world
          .athena()
          .faults(
              call ->
                  call.operation().equals("StopCalculationExecution")
                          && call.body().contains(CALCULATION)
                      ? Fault.Refusal.DENIED
                      : null);
      var invocation = new TestContext("request-1");
      guarded.play(sample("alarm-state-change.json"), invocation);
      assertThat(invocation.lines.stream().map(GuardedWorld::json))
          .filteredOn(line -> line.containsKey("outcome"))
          .extracting(line -> line.get("calculation_id") + " " + line.get("outcome"))
          .containsExactly("second CANCELED", CALCULATION + " DENIED");
    }
  }

  /** One calculation that can't be stopped, or described, hides none of the others. */
  @ParameterizedTest
  @CsvSource({"StopCalculationExecution, INTERNAL_ERROR", "StopCalculationExecution, THROTTLED"})
  void carriesOnWhereOneCalculationFails(String operation, Fault.Refusal refusal) {
    try (var guarded = GuardedWorld.running(Course.USUAL).with("MAX_ATTEMPTS", "1")) {
      for (var id : List.of("second", "third")) {
        guarded
            .model()
            .add(
                CalculationSetup.in(SESSION)
                    .id(id)
                    .submittedAt(NOW.minusSeconds(60))
                    .course(Course.onStop(new OnStop.Cancels(Duration.ZERO))));
      }
      guarded
          .world
          .athena()
          .faults(
              call ->
                  call.operation().equals(operation) && call.body().contains("second")
                      ? refusal
                      : null);
      var invocation = new TestContext("request-1");
      assertThatExceptionOfType(RequestFailedException.class)
          .isThrownBy(() -> guarded.play(sample("alarm-state-change.json"), invocation));

      var lines = invocation.lines.stream().map(GuardedWorld::json).toList();
      assertThat(lines)
          .filteredOn(line -> "CANCELED".equals(line.get("outcome")))
          .extracting(line -> line.get("calculation_id"))
          .containsExactlyInAnyOrder("third", CALCULATION);
      assertThat(lines)
          .filteredOn(line -> "failure".equals(line.get("event")))
          .extracting(line -> line.get("calculation_id"))
          .containsExactly("second");
      assertThat(guarded.world.sns().messages()).hasSize(2);

      guarded.world.athena().faults(Faults.none());
      var retry = new TestContext("request-1");
      guarded.play(sample("alarm-state-change.json"), retry);
      assertThat(retry.lines.stream().map(GuardedWorld::json))
          .filteredOn(line -> "second".equals(line.get("calculation_id")))
          .extracting(line -> line.get("outcome"))
          .containsExactly("CANCELED");
    }
  }

  @Test
  void tellsAnHttpCallerThatStopWasSentWhereTheAnswerWasLost() {
    try (var guarded = GuardedWorld.running(STUBBORN).with("MAX_ATTEMPTS", "1")) {
      guarded.world.athena().faults(Faults.always(new Fault.Spoilt(Fault.Mishap.MALFORMED, true)));
      var invocation = new TestContext("request-1");
      var reply = guarded.reply(sample("http-api-stop.json"), invocation);

      assertThat(reply.getStatusCode()).isEqualTo(202);
      assertThat(reply.getHeaders()).containsEntry("Location", "/calculations/" + CALCULATION);
      assertThat(line(invocation))
          .containsEntry("outcome", "CANCELING")
          .hasEntrySatisfying(
              "reason", why -> assertThat((String) why).contains("its effect is not known yet"));
      assertThat(guarded.world.sns().messages()).hasSize(1);
    }
  }

  /** A first delivery stopped it, and Lambda delivers again after more than ten minutes. */
  @Test
  void doesNotSayThatWhatAnEarlierDeliveryStoppedHadEndedBefore() {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      var trace = "Root=1-%08x-0123456789abcdef01234567".formatted(NOW.getEpochSecond());
      var first = new TestContext("request-1", Duration.ofSeconds(90), trace);
      guarded.play(sample("direct-stop.json"), first);
      assertThat(line(first)).containsEntry("outcome", "CANCELED").doesNotContainKey("repeat");

      guarded.clock.advance(Duration.ofMinutes(5));
      var soon = new TestContext("request-1", Duration.ofSeconds(90), trace);
      guarded.play(sample("direct-stop.json"), soon);
      assertThat(line(soon)).containsEntry("outcome", "CANCELED").containsEntry("repeat", true);

      guarded.clock.advance(Duration.ofMinutes(30));
      var late = new TestContext("request-1", Duration.ofSeconds(90), trace);
      guarded.play(sample("direct-stop.json"), late);
      assertThat(line(late))
          .containsEntry("outcome", "CANCELED")
          .doesNotContainKey("repeat")
          .hasEntrySatisfying(
              "reason", why -> assertThat((String) why).contains("not known whether"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-999999999-01-01T00:00:00+18:00",
        "+999999999-12-31T23:59:59-18:00",
        "1999-12-31T23:59:59Z",
        "+10000-01-01T00:00:00Z"
      })
  void takesNoInstantThatNoCalendarCanShow(String time) {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      var direct = sample("direct-stop.json");
      direct.put("time", time);
      assertThat(guarded.log(direct)).containsEntry("outcome", "INVALID");
      for (var name : List.of("expiresAt", "onlyIfIdleSince")) {
        var finding = sample("finding-session.json");
        detail(finding).put(name, time);
        assertThat(guarded.log(finding)).containsEntry("outcome", "INVALID");
      }
      assertThat(guarded.athenaCalls()).isEmpty();
    }
  }

  @Test
  void boundsTheTimeForWhichAFindingHolds() {
    try (var guarded = new GuardedWorld().with("ESCALATION", "TERMINATE_SESSION")) {
      var finding = sample("finding-calculation.json");
      detail(finding).put("expiresAt", "2099-01-01T00:00:00Z");
      detail(finding).put("foundAt", NOW.minus(Duration.ofHours(2)).toString());
      finding.put("time", NOW.minus(Duration.ofHours(2)).toString());
      assertThat(guarded.log(finding)).containsEntry("outcome", "LEFT_ALONE");
      assertThat(guarded.athenaCalls()).isEmpty();
    }
  }

  @Test
  void knowsATerminationOfWhichItHeardNothing() {
    try (var guarded =
        GuardedWorld.running(STUBBORN)
            .with("ESCALATION", "TERMINATE_SESSION")
            .with("MAX_ATTEMPTS", "1")) {
      guarded
          .world
          .athena()
          .faults(
              Faults.always("TerminateSession", new Fault.Spoilt(Fault.Mishap.MALFORMED, true)));
      assertThat(guarded.log(sample("eventbridge-stop-requested.json")))
          .containsEntry("outcome", "SESSION_TERMINATED");
    }
  }

  @Test
  void takesALookForNoStop() {
    try (var guarded = new GuardedWorld()) {
      var invocation = new TestContext("request-1");
      guarded.reply(sample("http-api-describe.json"), invocation);
      assertThat(invocation.lines).hasSize(1);
      assertThat(line(invocation))
          .containsEntry("event", "describe")
          .containsEntry("outcome", "NOT_FOUND");
    }
  }

  // What may heal

  @ParameterizedTest
  @CsvSource({"THROTTLED", "INTERNAL_ERROR", "UNAVAILABLE", "EXPIRED_TOKEN"})
  void hasLambdaGiveTheOrderAgainWhereThatMayHelp(Fault.Refusal refusal) {
    try (var guarded = GuardedWorld.running(Course.USUAL).with("MAX_ATTEMPTS", "1")) {
      guarded.world.athena().faults(Faults.always(refusal));
      var invocation = new TestContext("request-1");
      assertThatExceptionOfType(RequestFailedException.class)
          .isThrownBy(() -> guarded.play(sample("eventbridge-stop-requested.json"), invocation));
      assertThat(line(invocation))
          .containsEntry("event", "failure")
          .containsEntry("level", "ERROR");
      assertThat(metrics(invocation)).containsEntry("StopFailures", 1);

      var reply = guarded.reply(sample("http-api-stop.json"), new TestContext("request-2"));
      assertThat(reply.getStatusCode()).isEqualTo(503);
      assertThat(reply.getHeaders())
          .containsKey("Retry-After")
          .containsEntry("Content-Type", "application/problem+json");
    }
  }

  @ParameterizedTest
  @EnumSource(value = Fault.Mishap.class, names = "HANGS", mode = EnumSource.Mode.EXCLUDE)
  void hasLambdaGiveTheOrderAgainWhereNotEvenTheErrorCameWhole(Fault.Mishap mishap) {
    try (var guarded = new GuardedWorld().with("MAX_ATTEMPTS", "1")) {
      guarded.world.athena().faults(Faults.always(new Fault.Spoilt(mishap, true)));
      var invocation = new TestContext("request-1");
      assertThatExceptionOfType(RequestFailedException.class)
          .isThrownBy(() -> guarded.play(sample("eventbridge-stop-requested.json"), invocation));
      assertThat(line(invocation)).containsEntry("event", "failure");
    }
  }

  @Test
  void getsThroughAPassingThrottle() {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      guarded
          .world
          .athena()
          .faults(Faults.first(2, "StopCalculationExecution", Fault.Refusal.THROTTLED));
      assertThat(guarded.log(sample("eventbridge-stop-requested.json")))
          .containsEntry("outcome", "CANCELED");
    }
  }

  @Test
  void announcesInTheRepeatWhatTheFirstDeliveryCouldNot() {
    try (var guarded = GuardedWorld.running(Course.USUAL).with("MAX_ATTEMPTS", "1")) {
      guarded.world.sns().faults(Faults.first(1, "Publish", Fault.Refusal.INTERNAL_ERROR));
      var first = new TestContext("request-1");
      assertThatExceptionOfType(RequestFailedException.class)
          .isThrownBy(() -> guarded.play(sample("eventbridge-stop-requested.json"), first));
      assertThat(line(first))
          .containsEntry("outcome", "CANCELED")
          .containsEntry("announced", false)
          .containsEntry("level", "ERROR");
      assertThat(metrics(first)).containsEntry("AnnouncementFailures", 1);

      var second = new TestContext("request-1");
      guarded.play(sample("eventbridge-stop-requested.json"), second);
      assertThat(line(second))
          .containsEntry("outcome", "CANCELED")
          .containsEntry("announced", true)
          .containsEntry("repeat", true)
          .containsEntry("order_id", line(first).get("order_id"));
      assertThat(guarded.message().text("email"))
          .contains("had already been canceled when the guard checked.");
    }
  }

  @Test
  void knowsARepeatOfADirectOrderByItsTrace() {
    try (var guarded = GuardedWorld.running(Course.USUAL).with("MAX_ATTEMPTS", "1")) {
      guarded.world.sns().faults(Faults.first(1, "Publish", Fault.Refusal.INTERNAL_ERROR));
      var trace =
          "Root=1-"
              + Long.toHexString(NOW.getEpochSecond())
              + "-0123456789abcdef01234567;Sampled=0";
      assertThatExceptionOfType(RequestFailedException.class)
          .isThrownBy(
              () ->
                  guarded.play(
                      sample("direct-stop.json"),
                      new TestContext("r", Duration.ofSeconds(90), trace)));
      guarded.clock.advance(Duration.ofMinutes(1));
      var second = new TestContext("r", Duration.ofSeconds(90), trace);
      guarded.play(sample("direct-stop.json"), second);
      assertThat(line(second)).containsEntry("outcome", "CANCELED").containsEntry("repeat", true);
    }
  }

  @Test
  void tellsACallerThatNobodyElseWasTold() {
    try (var guarded = GuardedWorld.running(Course.USUAL).with("MAX_ATTEMPTS", "1")) {
      guarded.world.sns().faults(Faults.always(Fault.Refusal.INTERNAL_ERROR));
      var reply = guarded.reply(sample("http-api-stop.json"), new TestContext("request-1"));
      assertThat(reply.getStatusCode()).isEqualTo(200);
      assertThat(GuardedWorld.json(reply.getBody()))
          .containsEntry("outcome", "CANCELED")
          .containsEntry("announced", false);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.Mishap.class,
      names = {"EMPTY", "MALFORMED", "TRUNCATED", "CUT_OFF"})
  void takesNoAnswerOfSnsForAPromiseThatIsNone(Fault.Mishap mishap) {
    try (var guarded = GuardedWorld.running(Course.USUAL).with("MAX_ATTEMPTS", "1")) {
      guarded.world.sns().faults(Faults.always(new Fault.Spoilt(mishap, false)));
      var invocation = new TestContext("request-1");
      guarded.play(sample("http-api-stop.json"), invocation);
      assertThat(line(invocation)).containsEntry("announced", false);
    }
  }

  @Test
  void tellsACallerWhereToLookWhileItCancels() {
    try (var guarded = GuardedWorld.running(STUBBORN)) {
      var reply = guarded.reply(sample("http-api-stop.json"), new TestContext("request-1"));
      assertThat(reply.getStatusCode()).isEqualTo(202);
      assertThat(reply.getHeaders())
          .containsEntry("Location", "/calculations/" + CALCULATION)
          .containsEntry("Retry-After", "2");
      assertThat(Duration.between(NOW, guarded.clock.instant())).isLessThan(Duration.ofSeconds(5));
    }
  }

  @ParameterizedTest
  @CsvSource({"GET, DENIED, 403", "POST, DENIED, 403", "GET, , 404", "POST, , 404"})
  void answersWithProblemDetails(String method, Fault.Refusal refusal, int status) {
    try (var guarded = new GuardedWorld()) {
      if (refusal != null) {
        guarded.world.athena().faults(Faults.always(refusal));
      }
      var event = sample(method.equals("GET") ? "http-api-describe.json" : "http-api-stop.json");
      var reply = guarded.reply(event, new TestContext("request-1"));
      assertThat(reply.getStatusCode()).isEqualTo(status);
      assertThat(reply.getHeaders()).containsEntry("Content-Type", "application/problem+json");
      assertThat(GuardedWorld.json(reply.getBody()))
          .containsEntry("status", status)
          .containsKeys("type", "title", "detail");
    }
  }
}
