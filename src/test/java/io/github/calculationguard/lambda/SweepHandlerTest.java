package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.json;
import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Call;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.Faults;
import io.github.athenasparklocal.HandClock;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.guard.Finding;
import io.github.calculationguard.spark.AthenaSparkException.DeniedException;
import io.github.calculationguard.standin.LocalEventBridge;
import io.github.calculationguard.standin.LocalWorld;
import io.github.calculationguard.standin.SnsMessage;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The sweep function in a local world, by the real SDK. */
class SweepHandlerTest {

  private static final Instant NOW = Instant.parse("2026-11-22T09:30:05Z");

  private final HandClock clock = new HandClock(NOW);
  private final LocalWorld world = new LocalWorld(clock);
  private final Map<String, String> settings = new HashMap<>();
  private final TestContext invocation = new TestContext("request-1", ofMinutes(14), null);

  @BeforeEach
  void begin() {
    world.eventBridge().addBus("guard");
    settings.put("BUS_NAME", "guard");
    settings.put("TOPIC_ARN", world.sns().addTopic("guard"));
    settings.put("SERVICE", "guard");
    settings.put("ESCALATION", "TERMINATE_SESSION");
    settings.put("MODE", "enforce");
    settings.put("MAX_SESSION_HOURS", "24");
    model().addWorkGroup("etl", SparkModel.PYSPARK_3, Map.of("Owner", "team data"));
    model()
        .addWorkGroup("trial", SparkModel.PYSPARK_3, Map.of("calculation-guard:mode", "observe"));
    model().addWorkGroup("connect", SparkModel.SPARK_35, Map.of());
    model().addWorkGroup("primary", SparkModel.SQL_3, Map.of());
  }

  @AfterEach
  void close() {
    world.close();
  }

  private SparkModel model() {
    return world.athena().model();
  }

  private SweepHandler handler() {
    return handler(world, clock, settings);
  }

  /** A sweep function of the workgroups of a world, which waits by moving the world's clock. */
  static SweepHandler handler(LocalWorld world, HandClock clock, Map<String, String> settings) {
    return handler(world, clock, settings, clock::advance);
  }

  static SweepHandler handler(
      LocalWorld world, HandClock clock, Map<String, String> settings, Consumer<Duration> sleep) {
    var environment = new HashMap<>(world.environment());
    environment.put("BUS_NAME", "guard");
    environment.put("TOPIC_ARN", "arn:aws:sns:us-east-1:123456789012:guard");
    environment.putAll(settings);
    InProcess.tellTheSdk(environment);
    return new SweepHandler(new Configuration(environment), clock, sleep);
  }

  private void busy(String workGroup, String session, String calculation, Duration age) {
    model().add(SessionSetup.in(workGroup).id(session).startedAt(NOW.minus(age).minusSeconds(60)));
    model()
        .add(
            CalculationSetup.in(session)
                .id(calculation)
                .description("Join of <!channel> https://evil.example/x")
                .course(Course.lasting(ofHours(100)))
                .submittedAt(NOW.minus(age)));
  }

  private void idle(String workGroup, String session, Duration idle, Map<String, String> tags) {
    model().add(SessionSetup.in(workGroup).id(session).startedAt(NOW.minus(idle)).tags(tags));
  }

  private List<String> ordered() {
    return world.eventBridge().events(Finding.DETAIL_TYPE).stream()
        .map(LocalEventBridge.Event::json)
        .map(text -> (Map<?, ?>) json(text).get("detail"))
        .map(detail -> String.valueOf(detail.get("reason")))
        .sorted()
        .toList();
  }

  private List<Map<String, Object>> lines() {
    return invocation.lines.stream().map(GuardedWorld::json).toList();
  }

  /** Something of everything. */
  private void populate() {
    busy("etl", "s-runaway", "c-runaway", ofHours(3));
    busy("etl", "s-young", "c-young", ofMinutes(20));
    busy("etl", "s-near", "c-near", ofMinutes(110));
    idle("etl", "s-idle", ofMinutes(90), Map.of());
    idle(
        "etl",
        "s-exempt",
        ofMinutes(90),
        Map.of("calculation-guard:exempt-until", "2026-11-22T20:00:00Z"));
    idle("etl", "s-9h", ofMinutes(90), Map.of("calculation-guard:max-session-hours", "9h"));
    busy("trial", "s-trial", "c-trial", ofHours(4));
    busy("connect", "s-connect", "c-hidden", ofHours(25));
  }

