package io.github.calculationguard.play;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.HandClock;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.Template;
import io.github.calculationguard.lambda.InProcess;
import io.github.calculationguard.standin.FunctionSettings;
import io.github.calculationguard.standin.InProcessLambda;
import io.github.calculationguard.standin.Json;
import io.github.calculationguard.standin.LambdaFunction;
import io.github.calculationguard.standin.LambdaFunction.Outcome;
import io.github.calculationguard.standin.LocalEventBridge;
import io.github.calculationguard.standin.LocalWorld;
import io.github.calculationguard.standin.SnsMessage;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.athena.AthenaClient;
import software.amazon.awssdk.services.athena.model.Tag;
import software.amazon.awssdk.services.sns.SnsClient;

/**
 * Warnings, and how they are answered: one session comes near its limit and is kept, another one is
 * not answered, is stopped, and can be appealed.
 */
final class WarningStory {

  private static final String BUS = "calculation-guard";
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final String KEPT = "churn-model";
  private static final String LEFT = "nightly-join";

  private final HandClock clock = new HandClock(Instant.now().truncatedTo(ChronoUnit.SECONDS));
  private final LocalWorld world = new LocalWorld(clock);
  private final Screen screen;
  private final List<String> failures = new ArrayList<>();
  private final Map<String, String> subscriptions = new LinkedHashMap<>();
  private int printed;

  private WarningStory(PrintStream out) {
    screen = new Screen(out);
  }

  /** Returns whether all went as it should. */
  static boolean play(PrintStream out) {
    var story = new WarningStory(out);
    try (story.world) {
      story.play();
    }
    story.failures.forEach(story.screen::say);
    return story.failures.isEmpty();
  }

  private void play() {
    screen.title("Scenario " + Scenario.WARNING + ": " + Scenario.WARNING.summary);
    world.eventBridge().addBus(BUS);
    var settings = new HashMap<>(world.environment());
    settings.put("BUS_NAME", BUS);
    var topic = world.sns().addTopic("calculation-guard");
    settings.put("TOPIC_ARN", topic);
    settings.put("MODE", "enforce");
    var model = world.athena().model();
    begin(model, "insight", "team insight", KEPT, "Churn model, all customers", 100);
    begin(model, "etl", "team data", LEFT, "Nightly join of all orders", 70);
    try (var sweep = function("Sweep", settings);
        var stop = function("Stop", settings);
        var sns = sns()) {
      List.of("team insight", "team data").forEach(it -> subscribe(sns, topic, it));
      screen.title(KEPT + " has run for 100 of its 120 minutes. The sweep warns its owner");
      sweep(sweep);
      var warnings = printNew();
      expect(anyFor("team insight", warnings), "the owner of " + KEPT + " got no warning");
      expect(!anyFor("team data", warnings), "the owner of " + LEFT + " got it too");
      screen.title("Keep it 2 hours: the channel's role tags the session");
      keep(warnings);
      clock.advance(ofMinutes(30));
      screen.title("The next sweep, 30 minutes later: leaves " + KEPT + ", and warns of " + LEFT);
      sweep(sweep);
      var next = printNew();
      var left = next.stream().filter(it -> isFor("team insight", it)).toList();
      expect(
          left.size() == 1 && left.getFirst().text("email").contains("exempt until"),
          "the owner of " + KEPT + " was not told until when it is exempt");
      expect(
          next.stream().filter(it -> isFor("team data", it)).count() == 1,
          "the owner of " + LEFT + " got no warning");
      clock.advance(ofMinutes(25));
      screen.title("Nobody answers. The sweep 25 minutes later orders the stop of " + LEFT);
      sweep(sweep);
      deliver(stop);
      var stops = printNew();
      var states =
          List.of(model.calculationState(KEPT + "-job"), model.calculationState(LEFT + "-job"));
      screen.title("State in Athena");
      screen.say(KEPT + "-job is " + states.getFirst());
      screen.say(LEFT + "-job is " + states.getLast());
      expect(states.equals(List.of("RUNNING", "CANCELED")), "the wrong one was stopped: " + states);
      expect(!anyFor("team insight", stops), "the owner of " + KEPT + " got the stop's message");
      expect(
          stops.stream()
              .filter(it -> isFor("team data", it))
              .anyMatch(it -> it.text("email").contains("start-calculation-execution")),
          "the owner of " + LEFT + " got no appeal");
    }
  }

  private void begin(
      SparkModel model, String group, String owner, String session, String description, int age) {
    model.addWorkGroup(group, SparkModel.PYSPARK_3, Map.of("owner", owner));
    var start = clock.instant().minus(ofMinutes(age));
    model.add(
        SessionSetup.in(group)
            .id(session)
            .idleTimeout(ofMinutes(20))
            .startedAt(start.minusSeconds(60)));
    model.add(
        CalculationSetup.in(session)
            .id(session + "-job")
            .description(description)
            .course(Course.lasting(ofHours(100)))
            .submittedAt(start));
  }

