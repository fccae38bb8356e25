package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.NOW;
import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.amazonaws.services.lambda.runtime.RequestHandler;
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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
        .contains("Nothing is running, but not everything could be read.")
        .contains("the workgroups: " + words);
  }

  /** Of every fifty sessions twenty are busy, and each is a little younger than the last. */
  private void fill(int sessions, int workGroups) {
    for (var number = 0; number < workGroups; number++) {
      model().addWorkGroup("wg-" + number, SparkModel.PYSPARK_3, Map.of("owner", "team " + number));
    }
    for (var i = 0; i < sessions; i++) {
      var started = NOW.minus(Duration.ofMinutes(900 - i));
      var setup = SessionSetup.in("wg-" + i % workGroups).id("s-" + i).startedAt(started);
      model().add(setup.idleTimeout(Duration.ofHours(100)));
      model()
          .add(
              CalculationSetup.in("s-" + i)
                  .id("c-" + i)
                  .course(Course.lasting(Duration.ofHours(i % 5 < 2 ? 100 : 1)))
                  .submittedAt(started));
    }
  }

  private RequestHandler<Map<String, Object>, Object> handler() {
    var environment = new HashMap<>(world.environment());
    environment.putAll(settings);
    return InProcess.widget(environment, clock);
  }

  private String page(RequestHandler<Map<String, Object>, Object> handler) {
    return (String) handler.handleRequest(sample("widget.json"), invocation);
  }

  /** Every session has a row with a state, an age and a cost, and what runs has its button. */
  private static void assertWhole(String page, int sessions) {
    assertThat(count("<tr>\n", page)).isEqualTo(sessions);
    assertThat(count("<span class=\"cg-badge cg-(busy|idle)\">[A-Z]+</span>", page))
        .isEqualTo(sessions);
    assertThat(count("<span class=\"cg-dim\">(open |idle )?for \\d", page)).isEqualTo(sessions);
    assertThat(count("USD</b>", page)).isEqualTo(sessions);
    assertThat(count(">(REPORTED|LIVE|UPPER_BOUND)</span>", page)).isEqualTo(sessions);
  }

  @Test
  void showsFiftySessionsAndWhatRunsInThemWithoutAWait() {
    fill(50, 3);

    var page = page();

    assertWhole(page, 50);
    assertThat(clock.instant()).isEqualTo(NOW);
    assertThat(world.athena().calls()).hasSizeLessThanOrEqualTo(60);
    for (var i = 0; i < 50; i++) {
      assertThat(page.contains("{\"calculationExecutionId\":\"c-" + i + "\"}"))
          .isEqualTo(i % 5 < 2);
    }
    assertThat(count("REPORTED</span>", page)).isGreaterThanOrEqualTo(15);
    assertThat(page.indexOf(">UPPER_BOUND</span>"))
        .isGreaterThan(page.lastIndexOf(">REPORTED</span>"));
    assertThat(page).contains("the size of session").contains("or Athena's own maximum of 5000");
    assertThat(line()).containsEntry("level", "WARN").containsEntry("sessions_seen", 50);
  }

  @Test
  void showsFiveHundredSessionsWithoutAWait() {
    fill(500, 3);

    var page = page();

    assertWhole(page, 500);
    assertThat(clock.instant()).isEqualTo(NOW);
    assertThat(count("REPORTED</span>", page)).isGreaterThanOrEqualTo(10);
    assertThat(page).contains("what runs in session s-", "there was no time left, or no call");
  }

  @Test
  void showsTheLastPageWithItsTimeWhereTooFewCallsAreLeft() {
    fill(50, 3);
    var handler = handler();
    page(handler);
    var calls = world.athena().calls().size();
    clock.advance(Duration.ofSeconds(2));

    var again = page(handler);

    assertWhole(again, 50);
    assertThat(world.athena().calls()).hasSize(calls);
    assertThat(again)
        .contains("seen 2026-11-22 09:30:05 UTC")
        .contains("anything newer: there was no time left, or no call");
    clock.advance(Duration.ofSeconds(8));
    assertThat(page(handler))
        .contains("seen 2026-11-22 09:30:15 UTC")
        .doesNotContain("anything newer");
  }

  @Test
  void learnsTheSizesOfAllSessionsFromPageToPage() {
    fill(50, 3);
    var handler = handler();
    for (var view = 0; view < 4; view++) {
      page(handler);
      clock.advance(Duration.ofMinutes(1));
    }

    var page = page(handler);

    assertWhole(page, 50);
    assertThat(page).doesNotContain("the size of session");
    var bases = Pattern.compile(">(REPORTED|UPPER_BOUND)</span>").matcher(page).results();
    assertThat(bases.map(it -> it.group(1)).limit(10)).containsOnly("REPORTED");
    assertThat(count("REPORTED</span>", page)).isGreaterThanOrEqualTo(15);
  }

  @Test
  void hasAtMostEightCallsInFlight() {
    fill(50, 3);
    var inFlight = new AtomicInteger();
    var most = new AtomicInteger();
    world
        .athena()
        .faults(
            _ -> {
              most.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
              LockSupport.parkNanos(2_000_000);
              inFlight.decrementAndGet();
              return null;
            });

    page();

    assertThat(most.get()).isBetween(2, 8);
  }

  @Test
  void showsWhatItHasWhereAthenaThrottlesAndSlowsDownForAMinute() {
    fill(50, 3);
    world.athena().faults(Faults.always("GetSession", Fault.Refusal.THROTTLED));
    var handler = handler();

    var page = page(handler);

    assertWhole(page, 50);
    assertThat(page).contains("the details of session s-").contains("ThrottlingException: ");
    assertThat(count("\"calculationExecutionId\"", page)).isGreaterThanOrEqualTo(15);
    world.athena().faults(Faults.none());
    world.athena().forgetCalls();
    clock.advance(Duration.ofSeconds(10));
    var begin = clock.instant();

    assertWhole(page(handler), 50);

    var took = Duration.between(begin, clock.instant());
    assertThat(took).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(10));
    assertThat(world.athena().calls().size()).isLessThanOrEqualTo((int) took.toMillis() / 200 + 1);
    clock.advance(Duration.ofMinutes(1));
    begin = clock.instant();
    assertWhole(page(handler), 50);
    assertThat(clock.instant()).isEqualTo(begin);
  }

  @Test
  void isShownInTimeWhereCallsWaitForTheirTurn() {
    fill(60, 60);
    var environment = new HashMap<>(world.environment());
    environment.put("CALLS_PER_SECOND", "1");
    InProcess.tellTheSdk(environment);
    Consumer<Duration> whileOthersCome =
        pause -> {
          SweepHandler.sleep(Duration.ofMillis(100));
          clock.advance(pause);
        };

    page(new WidgetHandler(new Configuration(environment), clock, whileOthersCome));

    assertThat(clock.instant()).isBeforeOrEqualTo(NOW.plusSeconds(4));
  }

  @Test
  void slowsDownWhereAnAttemptWasThrottledThatTheSdkRepeats() {
    settings.put("MAX_ATTEMPTS", "3");
    fill(10, 1);
    world.athena().faults(Faults.first(1, "ListSessions", Fault.Refusal.THROTTLED));

    assertWhole(page(), 10);

    assertThat(clock.instant()).isAfter(NOW.plusSeconds(1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"GetSession", "ListCalculationExecutions", "ListExecutors", "ListTagsForResource"})
  void showsEverySessionWhereASideCallHangsOrFails(String operation) {
    settings.put("ATTEMPT_TIMEOUT_MILLIS", "600");
    fill(10, 1);
    for (var fault :
        List.of(
            new Fault.Spoilt(Fault.Mishap.HANGS, false),
            new Fault.Spoilt(Fault.Mishap.CUT_OFF, false),
            new Fault.Spoilt(Fault.Mishap.MALFORMED, false),
            Fault.Refusal.DENIED,
            Fault.Refusal.INTERNAL_ERROR)) {
      world.athena().faults(Faults.always(operation, fault));

      assertWhole(page(), 10);
    }
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
