package io.github.calculationguard.play;

import com.amazonaws.services.lambda.runtime.RequestHandler;
import io.github.athenasparklocal.FastClock;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.Template;
import io.github.calculationguard.lambda.InProcess;
import io.github.calculationguard.play.SampleEvent.UnplayableException;
import io.github.calculationguard.standin.FunctionSettings;
import io.github.calculationguard.standin.InProcessLambda;
import io.github.calculationguard.standin.Json;
import io.github.calculationguard.standin.LambdaFunction;
import io.github.calculationguard.standin.LambdaFunction.Outcome;
import io.github.calculationguard.standin.LambdaFunction.Result;
import io.github.calculationguard.standin.LocalLambda;
import io.github.calculationguard.standin.LocalWorld;
import io.github.calculationguard.standin.SnsMessage;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Plays sweeps through a crowded account: the real sweep function, EventBridge's own matcher with
 * the rule of {@code template.yaml}, and the real stop function, each in a process of its own.
 */
final class SweepPlay {

  private static final String BUS = "calculation-guard";
  private static final int MOST_ACTIONS = 5;
  private static final double USD_PER_DPU_HOUR = 0.35;
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  /** As in {@link Play}: so many times as fast as the functions' clock. */
  private static final double SPEED = 20;

  /**
   * An event on its way from the bus.
   *
   * @param result of the stop function; absent where no rule brought the event to it
   */
  private record Delivery(Map<?, ?> detail, @Nullable CompletableFuture<Result> result) {}

  private final Screen screen = new Screen(System.out);
  private final SparkModel model;
  private final LocalWorld world;
  private final SampleEvent event;
  private final Map<String, String> settings;
  private final ConcurrentLinkedQueue<Delivery> deliveries = new ConcurrentLinkedQueue<>();
  private int told;

  private SweepPlay(LocalWorld world, SampleEvent event, Map<String, String> settings) {
    this.world = world;
    this.event = event;
    this.settings = settings;
    model = world.athena().model();
  }

  /**
   * Reads the event, the mode and the escalation from system properties, and plays.
   *
   * @return whether each sweep and each order ended in an outcome
   */
  static boolean play() throws UnplayableException {
    var settings = new HashMap<String, String>();
    settings.put("MODE", mode());
    settings.put("ESCALATION", Play.escalation("terminate"));
    var file = Path.of(Play.property("event", "events/schedule-sweep.json"));
    var event = SampleEvent.read(file).sentAt(Instant.now().truncatedTo(ChronoUnit.SECONDS));
    try (var world = new LocalWorld(new FastClock(SPEED))) {
      world.eventBridge().addBus(BUS);
      settings.putAll(world.environment());
      settings.put("TOPIC_ARN", world.sns().addTopic("calculation-guard"));
      return new SweepPlay(world, event, settings).run();
    }
  }

  private static String mode() throws UnplayableException {
    var mode = Play.property("mode", "enforce");
    if (!List.of("observe", "enforce").contains(mode)) {
      throw new UnplayableException(
          "there is no mode %s; there are: observe, enforce".formatted(mode));
    }
    return mode;
  }

  private boolean run() {
    CrowdedAccount.settle(model, Instant.now());
    screen.title("Scenario " + Scenario.SWEEP + ": " + Scenario.SWEEP.story);
    screen.say(
        "mode %s, escalation %s, at most %d actions a sweep"
            .formatted(settings.get("MODE"), settings.get("ESCALATION"), MOST_ACTIONS));
    tellSessions("In Athena now");
    screen.title("The event, " + event.file());
    screen.say(Json.text(event.json()));
    var environments = Executors.newSingleThreadExecutor();
    try (var sweep = sweepFunction();
        var stop = stopFunction()) {
      if (stop instanceof LocalLambda it) {
        // Should it fail, the first order says so.
        var _ = environments.submit(it::start);
      }
      deliver(stop, environments);
      return sweepUntilNothingIsHeldBack(sweep);
    } finally {
      environments.shutdown();
      tellSessions("What still costs money");
    }
  }

