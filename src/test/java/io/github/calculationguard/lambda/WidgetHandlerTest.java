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
import io.github.calculationguard.standin.LocalWorld;
import java.time.Duration;
import java.util.HashMap;
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
  private final TestContext invocation = new TestContext("request-1", Duration.ofSeconds(20), null);

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
    assertThat(count("<cwdb-action ", page)).isEqualTo(3);
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
    assertThat(count("<cwdb-action ", page)).isBetween(5L, 15L);
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

    assertThat(page()).contains("Nightly join").doesNotContain("<cwdb-action");
  }
}