  @Test
  void ordersExactlyWhatIsOverItsLimits() {
    populate();
    var handler = handler();
    handler.handleRequest(sample("schedule-sweep.json"), invocation);
    assertThat(ordered()).isEmpty();

    var answer = handler.handleRequest(sample("schedule-sweep.json"), invocation);

    assertThat(ordered())
        .containsExactly(
            "idle for 1 h 30 min, limit 1 h",
            "open for 1 d 1 h 1 min, limit 1 d",
            "running for 3 h, limit 2 h");
    assertThat(answer)
        .containsEntry("event", "sweep")
        .containsEntry("outcome", "COMPLETE")
        .containsEntry("work_groups", 3)
        .containsEntry("sessions_seen", 8)
        .containsEntry("calculations_seen", 3)
        .containsEntry("over", 6)
        .containsEntry("ordered", 3)
        .containsEntry("warned", 1)
        .containsEntry("observed", 2)
        .containsEntry("exempt", 1)
        .containsEntry("held_back", 0)
        .containsEntry("failed", 0)
        .containsEntry("unreadable_tags", 1)
        .containsEntry("calls_list_work_groups", 1)
        .containsEntry("calls_list_sessions", 6);
  }

  @Test
  void callsAthenaAsOftenAsItSaysAndOnlyToRead() {
    settings.put("WARN_AT_PERCENT", "100");
    populate();

    handler().handleRequest(Map.of(), invocation);

    var counts = world.athena().counts();
    assertThat(new TreeSet<>(counts.keySet()))
        .isEqualTo(
            new TreeSet<>(
                Set.of(
                    "ListWorkGroups",
                    "ListSessions",
                    "ListTagsForResource",
                    "ListCalculationExecutions",
                    "GetCalculationExecution",
                    "GetSession",
                    "ListExecutors")));
    var calls = counts.values().stream().mapToInt(Integer::intValue).sum();
    assertThat(lines().getFirst()).containsEntry("calls", calls);
    // Each but the first waited for a fifth of a second.
    assertThat(Duration.between(NOW, clock.instant()))
        .isEqualTo(Duration.ofMillis(200).multipliedBy(calls - 1));
    assertThat(world.eventBridge().counts())
        .as("findings and warnings")
        .containsEntry("PutEvents", 2);
    assertThat(world.sns().counts()).as("one for each workgroup").containsEntry("Publish", 2);
  }

  @Test
  void keepsThePaceAndCountsEveryTryWhereAthenaFails() {
    world.athena().faults(Faults.first(2, "ListWorkGroups", Fault.Refusal.INTERNAL_ERROR));

    handler().handleRequest(Map.of(), invocation);

    assertThat(world.athena().counts()).containsEntry("ListWorkGroups", 3);
    assertThat(lines().getFirst()).containsEntry("calls_list_work_groups", 3);
    var at = world.athena().calls().stream().map(Call::at).toList();
    for (var call = 1; call < at.size(); call++) {
      assertThat(Duration.between(at.get(call - 1), at.get(call)))
          .isGreaterThanOrEqualTo(Duration.ofMillis(200));
    }
  }

