package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.NOW;
import static io.github.calculationguard.lambda.GuardedWorld.detail;
import static io.github.calculationguard.lambda.GuardedWorld.json;
import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Call;
import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.HandClock;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.Template;
import io.github.calculationguard.standin.LocalEventBridge;
import io.github.calculationguard.standin.LocalWorld;
import io.github.calculationguard.standin.SnsMessage;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What comes back after it was stopped, from Athena's history to the message. */
class ReturnTest {

  private static final String STOP_IT_THERE =
      "Stop it there: cancel the dbt run and disable its schedule, or pause the Airflow DAG or set"
          + " its task's retries to 0.";

  private final HandClock clock = new HandClock(NOW);
  private final LocalWorld world = new LocalWorld(clock);
  private final Map<String, String> settings = new HashMap<>(world.environment());
  private final TestContext sweeps = new TestContext("sweep", ofMinutes(9), null);
  private final TestContext stops = new TestContext("stop");

  @BeforeEach
  void settle() {
    world.eventBridge().addBus("guard");
    settings.put("BUS_NAME", "guard");
    settings.put("TOPIC_ARN", world.sns().addTopic("guard"));
    settings.put("ESCALATION", "TERMINATE_SESSION");
    settings.put("MODE", "enforce");
    settings.put("WARN_AT_PERCENT", "100");
    settings.put("MAX_SESSION_HOURS", "12");
    model().addWorkGroup("connect", SparkModel.SPARK_35, Map.of("owner", "team science"));
  }

  @AfterEach
  void close() {
    world.close();
  }

  private SparkModel model() {
    return world.athena().model();
  }

  private void start(String id, Instant at) {
    model().add(session(id, at));
  }

  private static SessionSetup session(String id, Instant at) {
    return SessionSetup.in("connect")
        .id(id)
        .description("dbt: nightly")
        .idleTimeout(ofHours(100))
        .startedAt(at);
  }

  private void sweep(SweepHandler handler) {
    handler.handleRequest(sample("schedule-sweep.json"), sweeps);
    var template = Template.read();
    var stop = InProcess.stop(settings, clock, clock::advance);
    world.eventBridge().events().stream()
        .map(LocalEventBridge.Event::json)
        .filter(event -> template.takes("StopFunction", "Findings", event))
        .forEach(event -> stop.handleRequest(json(event), stops));
    world.eventBridge().forget();
  }

  private static Map<String, Object> last(TestContext invocation, String event) {
    return invocation.lines.stream()
        .map(GuardedWorld::json)
        .filter(line -> event.equals(line.get("event")))
        .toList()
        .getLast();
  }

  private SnsMessage message() {
    return world.sns().messages().getLast();
  }

  private String severity() {
    return Objects.requireNonNull(message().attributes().get("severity")).value();
  }

  @Test
  void tellsWhoStopsItForTheSecondTimeThatItReturned() {
    start("s-1", NOW.minus(ofHours(13)));
    var handler = InProcess.sweep(settings, clock);
    sweep(handler);
    clock.advance(ofMinutes(2));
    start("s-2", clock.instant());
    clock.advance(ofHours(13));

    sweep(handler);

    clock.advance(ofMinutes(1));
    assertThat(model().sessionState("s-2")).isEqualTo("TERMINATED");
    assertThat(last(sweeps, "finding"))
        .containsEntry("outcome", "ORDERED")
        .containsEntry("level", "WARN")
        .containsEntry("returned_after", "s-1");
    assertThat(last(stops, "stop"))
        .containsEntry("outcome", "SESSION_TERMINATED")
        .containsEntry("level", "WARN")
        .containsEntry("session_id", "s-2")
        .containsEntry("returned_after", "s-1");
    assertThat(severity()).isEqualTo("WARNING");
    assertThat(message().delivery("email"))
        .contains("returned after s-1")
        .contains(
            "  * It returned after s-1: a client probably submits it again. " + STOP_IT_THERE);
  }

