package io.github.calculationguard.lambda;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Call;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.HandClock;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.standin.Json;
import io.github.calculationguard.standin.LocalWorld;
import io.github.calculationguard.standin.SnsMessage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The stop function in a local world: real SDK clients, AWS's wire protocols, and a clock that only
 * pauses move. In it is the calculation that the samples name, and has run for three hours.
 */
final class GuardedWorld implements AutoCloseable {

  static final String CALCULATION = "82c1ebb4-bd08-e4c3-5631-a662fb2ff2c5";
  static final String SESSION = "9cc1ebb2-aac5-b1ca-8247-5d827bd8232f";

  /** A little after the samples' own time. */
  static final Instant NOW = Instant.parse("2026-11-22T09:30:05Z");

  final HandClock clock = new HandClock(NOW);
  final LocalWorld world;
  final Map<String, String> settings = new HashMap<>();
  private @Nullable StopHandler handler;

  GuardedWorld() {
    this(LocalWorld.PLACE);
  }

  GuardedWorld(AccountRegion place) {
    world = new LocalWorld(clock, place);
    model().addWorkGroup("analytics-spark", SparkModel.PYSPARK_3, Map.of("Owner", "team data"));
    settings.put("TOPIC_ARN", world.sns().addTopic("guard"));
    settings.put("SERVICE", "guard");
  }

  /** With the samples' session, and their calculation in it. */
  static GuardedWorld running(Course course) {
    return running(course, LocalWorld.PLACE);
  }

  /** The same in another account and Region. */
  static GuardedWorld running(Course course, AccountRegion place) {
    var guarded = new GuardedWorld(place);
    guarded
        .model()
        .add(
            SessionSetup.in("analytics-spark")
                .id(SESSION)
                .startedAt(NOW.minus(Duration.ofHours(4))));
    guarded.model().add(calculation().course(course));
    return guarded;
  }

  static CalculationSetup calculation() {
    return CalculationSetup.in(SESSION)
        .id(CALCULATION)
        .description("Nightly join of all orders")
        .submittedAt(NOW.minus(Duration.ofHours(3)));
  }

  SparkModel model() {
    return world.athena().model();
  }

  GuardedWorld with(String setting, String value) {
    settings.put(setting, value);
    return this;
  }

  /** Plays an event, and checks that what was logged is what may be logged. */
  Object play(@Nullable Map<String, Object> event, TestContext invocation) {
    try {
      if (invocation.trace() != null) {
        System.setProperty(StopHandler.TRACE_PROPERTY, invocation.trace());
      }
      return handler().handleRequest(event, invocation);
    } finally {
      System.clearProperty(StopHandler.TRACE_PROPERTY);
      assertThat(invocation.lines).allMatch(line -> line.indexOf('\n') == line.length() - 1);
    }
  }

  /** Plays an event of HTTP, and reads the answer as API Gateway does. */
  APIGatewayV2HTTPResponse reply(Map<String, Object> event, TestContext invocation) {
    return reply(play(event, invocation));
  }

  @SuppressWarnings({"unchecked", "NullAway"}) // The keys are checked first.
  static APIGatewayV2HTTPResponse reply(Object answer) {
    var wire = new ByteArrayOutputStream();
    new EventSerializer().toJson(answer, wire, Object.class);
    var reply = json(wire.toString(StandardCharsets.UTF_8));
    // REST APIs refuse an answer with anything else in it.
    assertThat(reply).containsOnlyKeys("statusCode", "headers", "body", "isBase64Encoded");
    return APIGatewayV2HTTPResponse.builder()
        .withStatusCode((Integer) reply.get("statusCode"))
        .withHeaders((Map<String, String>) reply.get("headers"))
        .withBody((String) reply.get("body"))
        .withIsBase64Encoded((Boolean) reply.get("isBase64Encoded"))
        .build();
  }

  /** Plays an order, and returns the line that was logged of it. */
  Map<String, Object> log(Map<String, Object> event) {
    var invocation = new TestContext("request-1");
    play(event, invocation);
    return line(invocation);
  }

  static Map<String, Object> line(TestContext invocation) {
    return json(invocation.lines.getFirst());
  }

  static Map<String, Object> metrics(TestContext invocation) {
    return json(invocation.lines.getLast());
  }

  /** The detail of an EventBridge event, to be changed. */
  @SuppressWarnings("unchecked")
  static Map<String, Object> detail(Map<String, Object> event) {
    return (Map<String, Object>) Objects.requireNonNull(event.get("detail"));
  }

  /** A sample of the folder events. */
  static Map<String, Object> sample(String name) {
    try {
      return json(Files.readString(Path.of("events", name)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Read by another reader than the one that wrote it. */
  @SuppressWarnings("unchecked") // The names of an object are texts.
  static Map<String, Object> json(String text) {
    try {
      return (Map<String, Object>) Objects.requireNonNull(Json.parse(text));
    } catch (IOException e) {
      throw new UncheckedIOException(text, e);
    }
  }

  List<String> athenaCalls() {
    return world.athena().calls().stream().map(Call::operation).toList();
  }

  SnsMessage message() {
    assertThat(world.sns().messages()).hasSize(1);
    return world.sns().messages().getFirst();
  }

  /** A sweep function of this world, cold. */
  SweepHandler sweep() {
    return InProcess.sweep(environment(), clock);
  }

  private StopHandler handler() {
    if (handler == null) {
      handler = InProcess.stop(environment(), clock, clock::advance);
    }
    return handler;
  }

  private Map<String, String> environment() {
    var environment = new HashMap<>(world.environment());
    environment.putAll(settings);
    return environment;
  }

  @Override
  public void close() {
    world.close();
  }
}
