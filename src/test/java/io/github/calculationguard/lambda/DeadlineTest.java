package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.CALCULATION;
import static io.github.calculationguard.lambda.GuardedWorld.SESSION;
import static io.github.calculationguard.lambda.GuardedWorld.json;
import static io.github.calculationguard.lambda.GuardedWorld.line;
import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.Fault.Mishap;
import io.github.athenasparklocal.Faults;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.lambda.StopHandler.RequestFailedException;
import io.github.calculationguard.standin.LocalWorld;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** By the real clock: whatever hangs, a caller is answered and an event ends in time. */
class DeadlineTest {

  private static final Fault HANGS = new Fault.Spoilt(Mishap.HANGS, false);

  private final LocalWorld world = new LocalWorld(InstantSource.system());
  private final Map<String, String> settings = new HashMap<>(world.environment());

  /** The first order loads the SDK's classes, which Lambda's priming does there. */
  @BeforeAll
  static void warmUp() {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      guarded.log(sample("eventbridge-stop-requested.json"));
    }
  }

  @BeforeEach
  void begin() {
    var model = world.athena().model();
    var earlier = Instant.now().minus(Duration.ofHours(1));
    model.addWorkGroup("analytics-spark", SparkModel.PYSPARK_3, Map.of());
    model.add(SessionSetup.in("analytics-spark").id(SESSION).startedAt(earlier));
    settings.put("TOPIC_ARN", world.sns().addTopic("guard"));
    settings.put("HTTP_BUDGET_SECONDS", "2");
  }

  private void run(Duration cancelTakes) {
    world
        .athena()
        .model()
        .add(
            CalculationSetup.in(SESSION)
                .id(CALCULATION)
                .submittedAt(Instant.now().minus(Duration.ofMinutes(30)))
                .course(Course.onStop(new Course.OnStop.Cancels(cancelTakes))));
  }

  @AfterEach
  void close() {
    world.close();
  }

  /** Long tries, so that it is the order's deadline that ends them. */
  @ParameterizedTest
  @ValueSource(ints = {300, 30_000})
  void answersACallerWithinTheBudgetWhereAthenaHangs(int attemptMillis) {
    settings.put("ATTEMPT_TIMEOUT_MILLIS", Integer.toString(attemptMillis));
    world.athena().faults(Faults.always(HANGS));

    var played = play(sample("http-api-stop.json"), Duration.ofSeconds(30));

    // Stop was sent, and may have taken effect.
    assertThat(played.status()).isEqualTo(202);
    assertThat(String.valueOf(played.log().get("reason"))).contains("its effect is not known yet");
    assertThat(played.took()).isLessThan(Duration.ofMillis(2500));
  }

  @Test
  void answersACallerWithinTheBudgetWhereOnlyStopIsAnswered() {
    settings.put("ATTEMPT_TIMEOUT_MILLIS", "30000");
    run(Duration.ofHours(1));
    world
        .athena()
        .faults(call -> call.operation().equals("StopCalculationExecution") ? null : HANGS);

    var played = play(sample("http-api-stop.json"), Duration.ofSeconds(30));

    // Stop was accepted, and its end was not seen.
    assertThat(played.status()).isEqualTo(202);
    assertThat(played.log()).containsEntry("announced", true);
    assertThat(played.took()).isLessThan(Duration.ofMillis(2500));
  }

  @Test
  void answersACallerWithinTheBudgetWhereSnsHangs() {
    settings.put("ATTEMPT_TIMEOUT_MILLIS", "30000");
    run(Duration.ZERO);
    world.sns().faults(Faults.always(HANGS));

    var played = play(sample("http-api-stop.json"), Duration.ofSeconds(30));

    assertThat(played.status()).isEqualTo(200);
    assertThat(played.log()).containsEntry("announced", false).containsEntry("outcome", "CANCELED");
    assertThat(played.took()).isLessThan(Duration.ofMillis(2500));
  }

  @ParameterizedTest
  @ValueSource(strings = {"eventbridge-stop-requested.json", "alarm-contributor.json"})
  void endsAnEventBeforeLambdaDoes(String sample) {
    settings.put("ATTEMPT_TIMEOUT_MILLIS", "30000");
    world.athena().faults(Faults.always(HANGS));
    var lambdas = Duration.ofSeconds(2);

    var played = play(sample(sample), lambdas);

    assertThat(played.log()).containsEntry("event", "failure");
    assertThat(played.took()).isLessThan(lambdas);
  }

  @Test
  void endsAnEventBeforeLambdaDoesWhereSnsHangs() {
    settings.put("ATTEMPT_TIMEOUT_MILLIS", "30000");
    run(Duration.ZERO);
    world.sns().faults(Faults.always(HANGS));
    var lambdas = Duration.ofSeconds(2);

    var played = play(sample("eventbridge-stop-requested.json"), lambdas);

    assertThat(played.log()).containsEntry("announced", false);
    assertThat(played.took()).isLessThan(lambdas);
  }

  /** What a caller, or Lambda, got; the status is 0 where the event failed. */
  private record Played(int status, Map<String, Object> log, Duration took) {}

  private Played play(Map<String, Object> event, Duration left) {
    var handler = InProcess.stop(settings);
    var invocation = new TestContext("request-1", left, null);
    var from = System.nanoTime();
    var status = 0;
    if (event.containsKey("requestContext")) {
      var reply = GuardedWorld.reply(handler.handleRequest(event, invocation));
      status = reply.getStatusCode();
      assertThat(json(reply.getBody())).isNotEmpty();
    } else {
      assertThatExceptionOfType(RequestFailedException.class)
          .isThrownBy(() -> handler.handleRequest(event, invocation));
    }
    return new Played(status, line(invocation), Duration.ofNanos(System.nanoTime() - from));
  }
}
