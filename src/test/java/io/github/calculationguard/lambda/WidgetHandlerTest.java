package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.NOW;
import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.amazonaws.services.lambda.runtime.logging.LogLevel;
import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.Faults;
import io.github.athenasparklocal.HandClock;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.play.WidgetStory;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.standin.LocalWorld;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The page on the dashboard in a local world, by the real SDK. */
class WidgetHandlerTest {

  private static final String STOP =
      "arn:aws:lambda:us-east-1:123456789012:function:guard-StopFunction:live";

  private final HandClock clock = new HandClock(NOW);
  private final LocalWorld world = new LocalWorld(clock);
  private final Map<String, String> settings =
      new HashMap<>(Map.of("STOP_FUNCTION_ARN", STOP, "MAX_ATTEMPTS", "1"));
  private final TestContext invocation =
      new TestContext("request-1", Duration.ofSeconds(20), null).at("guard-WidgetFunction");

  @AfterEach
  void close() {
    world.close();
  }

  private SparkModel model() {
    return world.athena().model();
  }

  private Object answer(Map<String, Object> event) {
    var environment = new HashMap<>(world.environment());
    environment.putAll(settings);
    return InProcess.widget(environment, clock).handleRequest(event, invocation);
  }

  private String page() {
    return (String) answer(sample("widget.json"));
  }

  private Map<String, Object> line() {
    assertThat(invocation.lines).hasSize(1);
    return GuardedWorld.line(invocation);
  }

  private static long count(String regex, String text) {
    return Pattern.compile(regex).matcher(text).results().count();
  }

  @Test
  void showsWhatRunsCostliestFirst() {
    settings.put("CALLS_PER_SECOND", "20");
    WidgetStory.usual(model(), NOW);

    var page = page();

    assertThat(page)
        .containsSubsequence(
            "Nightly join of all orders",
            "Quarter close: please do not stop",
            "at most",
            "Notebook: embeddings",
            "Backfill March to May",
            "dbt run --select marts",
            "Notebook: churn features")
        .contains("{\"calculationExecutionId\":\"" + WidgetStory.COSTLIEST + "\"}")
        .contains("endpoint=\"" + STOP + "\"")
        .contains("team data", "amara", "ines", "team bi")
        .contains("exempt until 2026-11-22 18:00:00 UTC")
        .doesNotContain("Not all could be read");
    assertThat(count("endpoint=\"" + STOP, page)).isEqualTo(3);
    assertThat(count("\\{\"sparkUi\":", page)).isEqualTo(6);
    assertThat(line())
        .containsEntry("event", "look")
        .containsEntry("level", "INFO")
        .containsEntry("outcome", "COMPLETE")
        .containsEntry("sessions_seen", 6);
  }

  @Test
  void onlyReads() {
    WidgetStory.usual(model(), NOW);

    page();

    assertThat(world.athena().counts().keySet())
        .containsExactlyInAnyOrder(
            "ListWorkGroups",
            "ListSessions",
            "ListTagsForResource",
            "ListCalculationExecutions",
            "GetSession",
            "ListExecutors");
    assertThat(world.sns().calls()).isEmpty();
    assertThat(world.eventBridge().calls()).isEmpty();
  }

  @Test
  void describesItselfWithoutLooking() {
    assertThat((String) answer(sample("widget-describe.json")))
        .startsWith("## What runs now")
        .contains("### Parameters");
    assertThat(world.athena().calls()).isEmpty();
  }

  @Test
  void saysThatNothingRunsInAnEmptyAccount() {
    assertThat(page()).contains("Nothing is running.").doesNotContain("Not all could be read");
  }

  @Test
  void showsTheRestWhereOneWorkGroupIsDenied() {
    settings.put("CALLS_PER_SECOND", "20");
    WidgetStory.usual(model(), NOW);
    world
        .athena()
        .faults(
            call ->
                call.operation().equals("ListSessions") && call.body().contains("ml-research")
                    ? Fault.Refusal.DENIED
                    : null);

    assertThat(page())
        .contains("Nightly join of all orders")
        .contains("the sessions of workgroup ml-research: AccessDeniedException: ")
        .doesNotContain("Notebook: embeddings");
    assertThat(invocation.levels).containsExactly(LogLevel.ERROR);
    assertThat(line()).containsEntry("outcome", "INCOMPLETE").containsEntry("unread", 1);
  }