  private SnsClient sns() {
    return SnsClient.builder()
        .endpointOverride(world.sns().endpoint())
        .region(Region.of(LocalWorld.PLACE.region()))
        .credentialsProvider(AnonymousCredentialsProvider.create())
        .httpClientBuilder(Apache5HttpClient.builder())
        .build();
  }

  private LambdaFunction function(String name, Map<String, String> environment) {
    var settings =
        FunctionSettings.of(
            "calculation-guard-" + name + "Function",
            "io.github.calculationguard.lambda." + name + "Handler",
            LocalWorld.PLACE,
            environment);
    var handler =
        name.equals("Sweep")
            ? InProcess.sweep(environment, clock)
            : InProcess.stop(environment, clock);
    return new InProcessLambda(settings, handler);
  }

  private void sweep(LambdaFunction sweep) {
    var result = sweep.invoke("{}", TIMEOUT);
    expect(result.outcome() instanceof Outcome.Answer, "the sweep failed: " + result.log());
    SweepTables tables = new SweepTables(screen, world.athena().model());
    tables.findings("Findings", result);
  }

  private void deliver(LambdaFunction stop) {
    var template = Template.read();
    world.eventBridge().events().stream()
        .map(LocalEventBridge.Event::json)
        .filter(event -> template.takes("StopFunction", "Findings", event))
        .forEach(event -> stop.invoke(event, TIMEOUT));
  }

  /** Subscribes an owner to its own messages alone, by SNS's own filter policy. */
  private void subscribe(SnsClient sns, String topic, String owner) {
    var policy = "{\"owner\": [\"%s\"]}".formatted(owner);
    var arn =
        sns.subscribe(
                r ->
                    r.topicArn(topic)
                        .protocol("email")
                        .endpoint("someone@example.com")
                        .attributes(Map.of("FilterPolicy", policy)))
            .subscriptionArn();
    subscriptions.put(owner, arn);
    screen.say("%s subscribes with the filter policy %s".formatted(owner, policy));
  }

  /** Whether the owner's subscription received it. */
  private boolean isFor(String owner, SnsMessage message) {
    var arn = Objects.requireNonNull(subscriptions.get(owner));
    return world.sns().received(arn).contains(message);
  }

  private boolean anyFor(String owner, List<SnsMessage> messages) {
    return messages.stream().anyMatch(it -> isFor(owner, it));
  }

  private List<SnsMessage> printNew() {
    var all = world.sns().messages();
    var fresh = all.subList(printed, all.size());
    printed = all.size();
    for (var message : fresh) {
      var to = subscriptions.keySet().stream().filter(it -> isFor(it, message)).toList();
      screen.title("Notification by email, to " + String.join(" and ", to));
      screen.say(message.delivery("email").stripTrailing());
      screen.title("The same in a chat");
      printChat(Json.object(message.text("https")));
    }
    return fresh;
  }

  private void printChat(Map<?, ?> chat) {
    var content = (Map<?, ?>) Objects.requireNonNull(chat.get("content"));
    screen.say(String.valueOf(content.get("title")));
    screen.say(String.valueOf(content.get("description")).stripTrailing());
    for (var step : (List<?>) Objects.requireNonNull(content.get("nextSteps"))) {
      screen.say("> " + step);
    }
    var context = context(chat);
    var shown = new ArrayList<String>();
    if (context.containsKey("keep_until")) {
      shown.add("[Keep it 2 hours]");
    }
    if (context.containsKey("stop_calculation_id")) {
      shown.add("[Stop it now]");
    }
    if (context.containsKey("end_session_id")) {
      shown.add("[End the session]");
    }
    screen.say(String.join(" ", shown));
  }

  /** Does what the button's command does: with the message's own values. */
  private void keep(List<SnsMessage> warnings) {
    var pressed =
        warnings.stream()
            .<Map<?, ?>>map(it -> context(it))
            .filter(it -> String.valueOf(it.get("session_arn")).endsWith("/" + KEPT))
            .findFirst();
    expect(pressed.isPresent(), "the warning has no button to keep it");
    if (pressed.isEmpty()) {
      return;
    }
    var context = pressed.get();
    var arn = String.valueOf(context.get("session_arn"));
    var until = String.valueOf(context.get("keep_until"));
    screen.say("athena tag-resource --resource-arn %s".formatted(arn));
    screen.say("  --tags Key=calculation-guard:exempt-until,Value=%s".formatted(until));
    try (var athena = AthenaClient.create()) {
      athena.tagResource(
          r ->
              r.resourceARN(arn)
                  .tags(Tag.builder().key("calculation-guard:exempt-until").value(until).build()));
    }
  }

  private static Map<?, ?> context(SnsMessage message) {
    return context(Json.object(message.text("https")));
  }

  private static Map<?, ?> context(Map<?, ?> chat) {
    var metadata = (Map<?, ?>) chat.get("metadata");
    var context = (Map<?, ?>) Objects.requireNonNull(metadata).get("additionalContext");
    return Objects.requireNonNull(context);
  }

  private void expect(boolean isTrue, String otherwise) {
    if (!isTrue) {
      failures.add("NOT as it should be: " + otherwise);
    }
  }
}
