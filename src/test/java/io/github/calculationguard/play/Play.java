package io.github.calculationguard.play;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.FastClock;
import io.github.athenasparklocal.Pace;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.Template;
import io.github.calculationguard.lambda.InProcess;
import io.github.calculationguard.play.SampleEvent.UnplayableException;
import io.github.calculationguard.standin.FunctionSettings;
import io.github.calculationguard.standin.InProcessLambda;
import io.github.calculationguard.standin.Json;
import io.github.calculationguard.standin.LambdaFunction;
import io.github.calculationguard.standin.LambdaFunction.Outcome;
import io.github.calculationguard.standin.LocalEventBridge;
import io.github.calculationguard.standin.LocalLambda;
import io.github.calculationguard.standin.LocalWorld;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.locks.LockSupport;

/**
 * Plays a stop request on this machine: the real stop function in Lambda's own runtime client, with
 * AWS's wire protocols, against local services. Exits with 0 only if the request got an outcome.
 */
public final class Play {

  private static final String OPTIONS =
      """
      Options:
        -Descalation=none       a session is never ended; the default, but for sweep and returns
        -Descalation=terminate  a session is ended where stopping did not help, or over its limit
        -Dmode=observe          sweeps stop nothing; the default of connect
        -Dmode=enforce          sweeps stop what is over a limit; the default of sweep and returns
        -Devent=FILE            another event, such as events/http-api-stop.json
        -Dserve=ADDRESS:PORT    plays nothing, and serves the local Athena and SNS there""";

  private static final String INTERNAL_BUS = "calculation-guard-internal";
  private static final int ATTEMPTS = 3;
  private static final int DELIVERIES = 3;
  private static final Duration PARENT_CHECK = Duration.ofMillis(300);
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  /** Athena's clock runs this many times as fast as the function's, so that nobody has to wait. */
  private static final double SPEED = 20;

  private final PrintStream out = System.out;
  private final Screen screen = new Screen(out);
  private final Scenario scenario;
  private final SampleEvent event;
  private final LocalWorld world;
  private final String topic;
  private int printed;

  private Play(Scenario scenario, SampleEvent event, LocalWorld world) {
    this.scenario = scenario;
    this.event = event;
    this.world = world;
    topic = world.sns().addTopic("calculation-guard");
    world.eventBridge().addBus(INTERNAL_BUS);
  }

  /** Reads its options from system properties: scenario, event, escalation, mode, serve. */
  public static void main(String[] args) throws IOException, InterruptedException {
    if (Boolean.getBoolean("end.with.parent")) {
      endWithParent();
    }
    var ended = Path.of("target", "local", "outcome");
    Files.deleteIfExists(ended);
    try {
      var serve = property("serve", "false");
      if (!serve.equals("false")) {
        serve(serve.equals("true") ? "127.0.0.1" : serve);
      } else if (play()) {
        Files.createDirectories(ended.getParent());
        Files.writeString(ended, "");
        return;
      }
    } catch (UnplayableException e) {
      System.out.println(e.getMessage());
    }
    System.exit(1);
  }

  // A signal that ends Maven does not reach what Maven started.
  private static void endWithParent() {
    var parent = ProcessHandle.current().parent();
    Thread.ofVirtual()
        .start(
            () -> {
              while (parent.isPresent() && parent.get().isAlive()) {
                LockSupport.parkNanos(PARENT_CHECK.toNanos());
              }
              System.exit(1);
            });
  }

  private static boolean play() throws UnplayableException {
    var scenario = scenario();
    // So that a misspelled one is never ignored.
    mode("enforce");
    escalation("none");
    var usual =
        switch (scenario) {
          case LATE -> "alarm-state-change";
          case HTTP -> "http-api-stop";
          default -> "eventbridge-stop-requested";
        };
    var sample = SampleEvent.read(Path.of(property("event", "events/" + usual + ".json")));
    if (scenario == Scenario.WIDGET || sample.isForTheWidget()) {
      try (var world = new LocalWorld(InstantSource.system())) {
        return WidgetStory.play(world, System.out);
      }
    }
    if (scenario == Scenario.WARNING) {
      return WarningStory.play(System.out);
    }
    var sweeps = EnumSet.of(Scenario.SWEEP, Scenario.CONNECT, Scenario.RETURNS);
    if (sweeps.contains(scenario) || sample.isForTheSweep()) {
      return SweepPlay.play(sweeps.contains(scenario) ? scenario : Scenario.SWEEP);
    }
    var now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    var sent = scenario == Scenario.LATE ? now.minus(Duration.ofHours(3)) : now;
    var event = sample.sentAt(sent);
    try (var world = new LocalWorld(new FastClock(SPEED))) {
      return new Play(scenario, event, world).run();
    }
  }