  @Test
  void announcesWhatIsNewAndNothingTwice() {
    populate();
    var handler = handler();

    handler.handleRequest(Map.of(), invocation);
    handler.handleRequest(Map.of(), invocation);

    var messages = world.sns().messages();
    assertThat(messages)
        .extracting(SnsMessage::subject)
        .containsExactlyInAnyOrder(
            "SWEEP | etl | team data | 1 would stop, 3 near or over, 3 kept open, 1 exempt, 1 invalid tag |"
                + " 1...",
            "SWEEP | connect | 1 near or over | 123456789012 us-east-1",
            "SWEEP | trial | 1 would stop, 1 kept open | 123456789012 us-east-1");
    assertThat(messages.toString())
        .contains("will be stopped by the first sweep after 2026-11-22 09:40:05 UTC")
        .contains(
            "aws athena tag-resource --resource-arn"
                + " arn:aws:athena:us-east-1:123456789012:workgroup/etl/session/s-near"
                + " --tags Key=calculation-guard:exempt-until,Value=2026-11-23T09:30:05Z"
                + " --region us-east-1")
        .contains("exempt until 2026-11-22 20:00:00 UTC")
        .contains("calculation-guard:max-session-hours")
        .doesNotContain("<!channel>")
        .doesNotContain("https://evil.example");
  }

