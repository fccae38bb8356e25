package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.CALCULATION;
import static io.github.calculationguard.lambda.GuardedWorld.NOW;
import static io.github.calculationguard.lambda.GuardedWorld.SESSION;
import static io.github.calculationguard.lambda.GuardedWorld.detail;
import static io.github.calculationguard.lambda.GuardedWorld.json;
import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.Faults;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.athena.AthenaClient;
import software.amazon.awssdk.services.athena.model.Tag;

/** Warnings can be answered, and stops can be appealed. */
class AppealTest {

  private static final String ARN =
      "arn:aws:athena:us-east-1:123456789012:workgroup/analytics-spark";

  private static void tag(GuardedWorld guarded, String arn, String key, String value) {
    InProcess.tellTheSdk(guarded.world.environment());
    try (var athena = AthenaClient.create()) {
      athena.tagResource(
          r ->
              r.resourceARN(arn)
                  .tags(Tag.builder().key("calculation-guard:" + key).value(value).build()));
    }
    guarded.world.athena().forgetCalls();
  }

  @ParameterizedTest
  @CsvSource({
    "finding-calculation.json, session, exempt-until, 2026-11-22T11:30:00Z, exempt it until",
    "finding-session.json, session, exempt-until, 2026-11-22T11:30:00Z, exempt it until",
    "finding-calculation.json, group, exempt-until, 2030-01-01T00:00:00Z, exempt it until",
    "finding-calculation.json, group, mode, observe, mode observe",
    "finding-calculation.json, group, max-calculation-minutes, 240, was raised or removed",
    "finding-calculation.json, group, max-calculation-minutes, 0, was raised or removed",
    "finding-calculation.json, session, max-session-hours, 9h,"
        + " its tag calculation-guard:max-session-hours is invalid",
    "finding-calculation.json, group, max-hours, 9, its tag calculation-guard:max-hours is invalid",
    // Longer than allowed, and so counted from the start of the session, 4 hours ago.
    "finding-calculation.json, session, exempt-until, 2026-11-24T11:30:00Z, exempt it until",
  })
  void leavesAloneWhatWasAnsweredSinceItWasFound(
      String finding, String of, String key, String value, String why) {
    try (var guarded = GuardedWorld.running(Course.USUAL).with("ESCALATION", "TERMINATE_SESSION")) {
      tag(guarded, of.equals("session") ? ARN + "/session/" + SESSION : ARN, key, value);

      var line = guarded.log(sample(finding));

      assertThat(line).containsEntry("outcome", "LEFT_ALONE").containsEntry("session_id", SESSION);
      assertThat((String) line.get("reason")).contains(why);
      assertThat(guarded.athenaCalls())
          .doesNotContain("StopCalculationExecution", "TerminateSession");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"InvalidRequestException", "AccessDeniedException", "Odd"})
  void saysThatItLeavesSomethingAloneEvenIfItCannotBeDescribed(String error) {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      tag(guarded, ARN + "/session/" + SESSION, "exempt-until", "2026-11-22T11:30:00Z");
      guarded
          .world
          .athena()
          .faults(
              Faults.always("GetCalculationExecution", new Fault.Chosen(400, error, "no answer")));

      assertThat(guarded.log(sample("finding-calculation.json")))
          .containsEntry("outcome", "LEFT_ALONE")
          .containsEntry("session_id", SESSION);
    }
  }

  @Test
  void heedsTheSessionsTagsWhereThoseOfTheWorkgroupAreDenied() {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      tag(guarded, ARN + "/session/" + SESSION, "exempt-until", "2026-11-22T11:30:00Z");
      guarded.world.athena().faults(Faults.first(1, "ListTagsForResource", Fault.Refusal.DENIED));

      assertThat(guarded.log(sample("finding-calculation.json")))
          .containsEntry("outcome", "LEFT_ALONE");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "session, exempt-until, 2026-11-22T09:30:00Z",
    "session, max-calculation-minutes, 240",
    "group, max-calculation-minutes, 180",
    "group, mode, enforce",
    "session, warned-max-calculation-minutes, 2026-11-22T09:20:00Z",
  })
  void stopsWhatNoAnswerProtects(String of, String key, String value) {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      tag(guarded, of.equals("session") ? ARN + "/session/" + SESSION : ARN, key, value);

      assertThat(guarded.log(sample("finding-calculation.json")))
          .containsEntry("outcome", "CANCELED");
    }
  }

  @Test
  void stopsNothingOfAFindingWhoseTagsCannotBeReadAndTriesAgain() {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      guarded
          .world
          .athena()
          .faults(Faults.always("ListTagsForResource", Fault.Refusal.UNAVAILABLE));
      var invocation = new TestContext("request-1");

      org.assertj.core.api.Assertions.assertThatThrownBy(
              () -> guarded.play(sample("finding-calculation.json"), invocation))
          .isInstanceOf(StopHandler.RequestFailedException.class);

      assertThat(guarded.athenaCalls()).doesNotContain("StopCalculationExecution");
    }
  }

  @Test
  void saysOfAStopWhoSetTheLimitWhereTheOutputIsAndHowToRunItAgain() {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      var line = guarded.log(sample("finding-calculation.json"));
      assertThat(line).containsEntry("limit_set_by", "work-group-tag");
      var text = guarded.message().text("email");
      assertThat(text)
          .contains(
              "set by the tag calculation-guard:max-calculation-minutes of workgroup"
                  + " analytics-spark")
          .containsPattern("Lost: +what it had not written to S3 yet; its session stays open")
          .as("the limit once")
          .containsPattern("Why: +\"running for 3 h 7 min, limit 2 h\"\n")
          .containsPattern("Output: +.*s3://")
          .contains(
              "aws athena tag-resource --resource-arn "
                  + ARN
                  + " --tags Key=calculation-guard:max-calculation-minutes,Value=282"
                  + " --region us-east-1")
          .contains("aws athena start-calculation-execution --session-id " + SESSION)
          .contains("get-calculation-execution-code --calculation-execution-id " + CALCULATION)
          .contains("until the session ends");
    }
  }

  @Test
  void namesTheWorkAndItsOwnerInTheTitleOfAStop() {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      guarded.log(sample("finding-calculation.json"));

      assertThat(part(json(guarded.message().text("https")), "content"))
          .containsEntry(
              "title",
              ":white_check_mark: The calculation \"Nightly join of all orders\" of \"team data\""
                  + " is canceled.");
    }
  }

  @Test
  void saysWhatATerminationLostEvenIfTheSessionCannotBeReadAfterIt() {
    var stubborn = Course.onStop(new Course.OnStop.Ignored());
    try (var guarded = GuardedWorld.running(stubborn).with("ESCALATION", "TERMINATE_SESSION")) {
      var reads = new AtomicInteger();
      guarded
          .world
          .athena()
          .faults(
              call ->
                  call.operation().equals("GetSession")
                          && List.of("CANCELED", "FAILED")
                              .contains(guarded.model().calculationState(CALCULATION))
                          && reads.incrementAndGet() > 1
                      ? Fault.Refusal.DENIED
                      : null);

      assertThat(guarded.log(sample("finding-calculation.json")))
          .containsEntry("outcome", "SESSION_TERMINATED")
          .doesNotContainKey("work_group");
      assertThat(guarded.message().text("email"))
          .containsPattern("Lost: +all that the session held in memory")
          .contains("its ID is the NEW_SESSION_ID: aws athena start-session --work-group analytics")
          .contains("start-calculation-execution --session-id NEW_SESSION_ID")
          .doesNotContain("stays open");
    }
  }

  @ParameterizedTest
  @CsvSource({
    SparkModel.PYSPARK_3 + ", To start a session again: aws athena start-session",
    SparkModel.SPARK_35 + ", let the Spark client start a new session in workgroup analytics-spark",
  })
  void saysHowToStartASessionAgainThatWasTerminatedForItsLimit(String engine, String step) {
    try (var guarded = new GuardedWorld().with("ESCALATION", "TERMINATE_SESSION")) {
      guarded.model().addWorkGroup("analytics-spark", engine, Map.of());
      guarded
          .model()
          .add(SessionSetup.in("analytics-spark").id(SESSION).startedAt(NOW.minus(ofHours(4))));
      var finding = sample("finding-session.json");
      detail(finding).remove("onlyIfIdleSince");
      detail(finding).put("expiresAt", NOW.plusSeconds(300).toString());

      assertThat(guarded.log(finding)).containsEntry("outcome", "SESSION_TERMINATED");
      var text = guarded.message().text("email");
      assertThat(text).contains(step).doesNotContain("NEW_SESSION_ID");
      assertThat(text.contains("MaxConcurrentDpus")).isEqualTo(engine.equals(SparkModel.PYSPARK_3));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"2026-11-22T10:30:00Z", ""})
  void keepsWhatItsOwnerKeptBeforeTheNextSweepAndStopsTheRest(String until) {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      var settings = new HashMap<>(guarded.settings);
      settings.put("MODE", "enforce");
      settings.put("TOPIC_ARN", guarded.settings.get("TOPIC_ARN"));
      guarded.world.eventBridge().addBus("guard");
      var sweep = SweepHandlerTest.handler(guarded.world, guarded.clock, settings);
      sweep.handleRequest(Map.of(), new TestContext("sweep-1", Duration.ofMinutes(9), null));
      assertThat(guarded.message().text("email")).contains("will be stopped by the next sweep.\n");
      if (!until.isEmpty()) {
        tag(guarded, ARN + "/session/" + SESSION, "exempt-until", until);
      }
      guarded.clock.advance(ofMinutes(10));

      sweep.handleRequest(Map.of(), new TestContext("sweep-2", Duration.ofMinutes(9), null));

      assertThat(guarded.world.eventBridge().events("Athena Spark Finding"))
          .hasSize(until.isEmpty() ? 1 : 0);
      if (!until.isEmpty()) {
        assertThat(guarded.world.sns().messages().getLast().text("email"))
            .contains("Over its limit, and exempt until 2026-11-22 10:30:00 UTC: calculation");
      }
    }
  }

  @Test
  void givesTheButtonsOfAWarningWhatTheyNeedInFiveVariablesWithoutSpaces() {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      var settings = new HashMap<>(guarded.settings);
      settings.put("MODE", "enforce");
      guarded.world.eventBridge().addBus("guard");
      SweepHandlerTest.handler(guarded.world, guarded.clock, settings)
          .handleRequest(Map.of(), new TestContext("sweep-1", Duration.ofMinutes(9), null));

      var context = context(guarded.message().text("https"));

      assertThat(context)
          .containsEntry("region", "us-east-1")
          .containsEntry("session_arn", ARN + "/session/" + SESSION)
          .containsEntry("stop_calculation_id", CALCULATION)
          .doesNotContainKey("end_session_id")
          .hasEntrySatisfying(
              "keep_until", it -> assertThat((String) it).matches("2026-11-22T11:30:\\d\\dZ"));
      assertThat(context.values()).allSatisfy(it -> assertThat((String) it).doesNotContain(" "));
    }
  }

  @Test
  void offersToKeepWhatWasHeldBack() {
    try (var guarded = new GuardedWorld()) {
      var model = guarded.model();
      for (var owner : List.of("ann", "bob")) {
        model.addWorkGroup(owner, SparkModel.PYSPARK_3, Map.of("owner", owner));
        model.add(SessionSetup.in(owner).id("s-" + owner).startedAt(NOW.minus(ofHours(4))));
        model.add(
            CalculationSetup.in("s-" + owner)
                .id("c-" + owner)
                .course(Course.lasting(ofHours(100)))
                .submittedAt(NOW.minus(ofHours(3))));
      }
      var settings = new HashMap<>(guarded.settings);
      settings.putAll(
          Map.of("MODE", "enforce", "WARN_AT_PERCENT", "100", "MAX_ACTIONS_PER_SWEEP", "1"));
      guarded.world.eventBridge().addBus("guard");
      SweepHandlerTest.handler(guarded.world, guarded.clock, settings)
          .handleRequest(Map.of(), new TestContext("sweep-1", Duration.ofMinutes(9), null));

      var heldBack =
          guarded.world.sns().messages().stream()
              .filter(it -> it.text("email").startsWith("Over its limit, and not stopped yet"))
              .toList();
      assertThat(heldBack).hasSize(1);
      assertThat(context(heldBack.getFirst().text("https")))
          .containsKeys("session_arn", "keep_until", "stop_calculation_id");
    }
  }

  @Test
  void keepsTheTitleOfAWarningWithinWhatAChatTakes() {
    try (var guarded = new GuardedWorld()) {
      var model = guarded.model();
      model.addWorkGroup("long", SparkModel.PYSPARK_3, Map.of("owner", "o".repeat(250)));
      model.add(SessionSetup.in("long").id("s-1").startedAt(NOW.minus(ofHours(4))));
      model.add(
          CalculationSetup.in("s-1")
              .id("c-1")
              .description("x".repeat(900))
              .course(Course.lasting(ofHours(100)))
              .submittedAt(NOW.minus(ofHours(3))));
      var settings = new HashMap<>(guarded.settings);
      settings.put("MODE", "enforce");
      guarded.world.eventBridge().addBus("guard");
      SweepHandlerTest.handler(guarded.world, guarded.clock, settings)
          .handleRequest(Map.of(), new TestContext("sweep-1", Duration.ofMinutes(9), null));

      var content = part(json(guarded.message().text("https")), "content");
      assertThat(String.valueOf(content.get("title")))
          .contains("will be stopped by the next sweep")
          .hasSizeLessThanOrEqualTo(250);
    }
  }

  @Test
  void offersTheEndOfASessionThatAStopLeavesOpenAndNothingElse() {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      guarded.log(sample("finding-calculation.json"));

      assertThat(context(guarded.message().text("https")))
          .containsEntry("end_session_id", SESSION)
          .doesNotContainKeys("keep_until", "stop_calculation_id");
    }
  }

  private static Map<String, Object> context(String chat) {
    return part(part(json(chat), "metadata"), "additionalContext");
  }

  @SuppressWarnings("unchecked") // The names of an object are texts.
  private static Map<String, Object> part(Map<String, Object> of, String name) {
    return (Map<String, Object>) Objects.requireNonNull(of.get(name));
  }

  @Test
  void takesAStopFromAChatAndNoForce() {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      var direct = new TestContext("request-1").at("guard-StopFunction:direct");
      guarded.play(
          new HashMap<>(Map.of("calculationExecutionId", CALCULATION, "channel", "chat")), direct);
      assertThat(GuardedWorld.line(direct))
          .containsEntry("trigger", "chat")
          .containsEntry("outcome", "CANCELED");
      var forced = new TestContext("request-2").at("guard-StopFunction:direct");
      guarded.play(
          new HashMap<>(
              Map.of("sessionId", SESSION, "endSession", true, "force", true, "channel", "chat")),
          forced);
      assertThat(GuardedWorld.line(forced)).containsEntry("outcome", "INVALID");
    }
  }
}
