package io.github.calculationguard.play;

import com.amazonaws.services.lambda.runtime.RequestHandler;
import io.github.athenasparklocal.FastClock;
import io.github.athenasparklocal.HandClock;
import io.github.calculationguard.Template;
import io.github.calculationguard.guard.Finding;
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
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Plays sweeps through a crowded account: the real sweep function, EventBridge's own matcher with
 * the rule of {@code template.yaml}, and the real stop function, each in a process of its own.
 */
final class SweepPlay {

  private static final String BUS = "calculation-guard";
  private static final int MAX_ACTIONS = 5;
  private static final int MAX_SWEEPS = 5;
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  /** Athena's clock runs this many times as fast as the functions'. */
  private static final double SPEED = 20;

  /**
   * An event on its way from the bus.
   *
   * @param result of the stop function; absent where no rule brought the event to it
   */
  private record Delivery(Map<?, ?> detail, @Nullable CompletableFuture<Result> result) {}

  private final Screen screen = new Screen(System.out);
  private final SweepTables tables;
  private final Scenario scenario;
  private final LocalWorld world;

  /** The clock of all, functions included, where the play jumps over hours. */
  private final @Nullable HandClock hand;

  private final SampleEvent event;
  private final Map<String, String> settings;
  private final ConcurrentLinkedQueue<Delivery> deliveries = new ConcurrentLinkedQueue<>();
  private int printed;

  private SweepPlay(
      Scenario scenario,
      LocalWorld world,
      @Nullable HandClock hand,
      SampleEvent event,
      Map<String, String> settings) {
    this.scenario = scenario;
    this.world = world;
    this.hand = hand;
    this.event = event;
    this.settings = settings;
    tables = new SweepTables(screen, world.athena().model());
  }

  /**
   * Reads the event, the mode and the escalation from system properties, and plays.
   *
   * @return whether each sweep and each stop request got an outcome
   */
  static boolean play(Scenario scenario) throws UnplayableException {
    var settings = new HashMap<String, String>();
    // A new stack observes, and ends no session.
    var isNewStack = scenario == Scenario.CONNECT;
    settings.put("MODE", Play.mode(isNewStack ? "observe" : "enforce"));
    settings.put("ESCALATION", Play.escalation(isNewStack ? "none" : "terminate"));
    var file = Path.of(Play.property("event", "events/schedule-sweep.json"));
    var event = SampleEvent.read(file).sentAt(Instant.now().truncatedTo(ChronoUnit.SECONDS));
    var hand = scenario == Scenario.RETURNS ? new HandClock(Instant.now()) : null;
    try (var world = new LocalWorld(hand == null ? new FastClock(SPEED) : hand)) {
      world.eventBridge().addBus(BUS);
      settings.putAll(world.environment());
      settings.put("TOPIC_ARN", world.sns().addTopic("calculation-guard"));
      return new SweepPlay(scenario, world, hand, event, settings).run();
    }
  }

  private boolean run() {
    var connect = new ConnectStory(world.athena().model());
    var now = hand == null ? Instant.now() : hand.instant();
    switch (scenario) {
      case CONNECT -> {
        connect.begin(now);
        connect.addYoung(now);
      }
      case RETURNS -> connect.begin(now);
      default -> CrowdedAccount.settle(world.athena().model(), now);
    }
    screen.title("Scenario " + scenario + ": " + scenario.summary);
    screen.say(
        "mode %s, escalation %s, at most %d actions per sweep"
            .formatted(settings.get("MODE"), settings.get("ESCALATION"), MAX_ACTIONS));
    tables.sessions("Sessions before the sweep");
    if (scenario == Scenario.SWEEP) {
      screen.title("The event, " + event.file());
      screen.say(Json.text(event.json()));
    }
    var environments = Executors.newSingleThreadExecutor();
    try (var sweep = sweepFunction();
        var stop = stopFunction()) {
      if (stop instanceof LocalLambda it) {
        // If it fails, the first stop request reports that.
        var _ = environments.submit(it::start);
      }
      deliver(stop, environments);
      var isDone = sweepUntilNothingIsHeldBack(sweep);
      if (hand == null || !isDone) {
        return isDone;
      }
      connect.returns(hand, screen);
      tables.sessions("Sessions 13 hours later");
      return sweepUntilNothingIsHeldBack(sweep);
    } finally {
      environments.shutdown();
      tables.sessions("Sessions after the sweep");
    }
  }

  private LambdaFunction sweepFunction() {
    var environment = new HashMap<>(settings);
    environment.put("BUS_NAME", BUS);
    environment.put("MAX_ACTIONS_PER_SWEEP", Integer.toString(MAX_ACTIONS));
    environment.put("CALLS_PER_SECOND", "50");
    return function(
        "Sweep", environment, it -> hand == null ? InProcess.sweep(it) : InProcess.sweep(it, hand));
  }