  @ParameterizedTest
  @CsvSource({"DENIED, AccessDeniedException", "INTERNAL_ERROR, InternalServerException"})
  void saysWhyNothingCouldBeRead(Fault.Refusal refusal, String words) {
    world.athena().faults(Faults.always(refusal));

    assertThat(page())
        .contains("Nothing is running, as far as could be read.")
        .contains("the workgroups: " + words);
  }

  @Test
  void isDoneWithinTenSecondsAtAKindPaceAndReadsTheCostliestInDepth() {
    model().addWorkGroup("etl", SparkModel.PYSPARK_3, Map.of());
    for (var i = 0; i < 70; i++) {
      var started = NOW.minus(Duration.ofMinutes(600 - i));
      var session = model().add(SessionSetup.in("etl").id("s-" + i).startedAt(started));
      model()
          .add(
              CalculationSetup.in(session)
                  .id("c-" + i)
                  .course(Course.lasting(Duration.ofHours(100)))
                  .submittedAt(started));
    }

    var page = page();

    assertThat(Duration.between(NOW, clock.instant())).isLessThan(Duration.ofSeconds(10));
    assertThat(world.athena().calls()).hasSizeBetween(35, 46);
    assertThat(page)
        .contains(
            "20 more sessions not shown",
            "there was no time left",
            "{\"calculationExecutionId\":\"c-0\"}");
    assertThat(count("<tr>\n", page)).isEqualTo(50);
    assertThat(count("<a class=\"btn", page)).isBetween(5L, 15L);
    assertThat(line()).containsEntry("level", "WARN").containsEntry("sessions_seen", 70);
  }

  @Test
  void leavesOutWorkGroupsThatAreNoneOfItsAffairs() {
    settings.put("WORK_GROUP_PATTERN", "ml-*");
    WidgetStory.usual(model(), NOW);

    assertThat(page()).contains("Quarter close").doesNotContain("Nightly join");
  }

  @ParameterizedTest
  @CsvSource({
    "STOP_FUNCTION_ARN, arn:aws:sns:us-east-1:123456789012:guard",
    "CALLS_PER_SECOND, 0",
    "USD_PER_DPU_HOUR, -1",
    "MODE, sometimes"
  })
  void namesASettingThatIsWrong(String name, String value) {
    assertThatThrownBy(() -> InProcess.widget(Map.of(name, value)))
        .isInstanceOf(Configuration.InvalidConfigurationException.class)
        .hasMessageContaining(name + " is \"" + value + "\"");
  }

  @Test
  void needsNoSettingAtAll() {
    settings.clear();
    WidgetStory.usual(model(), NOW);

    assertThat(page()).contains("Nightly join").doesNotContain("<a class=\"btn");
  }

  @Test
  void offersToEndTheSessionsInWhichNoCalculationCanBeStopped() {
    settings.put("CALLS_PER_SECOND", "20");
    settings.put("ESCALATION", "TERMINATE_SESSION");
    WidgetStory.usual(model(), NOW);

    var page = page();

    assertThat(count("<a class=\"btn cg-button\">Stop</a>", page)).isEqualTo(3);
    assertThat(count("\\{\"sessionId\":\"[^\"]+\",\"endSession\":true}", page)).isEqualTo(3);
    assertThat(
            count("End the session [^>]* That saves (at most )?\\d+\\.\\d\\d USD an hour\\.", page))
        .isEqualTo(3);
  }