  private static Scenario scenario() throws UnplayableException {
    var name = property("scenario", "runaway");
    return Scenario.named(name)
        .orElseThrow(
            () ->
                new UnplayableException(
                    "Unknown scenario: %s. The scenarios are: %s.%n%s"
                        .formatted(name, Scenario.all(), OPTIONS)));
  }

  private boolean run() throws UnplayableException {
    var escalation = escalation("none");
    setUp();
    scenario.applyFaults(world, ATTEMPTS);
    screen.title("Scenario " + scenario + ": " + scenario.summary);
    printState();
    screen.title("The event, " + event.file());
    out.println(Json.text(event.json()));
    var settings = function(escalation);
    try (var function =
        LocalLambda.isSupported()
            ? new LocalLambda(settings)
            : new InProcessLambda(settings, InProcess.stop(settings.environment()))) {
      if (!LocalLambda.isSupported()) {
        out.println("(Lambda's runtime client needs Linux, so the function runs in this JVM.)");
      }
      return deliver(function);
    }
  }

  static String escalation(String standard) throws UnplayableException {
    var escalation = property("escalation", standard);
    return switch (escalation) {
      case "none" -> "NONE";
      case "terminate" -> "TERMINATE_SESSION";
      default ->
          throw new UnplayableException(
              "Unknown escalation: %s. Use none or terminate.%n%s".formatted(escalation, OPTIONS));
    };
  }

  static String mode(String standard) throws UnplayableException {
    var mode = property("mode", standard);
    if (!List.of("observe", "enforce").contains(mode)) {
      throw new UnplayableException(
          "Unknown mode: %s. Use observe or enforce.%n%s".formatted(mode, OPTIONS));
    }
    return mode;
  }

  private FunctionSettings function(String escalation) {
    var environment = new HashMap<>(world.environment());
    environment.put("TOPIC_ARN", topic);
    environment.put("BUS_NAME", INTERNAL_BUS);
    environment.put("ESCALATION", escalation);
    environment.put("ESCALATE_AFTER_SECONDS", "1");
    // As long as it takes where the first answer is not the end.
    environment.put("CONFIRM_SECONDS", scenario == Scenario.HTTP ? "20" : "6");
    environment.put("MAX_ATTEMPTS", Integer.toString(ATTEMPTS));
    return FunctionSettings.of(
        "calculation-guard-StopFunction",
        "io.github.calculationguard.lambda.StopHandler",
        LocalWorld.PLACE,
        environment);
  }

  /** Adds the session and the calculation that the request is about. */
  private void setUp() {
    var now = Instant.now();
    var model = world.athena().model();
    model.addWorkGroup("analytics-spark", SparkModel.PYSPARK_3, Map.of("owner", "team data"));
    model.add(
        SessionSetup.in("analytics-spark")
            .id(event.session())
            .startedAt(now.minus(Duration.ofHours(4))));
    var calculation =
        CalculationSetup.in(event.session())
            .id(event.calculation())
            .description("Nightly join of all orders")
            .course(scenario.course())
            .submittedAt(now.minus(Duration.ofHours(3)));
    var idleSince = event.idleSince();
    if (idleSince != null) {
      var usual = Pace.USUAL.createCalculation().plus(Pace.USUAL.queueCalculation());
      calculation
          .submittedAt(idleSince.minus(Duration.ofMinutes(30)))
          .course(Course.lasting(Duration.ofMinutes(30).minus(usual)));
    } else if (scenario == Scenario.LATE) {
      calculation.submittedAt(now.minus(Duration.ofMinutes(10)));
    }
    if (scenario != Scenario.UNKNOWN) {
      model.add(calculation);
    }
  }