  private LambdaFunction stopFunction() {
    var environment = new HashMap<>(settings);
    environment.put("ESCALATE_AFTER_SECONDS", "1");
    environment.put("CONFIRM_SECONDS", "10");
    return function(
        "Stop", environment, it -> hand == null ? InProcess.stop(it) : InProcess.stop(it, hand));
  }

  private LambdaFunction function(
      String name,
      Map<String, String> environment,
      Function<Map<String, String>, RequestHandler<?, ?>> inProcess) {
    var function =
        FunctionSettings.of(
            "calculation-guard-" + name + "Function",
            "io.github.calculationguard.lambda." + name + "Handler",
            LocalWorld.PLACE,
            environment);
    return LocalLambda.isSupported() && hand == null
        ? new LocalLambda(function)
        : new InProcessLambda(function, inProcess.apply(environment));
  }

  /** Delivers events that the rule matches to its target, without waiting, as EventBridge does. */
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
              if (it.detailType().equals(Finding.DETAIL_TYPE)) {
                deliveries.add(new Delivery(detail(it.json()), taken));
              }
            });
  }

  private static Map<?, ?> detail(String json) {
    return (Map<?, ?>) Objects.requireNonNull(Json.object(json).get("detail"));
  }

  private boolean sweepUntilNothingIsHeldBack(LambdaFunction sweep) {
    for (var number = 1; number <= MAX_SWEEPS; number++) {
      var result = sweep.invoke(Json.text(event.json()), TIMEOUT);
      if (!(result.outcome() instanceof Outcome.Answer answer)) {
        screen.title("The sweep failed");
        result.log().forEach(screen::say);
        return false;
      }
      tables.findings(number == 1 ? "Findings" : "Findings of the next sweep", result);
      if (scenario == Scenario.SWEEP) {
        printNotifications(SweepPlay::isOfASweep);
      }
      if (!printStops()) {
        return false;
      }
      if (scenario != Scenario.SWEEP) {
        printNotifications(_ -> true);
      }
      var heldBack = Json.object(answer.json()).get("held_back");
      // Where it enforces, the first sweep warns, and the next one acts.
      var isFirst = number == 1 && "enforce".equals(settings.get("MODE"));
      if (!isFirst && Integer.valueOf(0).equals(heldBack)) {
        return true;
      }
    }
    screen.say("The sweeps still hold back actions.");
    return false;
  }

  private void printNotifications(Predicate<SnsMessage> which) {
    var announced = world.sns().messages().stream().filter(which).skip(printed).toList();
    printed += announced.size();
    screen.title("Notification by email");
    announced.forEach(message -> screen.say(message.delivery("email").stripTrailing()));
    if (announced.isEmpty()) {
      screen.say("none: no new findings");
    }
  }

  private static boolean isOfASweep(SnsMessage message) {
    var outcome = message.attributes().get("outcome");
    return outcome != null && outcome.value().equals("SWEPT");
  }

  /** Whether each stop request on the bus was delivered and got an outcome. */
  private boolean printStops() {
    var orders = new ArrayList<List<String>>();
    orders.add(List.of("TARGET", "LIMIT", "ALLOWED", "OBSERVED", "DELIVERED TO"));
    var stops = new ArrayList<List<String>>();
    stops.add(List.of("OUTCOME", "TARGET", "STATE", "AFTER", "COST", "STILL COSTS", "REASON"));
    var failures = new ArrayList<String>();
    for (var it = deliveries.poll(); it != null; it = deliveries.poll()) {
      var detail = it.detail();
      orders.add(
          List.of(
              SweepTables.target(detail.get("calculationExecutionId"), detail.get("sessionId")),
              SweepTables.text(detail, "rule"),
              SweepTables.text(detail, "limit"),
              SweepTables.text(detail, "observed"),
              it.result() == null ? "nobody: no rule matches" : "StopFunction"));
      if (it.result() == null) {
        failures.add("No rule matches " + Json.text(Map.of("detail", detail)));
        continue;
      }
      var result = it.result().join();
      if (result.outcome() instanceof Outcome.Failure failure) {
        failures.add(failure.json());
      }
      SweepTables.lines(result).stream()
          .filter(line -> "stop".equals(line.get("event")))
          .peek(line -> stops.add(SweepTables.stop(line)))
          .filter(line -> "INVALID".equals(line.get("outcome")))
          .forEach(line -> failures.add("The stop function rejected an event."));
    }
    tables.print("Stop requests on the event bus", orders);
    tables.print("Stops", stops);
    failures.forEach(screen::say);
    return failures.isEmpty();
  }
}