  @Test
  void saysOfAStrangersStopThatItMayHaveReturned() {
    model().add(session("s-1", NOW.minus(ofHours(20))).terminatedAt(NOW.minus(ofHours(14))));
    start("s-2", NOW.minus(ofHours(14)).plus(ofMinutes(3)));

    sweep(InProcess.sweep(settings, clock));

    assertThat(last(stops, "stop"))
        .containsEntry("outcome", "SESSION_TERMINATED")
        .containsEntry("level", "WARN")
        .doesNotContainKey("returned_after");
    assertThat(last(sweeps, "finding"))
        .containsEntry("reason", "idle for 13 h 56 min, limit 1 h; may have returned after s-1")
        .doesNotContainKey("returned_after");
    assertThat(message().delivery("email")).contains("  * It may have returned after s-1");
  }

  @Test
  void saysSoWhereItOnlyObserves() {
    settings.put("MODE", "observe");
    model().add(session("s-1", NOW.minus(ofHours(20))).terminatedAt(NOW.minus(ofHours(14))));
    start("s-2", NOW.minus(ofHours(14)).plus(ofMinutes(3)));

    sweep(InProcess.sweep(settings, clock));

    assertThat(stops.lines).isEmpty();
    assertThat(severity()).isEqualTo("WARNING");
    assertThat(message().delivery("email"))
        .containsOnlyOnce("; may have returned after s-1")
        .contains("  * What returned is probably submitted again by a client. " + STOP_IT_THERE);
  }

  /** An order on the users' bus to end a session. */
  private void order(String session) {
    var order = sample("eventbridge-end-session.json");
    detail(order).put("sessionId", session);
    InProcess.stop(settings, clock, clock::advance).handleRequest(order, stops);
  }

  @Test
  void saysOfWhatAPersonEndsThatItMayHaveReturned() {
    model().add(session("s-1", NOW.minus(ofHours(5))).terminatedAt(NOW.minus(ofHours(4))));
    start("s-2", NOW.minus(ofHours(4)).plus(ofMinutes(3)));

    order("s-2");

    assertThat(last(stops, "stop"))
        .containsEntry("outcome", "SESSION_TERMINATED")
        .containsEntry("level", "WARN")
        .doesNotContainKey("returned_after");
    assertThat(String.valueOf(last(stops, "stop").get("reason")))
        .startsWith("may have returned after s-1 (requested because: ");
    assertThat(severity()).isEqualTo("WARNING");
    assertThat(message().delivery("email"))
        .contains("  * It may have returned after s-1: a client probably submits it again.");
  }

  @Test
  void doesNotTakeWhatItJustEndedForTheOneBefore() {
    start("s-2", NOW.minusSeconds(20));

    order("s-2");

    assertThat(last(stops, "stop"))
        .containsEntry("outcome", "SESSION_TERMINATED")
        .containsEntry("level", "INFO");
  }

  @Test
  void saysNothingOfAnotherOwnersSession() {
    model()
        .add(
            session("s-1", NOW.minus(ofHours(5)))
                .tags(Map.of("owner", "team finance"))
                .terminatedAt(NOW.minus(ofHours(4))));
    start("s-2", NOW.minus(ofHours(4)).plus(ofMinutes(3)));

    order("s-2");

    assertThat(last(stops, "stop"))
        .containsEntry("outcome", "SESSION_TERMINATED")
        .containsEntry("level", "INFO");
  }

  private void addSessionWithACanceledCalculation() {
    model().addWorkGroup("analytics", SparkModel.PYSPARK_3, Map.of());
    model().add(SessionSetup.in("analytics").id("s-9").startedAt(NOW.minus(ofHours(5))));
    model()
        .add(
            CalculationSetup.in("s-9")
                .id("first")
                .description("Nightly join")
                .submittedAt(NOW.minus(ofHours(4)))
                .stoppedAt(NOW.minus(ofHours(3))));
  }

  @Test
  void saysOfACalculationThatItMayHaveReturnedAfterACanceledOne() {
    addSessionWithACanceledCalculation();
    model()
        .add(
            CalculationSetup.in("s-9")
                .id("second")
                .description("Nightly join")
                .submittedAt(NOW.minus(ofHours(3)).plus(ofMinutes(5))));
    var order = sample("eventbridge-stop-requested.json");
    detail(order).put("calculationExecutionId", "second");

    InProcess.stop(settings, clock, clock::advance).handleRequest(order, stops);

    assertThat(last(stops, "stop"))
        .containsEntry("outcome", "CANCELED")
        .containsEntry("level", "WARN");
    assertThat(String.valueOf(last(stops, "stop").get("reason")))
        .startsWith("may have returned after first");
  }