  private LambdaFunction sweepFunction() {
    var environment = new HashMap<>(settings);
    environment.put("BUS_NAME", BUS);
    environment.put("MAX_ACTIONS_PER_SWEEP", Integer.toString(MOST_ACTIONS));
    environment.put("CALLS_PER_SECOND", "50");
    return function("Sweep", environment, InProcess::sweep);
  }

  private LambdaFunction stopFunction() {
    var environment = new HashMap<>(settings);
    environment.put("ESCALATE_AFTER_SECONDS", "1");
    environment.put("CONFIRM_SECONDS", "10");
    return function("Stop", environment, InProcess::stop);
  }

  private static LambdaFunction function(
      String name,
      Map<String, String> environment,
      Function<Map<String, String>, RequestHandler<?, ?>> inProcess) {
    var function =
        FunctionSettings.of(
            "calculation-guard-" + name + "Function",
            "io.github.calculationguard.lambda." + name + "Handler",
            LocalWorld.PLACE,
            environment);
    return LocalLambda.isSupported()
        ? new LocalLambda(function)
        : new InProcessLambda(function, inProcess.apply(environment));
  }

  /** As EventBridge does it: what the rule takes goes to its target, and nobody waits for it. */
  private void deliver(LambdaFunction stop, Executor environments) {
    var template = Template.read();
    world
        .eventBridge()
        .onEvent(
            it -> {
              var taken =
                  it.bus().equals(BUS) && template.takes("StopFunction", "Findings", it.json())
                      ? CompletableFuture.supplyAsync(
                          () -> stop.invoke(it.json(), TIMEOUT), environments)
                      : null;
              deliveries.add(new Delivery(detail(it.json()), taken));
            });
  }

  private static Map<?, ?> detail(String json) {
    return (Map<?, ?>) Objects.requireNonNull(Json.object(json).get("detail"));
  }

  private boolean sweepUntilNothingIsHeldBack(LambdaFunction sweep) {
    for (var number = 1; ; number++) {
      var result = sweep.invoke(Json.text(event.json()), TIMEOUT);
      if (!(result.outcome() instanceof Outcome.Answer answer)) {
        screen.title("The sweep failed");
        result.log().forEach(screen::say);
        return false;
      }
      tellFindings(number == 1 ? "What the sweep found" : "What the next sweep found", result);
      tellAnnouncement();
      if (!tellStops()) {
        return false;
      }
      var heldBack = Json.object(answer.json()).get("held_back");
      if (Integer.valueOf(0).equals(heldBack)) {
        return true;
      }
    }
  }

  private void tellFindings(String title, Result result) {
    screen.title(title);
    var lines = lines(result);
    var rows = new ArrayList<List<String>>();
    rows.add(List.of("BECAME", "WHAT", "WORKGROUP", "WHY", "SO FAR", "BASIS"));
    lines.stream()
        .filter(line -> "finding".equals(line.get("event")))
        .forEach(
            line ->
                rows.add(
                    List.of(
                        text(line, "outcome"),
                        what(line.get("calculation_id"), line.get("session_id")),
                        text(line, "work_group"),
                        text(line, "reason"),
                        usd(line.get("cost_usd")),
                        text(line, "cost_basis"))));
    screen.table(rows);
    lines.stream()
        .filter(line -> "sweep_failure".equals(line.get("event")))
        .forEach(line -> screen.say(text(line, "subject") + ": " + text(line, "reason")));
    lines.stream()
        .filter(line -> "sweep".equals(line.get("event")))
        .forEach(
            line ->
                screen.say(
                    "%s sessions and %s calculations seen, %s over their limits; %s calls to Athena"
                        .formatted(
                            line.get("sessions_seen"),
                            line.get("calculations_seen"),
                            line.get("over"),
                            line.get("calls"))));
  }

  /** The sweep's own message; those of the stop function carry another outcome. */
  private void tellAnnouncement() {
    var announced =
        world.sns().messages().stream().filter(SweepPlay::isOfASweep).skip(told).toList();
    told += announced.size();
    screen.title("The sweep's announcement, as email");
    announced.forEach(message -> screen.say(message.delivery("email").stripTrailing()));
    if (announced.isEmpty()) {
      screen.say("none: there is nothing new");
    }
  }