  /**
   * Delivers as Lambda does: an asynchronous event up to three times, then to the dead-letter
   * queue.
   */
  private boolean deliver(LambdaFunction function) {
    var isAsynchronous = !event.json().containsKey("requestContext");
    var json = Json.text(event.json());
    for (var delivery = 1; ; delivery++) {
      var result = function.invoke(json, TIMEOUT);
      var isLast = !isAsynchronous || delivery == DELIVERIES;
      switch (result.outcome()) {
        case Outcome.Answer answer -> {
          print(delivery, result.log());
          screen.title("The answer");
          out.println(answer.json());
          printState();
          if (scenario == Scenario.HTTP && answer.json().contains("\"statusCode\":202")) {
            return deliverHandover(function);
          }
          return !answer.json().matches("(?s).*\"(statusCode\":5|outcome\":\"INVALID).*");
        }
        case Outcome.Failure failure -> {
          if (isLast || scenario != Scenario.DOWN) {
            print(delivery, result.log());
          }
          if (isLast) {
            screen.title("Failed " + delivery + (delivery == 1 ? " time" : " times"));
            out.println(failure.json());
            out.println(
                "Lambda now sends the event to the dead-letter queue, which raises an alarm.");
            printState();
            return false;
          }
        }
      }
    }
  }

  /** Delivers what the function sent itself, by the rule of {@code template.yaml}. */
  private boolean deliverHandover(LambdaFunction function) {
    var template = Template.read();
    var handovers =
        world.eventBridge().events().stream()
            .map(LocalEventBridge.Event::json)
            .filter(event -> template.takes("StopFunction", "Handovers", event))
            .toList();
    screen.title("The hand-over on the internal bus");
    handovers.forEach(out::println);
    if (handovers.size() != 1) {
      out.println(handovers.size() + " events match the rule Handovers. There should be one.");
      return false;
    }
    var result = function.invoke(handovers.getFirst(), TIMEOUT);
    print(1, result.log());
    printState();
    return result.outcome() instanceof Outcome.Answer;
  }

  private void print(int delivery, List<String> log) {
    screen.title("Log" + (delivery == 1 ? "" : " of delivery " + delivery));
    log.forEach(out::println);
    var messages = world.sns().messages();
    for (var message : messages.subList(printed, messages.size())) {
      screen.title("Notification by email");
      out.println(message.delivery("email").stripTrailing());
      screen.title("Notification to a queue");
      out.println(message.text("sqs"));
    }
    printed = messages.size();
  }

  private void printState() {
    screen.title("State in Athena");
    var model = world.athena().model();
    out.println("session %s is %s".formatted(event.session(), model.sessionState(event.session())));
    try {
      var state = model.calculationState(event.calculation());
      out.println("calculation %s is %s".formatted(event.calculation(), state));
    } catch (NoSuchElementException e) {
      out.println("calculation " + event.calculation() + " does not exist");
    }
  }

  private static InetSocketAddress socket(String address) throws UnplayableException {
    var parts = address.split(":", 2);
    try {
      var port = parts.length > 1 ? Integer.parseInt(parts[1]) : 0;
      var socket = new InetSocketAddress(InetAddress.getByName(parts[0]), port);
      new ServerSocket(port, 1, socket.getAddress()).close();
      return socket;
    } catch (IOException | IllegalArgumentException e) {
      throw new UnplayableException(
          "Can't listen on %s: %s. Use ADDRESS:PORT with an address of this machine and a free port."
              .formatted(address, e.getMessage()));
    }
  }

  /** Serves Athena and SNS to other clients, in real time, until it is ended by a signal. */
  private static void serve(String address)
      throws IOException, InterruptedException, UnplayableException {
    var event = SampleEvent.read(Path.of("events/eventbridge-stop-requested.json"));
    try (var world = new LocalWorld(InstantSource.system(), socket(address))) {
      var play = new Play(scenario(), event, world);
      play.setUp();
      play.scenario.applyFaults(world, ATTEMPTS);
      play.printState();
      play.screen.title("Serving. Press Ctrl-C to end.");
      world
          .environment()
          .forEach((name, value) -> play.out.println("export " + name + "=" + value));
      play.out.println("export TOPIC_ARN=" + play.topic);
      Thread.currentThread().join();
    }
  }

  static String property(String name, String standard) {
    var value = System.getProperty(name, "");
    return value.isEmpty() ? standard : value;
  }
}