  @Test
  void saysThatEscalationIsMissingToEndASessionOverTheDefaultLimit() {
    model().addWorkGroup("connect", SparkModel.SPARK_35, Map.of());
    var started = NOW.minus(Duration.ofHours(13));
    model().add(SessionSetup.in("connect").id("s-connect").startedAt(started));
    model()
        .add(
            CalculationSetup.in("s-connect")
                .submittedAt(started)
                .course(Course.lasting(Duration.ofHours(100))));

    assertThat(page())
        .contains("open for 13 h of 12 h")
        .contains("only observed; the guard may not end it: Escalation is NONE")
        .doesNotContain("End session");
    settings.put("ESCALATION", "TERMINATE_SESSION");
    assertThat(page()).contains("End session").doesNotContain("Escalation is NONE");
  }

  private void sparkSession(String workGroup) {
    model().addWorkGroup(workGroup, SparkModel.SPARK_35, Map.of());
    model().add(SessionSetup.in(workGroup).id(GuardedWorld.SESSION));
  }

  @Test
  void givesTheSparkUisUrlToTheViewerAndToNobodyElse() {
    sparkSession("connect");
    var url = world.athena().endpoint() + "/#" + GuardedWorld.SESSION;

    var popup = (String) answer(sample("widget-spark-ui.json"));

    assertThat(popup)
        .contains("href=\"" + url + "\"")
        .contains("target=\"_blank\" rel=\"noopener noreferrer\"");
    assertThat(line())
        .containsEntry("event", "spark_ui")
        .containsEntry("outcome", "SHOWN")
        .containsEntry("session_id", GuardedWorld.SESSION);
    assertThat(invocation.lines.toString())
        .doesNotContain("http")
        .doesNotContain("/#")
        .doesNotContain(world.athena().endpoint().toString());
    assertThat(world.sns().calls()).isEmpty();
    assertThat(world.eventBridge().calls()).isEmpty();
    assertThat(world.athena().counts())
        .isEqualTo(Map.of("GetSession", 1, "GetResourceDashboard", 1));
    assertThat(world.athena().calls().getLast().body())
        .contains(
            "arn:aws:athena:us-east-1:123456789012:workgroup/connect/session/"
                + GuardedWorld.SESSION);
  }

  @Test
  void opensNoSparkUiOfASessionThatIsNotGuarded() {
    settings.put("WORK_GROUP_PATTERN", "team-*");
    sparkSession("connect");

    assertThat((String) answer(sample("widget-spark-ui.json")))
        .contains("see WorkGroupPattern")
        .doesNotContain("href");
    assertThat(world.athena().counts()).isEqualTo(Map.of("GetSession", 1));
    assertThat(line()).containsEntry("outcome", "NOT_SHOWN").containsEntry("level", "WARN");
  }

  @ParameterizedTest
  @CsvSource({
    "GetSession, DENIED, AccessDeniedException",
    "GetResourceDashboard, DENIED, AccessDeniedException",
    "GetResourceDashboard, INTERNAL_ERROR, InternalServerException",
    "GetResourceDashboard, THROTTLED, ThrottlingException",
  })
  void saysWhyTheSparkUiCannotBeOpened(String operation, Fault.Refusal refusal, String words) {
    sparkSession("connect");
    world.athena().faults(call -> call.operation().equals(operation) ? refusal : null);

    assertThat((String) answer(sample("widget-spark-ui.json")))
        .contains("The live Spark UI cannot be opened. " + words)
        .doesNotContain("href");
    assertThat(line())
        .containsEntry("outcome", "NOT_SHOWN")
        .hasEntrySatisfying("reason", reason -> assertThat(reason).asString().contains(words));
  }

  @Test
  void saysWhatASparkUiNeeds() {
    for (var id : new Object[] {"../workgroup/other", "<b>", 7, Map.of(), List.of("s-1"), ""}) {
      assertThat((String) answer(Map.of("sparkUi", id)))
          .contains("sparkUi in the event takes", SessionId.RULE)
          .doesNotContain("<b>");
    }
    assertThat((String) answer(Map.of("sparkUi", "unknown"))).contains("unknown was not found");
    assertThat(world.athena().counts()).isEqualTo(Map.of("GetSession", 1));
  }
}