  private static boolean isOfASweep(SnsMessage message) {
    var outcome = message.attributes().get("outcome");
    return outcome != null && outcome.value().equals("SWEPT");
  }

  /** Whether each order on the bus found its way, and ended in an outcome. */
  private boolean tellStops() {
    var orders = new ArrayList<List<String>>();
    orders.add(List.of("TO STOP", "RULE", "LIMIT", "OBSERVED", "BROUGHT TO"));
    var stops = new ArrayList<List<String>>();
    stops.add(List.of("OUTCOME", "WHAT", "STATE", "AFTER", "COST", "STILL COSTS", "WHY"));
    var failures = new ArrayList<String>();
    for (var it = deliveries.poll(); it != null; it = deliveries.poll()) {
      var detail = it.detail();
      orders.add(
          List.of(
              what(detail.get("calculationExecutionId"), detail.get("sessionId")),
              text(detail, "rule"),
              text(detail, "limit"),
              text(detail, "observed"),
              it.result() == null ? "nobody: the rule takes it not" : "StopFunction"));
      if (it.result() == null) {
        failures.add("No rule takes " + Json.text(Map.of("detail", detail)));
        continue;
      }
      var result = it.result().join();
      if (result.outcome() instanceof Outcome.Failure failure) {
        failures.add(failure.json());
      }
      lines(result).stream()
          .filter(line -> "stop".equals(line.get("event")))
          .forEach(line -> stops.add(stop(line)));
    }
    tell("The orders on the bus", orders);
    tell("The stops", stops);
    failures.forEach(screen::say);
    return failures.isEmpty();
  }

  private void tell(String title, List<List<String>> rows) {
    screen.title(title);
    if (rows.size() == 1) {
      screen.say("none");
    } else {
      screen.table(rows);
    }
  }

  private static List<String> stop(Map<?, ?> line) {
    var millis = line.get("confirm_millis");
    return List.of(
        text(line, "outcome"),
        what(line.get("calculation_id"), line.get("session_id")),
        text(line, "state"),
        millis == null ? "" : millis + " ms",
        usd(line.get("cost_usd")),
        usd(line.get("still_costs")) + "/h",
        text(line, "reason"));
  }

  private void tellSessions(String title) {
    screen.title(title);
    var rows = new ArrayList<List<String>>();
    rows.add(List.of("SESSION", "WORKGROUP", "STATE", "COSTS", "TAGS"));
    var total = 0.0;
    for (var group : model.workGroups().entrySet()) {
      rows.add(List.of("", group.getKey(), "", "", tags(group.getValue())));
      for (var session : model.sessionsIn(group.getKey())) {
        if (Stream.of("TERMINATING", "TERMINATED", "FAILED").noneMatch(session.state()::equals)) {
          var costs = USD_PER_DPU_HOUR * session.dpus();
          total += costs;
          rows.add(
              List.of(
                  session.id(),
                  group.getKey(),
                  session.state(),
                  usd(costs) + "/h",
                  tags(session.tags())));
        }
      }
    }
    screen.table(rows);
    screen.say("together %s an hour".formatted(usd(total)));
  }

  private static String tags(Map<String, String> tags) {
    return tags.toString().replaceAll("calculation-guard:|[{}]", "");
  }

  private static List<? extends Map<?, ?>> lines(Result result) {
    return result.log().stream().filter(line -> line.startsWith("{")).map(Json::object).toList();
  }

  private static String what(@Nullable Object calculation, @Nullable Object session) {
    return calculation == null ? "session " + session : "calculation " + calculation;
  }

  private static String text(Map<?, ?> line, String key) {
    var value = line.get(key);
    return value == null ? "" : value.toString();
  }

  private static String usd(@Nullable Object value) {
    return value instanceof Number number
        ? String.format(Locale.ROOT, "%.2f USD", number.doubleValue())
        : "";
  }
}
