package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.NOW;
import static io.github.calculationguard.lambda.GuardedWorld.SESSION;
import static io.github.calculationguard.lambda.GuardedWorld.detail;
import static io.github.calculationguard.lambda.GuardedWorld.sample;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.Course.OnStop;
import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.Faults;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * An order, the world that it meets, and its outcome, where Escalation is NONE and where it is
 * TERMINATE_SESSION. All of them together go every way there is.
 */
record Plot(
    String name,
    String outcome,
    String outcomeWithEscalation,
    Consumer<GuardedWorld> world,
    Map<String, Object> order) {

  private static final Duration THREE_HOURS = Duration.ofHours(3);

  /** Long ago, as an order that comes late was given. */
  private static final Instant EARLIER = NOW.minus(Duration.ofMinutes(10));

  private static final Course STUBBORN = Course.onStop(new OnStop.Ignored());
  private static final Fault DENIED = Fault.Refusal.DENIED;

  /** The world in which it plays. */
  GuardedWorld world(boolean mayTerminate) {
    var guarded = new GuardedWorld();
    if (mayTerminate) {
      guarded.with("ESCALATION", "TERMINATE_SESSION");
    }
    world.accept(guarded);
    return guarded;
  }

  /** Its outcome there. */
  String outcome(boolean mayTerminate) {
    return mayTerminate ? outcomeWithEscalation : outcome;
  }

  /** Whether it is about one calculation, which is to be stopped before anything else. */
  boolean isToStopFirst() {
    return name.startsWith("calculation: ") && !List.of("DRY_RUN", "INVALID").contains(outcome);
  }

  static List<Plot> all() {
    return Stream.of(ofCalculations(), ofSessions(), endsOfSessions())
        .flatMap(List::stream)
        .toList();
  }

  private static List<Plot> ofCalculations() {
    return List.of(
        calculation("cancels", "CANCELED", running(Course.USUAL)),
        calculation("cancels slowly", "CANCELED", running(Course.onStop(cancelsAfter(15)))),
        calculation(
            "cancels too slowly",
            "CANCELED",
            "SESSION_TERMINATED",
            running(Course.onStop(cancelsAfter(40)))),
        calculation("does not cancel", "CANCELING", "SESSION_TERMINATED", running(STUBBORN)),
        calculation(
            "completes first",
            "FINISHED_ANYWAY",
            running(Course.onStop(new OnStop.Finishes(Duration.ofSeconds(5))))),
        calculation(
            "fails first",
            "FINISHED_ANYWAY",
            running(new Course(THREE_HOURS.plusSeconds(4), true, cancelsAfter(30)))),
        calculation("is queued", "CANCELED", Plot::queued),
        calculation("is in a session that has a description", "CANCELED", Plot::described),
        calculation("was completed", "ALREADY_OVER", running(Course.lasting(Duration.ofHours(1)))),
        calculation(
            "had failed",
            "ALREADY_OVER",
            running(new Course(Duration.ofHours(1), true, cancelsAfter(1)))),
        calculation("was canceled", "ALREADY_OVER", stopped(NOW.minus(Duration.ofHours(1)))),
        new Plot(
            "calculation: was canceled since the order",
            "CANCELED",
            "CANCELED",
            stopped(NOW.minusSeconds(60)),
            given(sample("eventbridge-stop-requested.json"), EARLIER)),
        new Plot(
            "calculation: was completed since the order",
            "FINISHED_ANYWAY",
            "FINISHED_ANYWAY",
            running(Course.lasting(THREE_HOURS.minusMinutes(5))),
            given(sample("eventbridge-stop-requested.json"), EARLIER)),
        new Plot(
            "calculation: its session was terminated since the order",
            "FINISHED_ANYWAY",
            "SESSION_TERMINATED",
            Plot::terminated,
            given(sample("eventbridge-stop-requested.json"), EARLIER)),
        calculation("does not exist", "NOT_FOUND", guarded -> {}),
        calculation("may not be stopped", "DENIED", denied("StopCalculationExecution")),
        calculation("may not be looked at", "CANCELED", denied("GetCalculationExecution")),
        calculation("has a session that may not be read", "CANCELED", denied("GetSession")),
        calculation("has tags that may not be read", "CANCELED", denied("ListTagsForResource")),
        calculation("has nodes that may not be read", "CANCELED", denied("ListExecutors")),
        calculation(
            "does not cancel and its session may not be terminated",
            "CANCELING",
            running(STUBBORN).andThen(denial("TerminateSession"))),
        calculation(
            "does not cancel and something else waits in its session",
            "CANCELING",
            running(STUBBORN).andThen(Plot::bystander)),
        new Plot(
            "calculation: is only to be looked at",
            "DRY_RUN",
            "DRY_RUN",
            running(Course.USUAL),
            inDetail("eventbridge-stop-requested.json", "dryRun", true)),
        new Plot(
            "calculation: has a bad id",
            "INVALID",
            "INVALID",
            running(Course.USUAL),
            inDetail("eventbridge-stop-requested.json", "calculationExecutionId", "a/b")),
        new Plot(
            "calculation: is ordered by a finding",
            "CANCELED",
            "CANCELED",
            running(Course.USUAL),
            sample("finding-calculation.json")),
        new Plot(
            "finding that has expired",
            "LEFT_ALONE",
            "LEFT_ALONE",
            running(Course.USUAL),
            inDetail("finding-calculation.json", "expiresAt", NOW.toString())));
  }

  private static List<Plot> ofSessions() {
    var order = sample("alarm-contributor.json");
    return List.of(
        session("runs one that cancels", "CANCELED", running(Course.USUAL), order),
        session(
            "runs one that does not", "CANCELING", "SESSION_TERMINATED", running(STUBBORN), order),
        session("runs one and queues one", "CANCELED", Plot::queued, order),
        session("runs nothing", "LEFT_ALONE", Plot::idle, order),
        session("runs what came later", "LEFT_ALONE", Plot::late, order),
        session("is of Spark Connect", "LEFT_ALONE", Plot::sparkConnect, order),
        session("does not exist", "NOT_FOUND", guarded -> {}, order),
        session("may not be listed", "DENIED", denied("ListCalculationExecutions"), order),
        session("may not be read", "DENIED", denied("GetSession"), order),
        session(
            "is only to be looked at",
            "DRY_RUN",
            running(Course.USUAL),
            replaced(
                "eventbridge-stop-requested.json", Map.of("sessionId", SESSION, "dryRun", true))));
  }

  private static List<Plot> endsOfSessions() {
    var order = without(sample("finding-session.json"), "onlyIfIdleSince");
    var ifIdle =
        inDetail("finding-session.json", "onlyIfIdleSince", NOW.minusSeconds(3600).toString());
    return List.of(
        session("is to end", "LEFT_ALONE", "SESSION_TERMINATED", running(Course.USUAL), order),
        session("is to end if idle", "LEFT_ALONE", "SESSION_TERMINATED", Plot::idle, ifIdle),
        session("is to end if idle and is busy", "LEFT_ALONE", running(Course.USUAL), ifIdle),
        session(
            "is to end if idle and is idle anew",
            "LEFT_ALONE",
            running(Course.lasting(THREE_HOURS.minusMinutes(10))),
            ifIdle),
        session("is to end and runs what came later", "LEFT_ALONE", Plot::late, order),
        session("is to end and has", "ALREADY_OVER", ended(NOW.minusSeconds(3600)), order),
        session(
            "is to end and has since the order",
            "ALREADY_OVER",
            "SESSION_TERMINATED",
            ended(NOW.minusSeconds(60)),
            given(order, EARLIER)),
        session(
            "is to end and may not be terminated",
            "LEFT_ALONE",
            "DENIED",
            denied("TerminateSession"),
            order),
        session("is to end and does not exist", "NOT_FOUND", guarded -> {}, order),
        session(
            "is only to be looked at, to end",
            "DRY_RUN",
            Plot::idle,
            with(without(sample("finding-session.json"), "onlyIfIdleSince"), "dryRun", true)),
        session(
            "is to end by a finding that has expired",
            "LEFT_ALONE",
            Plot::idle,
            inDetail("finding-session.json", "expiresAt", NOW.minusSeconds(1).toString())));
  }

  private static Plot calculation(String name, String outcome, Consumer<GuardedWorld> world) {
    return calculation(name, outcome, outcome, world);
  }

  private static Plot calculation(
      String name, String outcome, String withEscalation, Consumer<GuardedWorld> world) {
    return new Plot(
        "calculation: " + name,
        outcome,
        withEscalation,
        world,
        sample("eventbridge-stop-requested.json"));
  }

  private static Plot session(
      String name, String outcome, Consumer<GuardedWorld> world, Map<String, Object> order) {
    return session(name, outcome, outcome, world, order);
  }

  private static Plot session(
      String name,
      String outcome,
      String withEscalation,
      Consumer<GuardedWorld> world,
      Map<String, Object> order) {
    return new Plot("session: " + name, outcome, withEscalation, world, order);
  }

  // Worlds

  private static OnStop cancelsAfter(int seconds) {
    return new OnStop.Cancels(Duration.ofSeconds(seconds));
  }

  private static Consumer<GuardedWorld> running(Course course) {
    return guarded -> {
      idle(guarded);
      guarded.model().add(GuardedWorld.calculation().course(course));
    };
  }

  private static Consumer<GuardedWorld> stopped(Instant at) {
    return guarded -> {
      idle(guarded);
      guarded.model().add(GuardedWorld.calculation().stoppedAt(at));
    };
  }

  private static Consumer<GuardedWorld> denied(String operation) {
    return running(Course.USUAL).andThen(denial(operation));
  }

  private static Consumer<GuardedWorld> denial(String operation) {
    return guarded -> guarded.world.athena().faults(Faults.always(operation, DENIED));
  }

  private static Consumer<GuardedWorld> ended(Instant at) {
    return guarded -> guarded.model().add(samples().terminatedAt(at));
  }

  private static void idle(GuardedWorld guarded) {
    guarded.model().add(samples());
  }

  private static void terminated(GuardedWorld guarded) {
    guarded.model().add(samples().terminatedAt(NOW.minusSeconds(60)));
    guarded.model().add(GuardedWorld.calculation().course(STUBBORN));
  }

  private static void described(GuardedWorld guarded) {
    var session = SessionSetup.in("analytics-spark").id(SESSION).description("Notebook: orders");
    guarded.model().add(session.startedAt(NOW.minus(Duration.ofHours(4))));
    guarded.model().add(GuardedWorld.calculation());
  }

  private static void queued(GuardedWorld guarded) {
    idle(guarded);
    guarded
        .model()
        .add(CalculationSetup.in(SESSION).id("first").submittedAt(NOW.minus(THREE_HOURS)));
    guarded.model().add(GuardedWorld.calculation().submittedAt(NOW.minusSeconds(3600)));
  }

  private static void bystander(GuardedWorld guarded) {
    guarded
        .model()
        .add(CalculationSetup.in(SESSION).id("bystander").submittedAt(NOW.minusSeconds(60)));
  }

  private static void late(GuardedWorld guarded) {
    idle(guarded);
    guarded.model().add(GuardedWorld.calculation().submittedAt(NOW.minusSeconds(1)));
  }

  private static void sparkConnect(GuardedWorld guarded) {
    guarded.model().addWorkGroup("connect", SparkModel.SPARK_35, Map.of());
    guarded.model().add(SessionSetup.in("connect").id(SESSION).startedAt(NOW.minusSeconds(9000)));
  }

  private static SessionSetup samples() {
    return SessionSetup.in("analytics-spark").id(SESSION).startedAt(NOW.minus(Duration.ofHours(4)));
  }

  // Orders

  private static Map<String, Object> inDetail(String sample, String name, Object value) {
    return with(sample(sample), name, value);
  }

  private static Map<String, Object> with(Map<String, Object> event, String name, Object value) {
    detail(event).put(name, value);
    return event;
  }

  private static Map<String, Object> without(Map<String, Object> event, String name) {
    detail(event).remove(name);
    return event;
  }

  private static Map<String, Object> replaced(String sample, Map<String, Object> detail) {
    var event = sample(sample);
    event.put("detail", detail);
    return event;
  }

  private static Map<String, Object> given(Map<String, Object> event, Instant at) {
    var copy = new HashMap<>(event);
    copy.put("time", at.toString());
    return copy;
  }

  @Override
  public String toString() {
    return name;
  }
}