  @Test
  void knowsTheHistoryOfEachCalculationThatARequestCovers() {
    addSessionWithACanceledCalculation();
    for (var it : Map.of("Nightly join", 175, "Another", 10).entrySet()) {
      model()
          .add(
              CalculationSetup.in("s-9")
                  .id("c-" + it.getValue())
                  .description(it.getKey())
                  .submittedAt(NOW.minus(ofMinutes(it.getValue()))));
    }
    var order = sample("eventbridge-stop-requested.json");
    detail(order).remove("calculationExecutionId");
    detail(order).put("sessionId", "s-9");

    InProcess.stop(settings, clock, clock::advance).handleRequest(order, stops);

    var reasons = new HashMap<Object, String>();
    stops.lines.stream()
        .map(GuardedWorld::json)
        .filter(line -> "stop".equals(line.get("event")))
        .forEach(it -> reasons.put(it.get("calculation_id"), String.valueOf(it.get("reason"))));
    assertThat(reasons).containsOnlyKeys("c-175", "c-10");
    assertThat(reasons.get("c-175")).startsWith("may have returned after first");
    assertThat(reasons.get("c-10")).doesNotContain("returned");
  }

  @Test
  void endsASessionAllTheSameWhereTheHistoryFails() {
    start("s-2", NOW.minus(ofHours(4)));
    world.athena().faults(call -> isHistory(call) ? Fault.Refusal.DENIED : null);

    order("s-2");

    assertThat(last(stops, "stop"))
        .containsEntry("outcome", "SESSION_TERMINATED")
        .containsEntry("level", "INFO");
  }

  @Test
  void readsOnePageOfTheHistory() {
    for (var ended = 0; ended < 150; ended++) {
      var at = NOW.minus(ofHours(20)).plus(ofMinutes(ended));
      model().add(session("s-" + ended, at).terminatedAt(at.plusSeconds(30)));
    }
    start("s-150", NOW.minus(ofHours(20)).plus(ofMinutes(150)));

    sweep(InProcess.sweep(settings, clock));

    assertThat(world.athena().calls())
        .filteredOn(call -> call.operation().equals("ListSessions"))
        .extracting(Call::body)
        .filteredOn(body -> body.contains("TERMINATED"))
        .singleElement()
        .satisfies(
            body ->
                assertThat(json(body))
                    .isEqualTo(
                        Map.of(
                            "WorkGroup",
                            "connect",
                            "StateFilter",
                            "TERMINATED",
                            "MaxResults",
                            100)));
    assertThat(String.valueOf(last(sweeps, "finding").get("reason")))
        .endsWith("; may have returned after s-149");
  }

  @Test
  void stopsAllTheSameWhereTheHistoryFails() {
    model().add(session("s-1", NOW.minus(ofHours(20))).terminatedAt(NOW.minus(ofHours(14))));
    start("s-2", NOW.minus(ofHours(14)).plus(ofMinutes(3)));
    world.athena().faults(call -> isHistory(call) ? Fault.Refusal.DENIED : null);

    sweep(InProcess.sweep(settings, clock));

    assertThat(last(stops, "stop"))
        .containsEntry("outcome", "SESSION_TERMINATED")
        .containsEntry("level", "INFO");
    assertThat(last(sweeps, "sweep")).containsEntry("failed", 0);
  }

  private static boolean isHistory(Call call) {
    return call.operation().equals("ListSessions") && call.body().contains("TERMINATED");
  }

  @Test
  void cleansTheIdThatAnEventNames() {
    var event = sample("finding-session.json");
    detail(event).put("returnedAfter", "s-1\n\u001b[31m");
    try (var guarded = new GuardedWorld().with("ESCALATION", "TERMINATE_SESSION")) {
      assertThat(String.valueOf(guarded.log(event).get("returned_after"))).matches("s-1[ -~]*");
    }
  }
}