  @ParameterizedTest
  @CsvSource({"NONE, observe, true", "NONE, enforce, true", "TERMINATE_SESSION, observe, false"})
  void saysOnceADayWhatEndsASessionThatTheGuardMayNotEnd(
      String escalation, String mode, boolean says) {
    settings.put("ESCALATION", escalation);
    settings.put("MODE", mode);
    settings.remove("MAX_SESSION_HOURS");
    busy("connect", "s-connect", "c-hidden", ofHours(13));
    var handler = handler();

    handler.handleRequest(Map.of(), invocation);
    handler.handleRequest(Map.of(), invocation);

    assertThat(world.sns().messages()).hasSize(1);
    assertThat(ordered()).isEmpty();
    var text = world.sns().messages().getFirst().text("email");
    assertThat(text).contains("open for 13 h 1 min, limit 12 h");
    assertThat(
            text.contains("aws athena terminate-session --session-id s-connect --region us-east-1"))
        .isEqualTo(says);
    assertThat(text.contains("deploy with Escalation=TERMINATE_SESSION")).isEqualTo(says);
    clock.advance(ofHours(24));
    handler.handleRequest(Map.of(), invocation);
    assertThat(world.sns().messages()).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource({
    // Minutes; whether it is described: near its hours, or because DPU-hours are limited.
    "60, 0, 11, false",
    "61, 0, 11, true",
    "480, 0, 11, true",
    "480, 0, 2, false",
    "480, 1000, 2, true",
    "480, 0, 13, true",
  })
  void saysOnceADayThatAthenaWillNotEndASessionBeforeItsLimit(
      int timeout, int dpuHours, int age, boolean says) {
    settings.put("MODE", "observe");
    settings.put("MAX_SESSION_HOURS", "12");
    settings.put("MAX_SESSION_DPU_HOURS", String.valueOf(dpuHours));
    model()
        .add(
            SessionSetup.in("connect")
                .id("s-long")
                .idleTimeout(ofMinutes(timeout))
                .startedAt(NOW.minus(ofHours(age))));
    model()
        .add(
            CalculationSetup.in("s-long")
                .course(Course.lasting(ofHours(100)))
                .submittedAt(NOW.minus(ofHours(age))));
    var handler = handler();

    handler.handleRequest(Map.of(), invocation);
    var described = world.athena().counts().getOrDefault("GetSession", 0);
    handler.handleRequest(Map.of(), invocation);

    var words = "Athena will not end it before you do: its idle timeout is";
    assertThat(described).isEqualTo(age == 2 && dpuHours == 0 ? 0 : 1);
    assertThat(world.sns().messages().toString().contains(words)).isEqualTo(says);
    assertThat(world.sns().messages()).hasSizeLessThanOrEqualTo(1);
    assertThat(lines().getFirst()).containsEntry("kept_open", says ? 1 : 0);
    if (says) {
      assertThat(world.sns().messages().getFirst().subject()).contains("1 kept open");
    }
  }

  @Test
  void doesNotSayThatAthenaKeepsOpenWhatItOrdersToEndOrWhatIsExempt() {
    settings.put("WARN_AT_PERCENT", "100");
    settings.put("MAX_SESSION_HOURS", "12");
    var exempt = Map.of("calculation-guard:exempt-until", "2026-11-22T20:00:00Z");
    for (var id : List.of("s-ordered", "s-exempt")) {
      model()
          .add(
              SessionSetup.in("connect")
                  .id(id)
                  .startedAt(NOW.minus(ofHours(13)))
                  .tags(id.equals("s-exempt") ? exempt : Map.of()));
      model()
          .add(
              CalculationSetup.in(id)
                  .course(Course.lasting(ofHours(100)))
                  .submittedAt(NOW.minus(ofHours(13))));
    }

    handler().handleRequest(Map.of(), invocation);

    assertThat(lines().getFirst())
        .containsEntry("ordered", 1)
        .containsEntry("exempt", 1)
        .containsEntry("kept_open", 0);
  }

  @Test
  void ordersNothingWhereItObserves() {
    settings.put("MODE", "observe");
    populate();

    handler().handleRequest(Map.of(), invocation);

    assertThat(ordered()).isEmpty();
    assertThat(lines().getFirst()).containsEntry("ordered", 0).containsEntry("observed", 5);
  }

  @Test
  void holdsBackWhatIsMoreThanOneSweepMayOrder() {
    settings.put("WARN_AT_PERCENT", "100");
    settings.put("MAX_ACTIONS_PER_SWEEP", "1");
    populate();

    handler().handleRequest(Map.of(), invocation);

    assertThat(ordered()).hasSize(1);
    assertThat(lines().getFirst()).containsEntry("held_back", 2).containsEntry("level", "ERROR");
    assertThat(world.sns().messages().toString())
        .contains("MaxActionsPerSweep")
        .contains("OutputKey=='Brake'");
  }

  @Test
  void failsWhereItCanFindOutNothing() {
    world.athena().faults(Faults.always("ListWorkGroups", Fault.Refusal.DENIED));
    var handler = handler();

    assertThatThrownBy(() -> handler.handleRequest(Map.of(), invocation))
        .isInstanceOf(DeniedException.class);
    assertThat(lines().getFirst())
        .containsEntry("event", "sweep_failure")
        .containsEntry("level", "ERROR")
        .containsEntry("aws_service", "Athena")
        .containsKeys("reason", "error_type", "aws_request_id")
        .doesNotContainKey("subject");
    assertThat(lines().getLast()).containsEntry("SweepFailures", 1);
  }

  @Test
  void logsADefectOfOurs() {
    world.athena().faults(Faults.first(1, "ListWorkGroups", Fault.Refusal.INTERNAL_ERROR));
    var handler =
        handler(
            world,
            clock,
            settings,
            _ -> {
              throw new UnsupportedOperationException();
            });

    assertThatThrownBy(() -> handler.handleRequest(Map.of(), invocation))
        .isInstanceOf(UnsupportedOperationException.class);

    assertThat(lines().getFirst())
        .containsEntry("event", "sweep_failure")
        .containsEntry("level", "ERROR")
        .containsEntry("error_type", "UnsupportedOperationException")
        .containsEntry("reason", "java[.]lang[.]UnsupportedOperationException");
    assertThat(lines().getLast()).containsEntry("SweepFailures", 1);
  }

  /** The SAM CLI's ARNs name an account of their own, in which no session is. */
  @ParameterizedTest
  @CsvSource({"true, 123456789012", "false, 012345678912"})
  void takesTheAccountThatTheSamCliSets(String isSamLocal, String account) {
    settings.put("AWS_SAM_LOCAL", isSamLocal);
    settings.put("AWS_ACCOUNT_ID", "123456789012");
    populate();

    handler().handleRequest(Map.of(), invocation.inAccount("012345678912"));

    assertThat(lines().getFirst()).containsEntry("account_id", account);
    assertThat(world.athena().calls())
        .filteredOn(call -> call.operation().equals("ListTagsForResource"))
        .isNotEmpty()
        .allMatch(call -> call.body().contains(":athena:us-east-1:" + account + ":workgroup/"));
  }

  @Test
  void announcesLaterWhatCouldNotBeAnnounced() {
    populate();
    world.sns().faults(Faults.always(Fault.Refusal.DENIED));
    var handler = handler();
    handler.handleRequest(Map.of(), invocation);
    assertThat(lines().getLast()).containsEntry("AnnouncementFailures", 3);
    assertThat(lines())
        .filteredOn(line -> "trial".equals(line.get("work_group")))
        .filteredOn(line -> "sweep_failure".equals(line.get("event")))
        .singleElement(InstanceOfAssertFactories.map(String.class, Object.class))
        .containsEntry("level", "ERROR")
        .containsEntry("subject", "notification")
        .containsEntry("error_type", "AuthorizationError")
        .containsEntry("aws_service", "Sns")
        .containsKey("aws_request_id")
        .hasEntrySatisfying("reason", why -> assertThat((String) why).contains("not authorized"));

    world.sns().faults(Faults.none());
    handler.handleRequest(Map.of(), invocation);

    assertThat(world.sns().messages()).hasSize(3);
  }

  @Test
  void notesAWarningOnItsSessionByATagAndSaysWhereThatFails() {
    populate();
    world.athena().faults(Faults.always("TagResource", Fault.Refusal.DENIED));
    handler().handleRequest(Map.of(), invocation);
    assertThat(lines())
        .filteredOn(line -> "sweep_failure".equals(line.get("event")))
        .hasSize(4)
        .allSatisfy(
            line ->
                assertThat(line)
                    .containsEntry("error_type", "AccessDeniedException")
                    .containsEntry("aws_service", "Athena")
                    .containsKey("aws_request_id")
                    .hasEntrySatisfying(
                        "subject", it -> assertThat((String) it).startsWith("tag on arn:aws:")));
    assertThat(lines()).anySatisfy(line -> assertThat(line).containsEntry("SweepFailures", 4));

    world.athena().faults(Faults.none());
    handler().handleRequest(Map.of(), invocation);

    assertThat(ordered()).isEmpty();
    assertThat(world.athena().calls())
        .filteredOn(call -> call.operation().equals("TagResource"))
        .extracting(Call::body)
        .anySatisfy(
            body ->
                assertThat(body)
                    .contains("workgroup/etl/session/s-near")
                    .contains("calculation-guard:warned-max-calculation-minutes")
                    .containsPattern("2026-11-22T09:30:\\d\\dZ c-near limit=120"));
    handler().handleRequest(Map.of(), invocation);
    assertThat(ordered()).hasSize(3);
  }

  @Test
  void logsALineForEachFindingByTheKeysOfTheContract() {
    populate();

    handler().handleRequest(Map.of(), invocation);

    assertThat(lines())
        .filteredOn(line -> "c-trial".equals(line.get("calculation_id")))
        .singleElement()
        .satisfies(
            line ->
                assertThat(line)
                    .containsEntry("event", "finding")
                    .containsEntry("outcome", "OBSERVED")
                    .containsEntry("rule", "max-calculation-minutes")
                    .containsEntry("work_group", "trial")
                    .containsEntry("session_id", "s-trial")
                    .containsEntry("reason", "running for 4 h, limit 2 h")
                    .containsKeys("cost_usd", "cost_basis", "still_costs", "age_seconds"));
    assertThat(lines().getLast())
        .containsEntry("SessionsSeen", 8)
        .containsEntry("CalculationsSeen", 3)
        .containsEntry("Findings", 6)
        .containsEntry("ActionsHeldBack", 0)
        .containsEntry("SweepFailures", 0)
        .containsKeys("SweepDuration", "AthenaCalls");
  }

  @ParameterizedTest
  @CsvSource({
    "BUS_NAME, ''",
    "TOPIC_ARN, guard",
    "MODE, Enforce",
    "MAX_CALCULATION_MINUTES, -1",
    "WARN_AT_PERCENT, 0",
    "CALLS_PER_SECOND, 0",
    "WORK_GROUP_PATTERN, a/b",
    "MAX_ACTIONS_PER_SWEEP, many",
  })
  void namesASettingThatIsWrong(String name, String value) {
    settings.put(name, value);

    assertThatThrownBy(() -> InProcess.sweep(settings))
        .isInstanceOf(Configuration.InvalidConfigurationException.class)
        .hasMessageContaining(name + " is \"" + value + "\"");
  }
}
