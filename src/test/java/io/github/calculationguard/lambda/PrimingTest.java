package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.json;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Call;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.aws.PrimingServer;
import io.github.calculationguard.guard.Finding;
import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.standin.FunctionSettings;
import io.github.calculationguard.standin.LambdaFunction.Outcome;
import io.github.calculationguard.standin.LocalLambda;
import io.github.calculationguard.standin.LocalWorld;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class PrimingTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final LocalWorld world = new LocalWorld(InstantSource.system());
  private final Map<String, String> environment = new HashMap<>(world.environment());

  PrimingTest() {
    environment.put("TOPIC_ARN", world.sns().addTopic("guard"));
    environment.keySet().removeIf(name -> name.contains("_KEY"));
  }

  @AfterEach
  void close() {
    world.close();
  }

  private LocalLambda function() {
    return new LocalLambda(
        FunctionSettings.of(
                "guard-StopFunction",
                "io.github.calculationguard.lambda.StopHandler",
                LocalWorld.PLACE,
                environment)
            .withSnapStart());
  }

  private List<Call> calls() {
    return Stream.concat(world.athena().calls().stream(), world.sns().calls().stream()).toList();
  }

  @Test
  void rehearsesAgainstCannedAnswersAndSendsNothing() throws Exception {
    InProcess.tellTheSdk(world.environment());
    var configuration = new Configuration(environment);
    try (var clients = configuration.clients();
        var aws = new PrimingServer(clients, Instant.now())) {
      aws.verifyRealClientRejects();
      new Priming(configuration, clients, InstantSource.system()).rehearse(aws);

      assertThat(aws.calls().values().stream().mapToInt(calls -> calls).sum())
          .as("each shape stopped, described, announced")
          .isGreaterThan(60);
      assertThat(aws.calls())
          .as("handed over once, and an event for each message")
          .containsEntry("PutEvents", 1 + aws.calls().getOrDefault("Publish", 0));
    }
    assertThat(calls()).isEmpty();
  }

  /** Or the first real one would load what reads the tags again, and what offers an appeal. */
  @Test
  void rehearsesFindingsThatSayWhatRealOnesSay() throws Exception {
    try (var in = Objects.requireNonNull(Priming.class.getResourceAsStream("rehearsal.txt"))) {
      assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8).lines())
          .filteredOn(it -> it.contains(Finding.DETAIL_TYPE))
          .hasSize(2)
          .map(it -> GuardedWorld.detail(json(it.substring(it.indexOf('{')))))
          .allSatisfy(
              it -> {
                assertThat(Rule.of(String.valueOf(it.get(Finding.RULE)))).isPresent();
                assertThat(it)
                    .containsKeys(
                        Finding.SESSION_ID,
                        Finding.WORK_GROUP,
                        Finding.LIMIT,
                        Finding.OBSERVED,
                        Finding.LIMIT_SET_BY,
                        Finding.MAX_EXEMPT_HOURS);
              });
    }
  }

  @Test
  void restoredItSendsTheRightThingWithFreshCredentials() throws Exception {
    var workGroup = "analytics-spark";
    var model = world.athena().model();
    model.addWorkGroup(workGroup, SparkModel.PYSPARK_3, Map.of("owner", "team data"));
    var session = model.add(SessionSetup.in(workGroup));
    var calculation = model.add(CalculationSetup.in(session));
    try (var function = function()) {
      function.start();
      assertThat(calls()).as("sent before the snapshot").isEmpty();
      function.restore();
      assertThat(calls()).as("sent by the restore").isEmpty();

      var result =
          function.invoke("{\"calculationExecutionId\":\"%s\"}".formatted(calculation), TIMEOUT);

      assertThat(result.outcome()).isInstanceOf(Outcome.Answer.class);
      var answer = json(((Outcome.Answer) result.outcome()).json());
      assertThat(answer).containsEntry("outcome", "CANCELED").containsEntry("cold_start", true);
      assertThat(answer.get("calculation_id")).isEqualTo(calculation);
      assertThat(result.log().stream().filter(line -> line.contains("\"outcome\"")))
          .as("nothing of the rehearsal is told")
          .hasSize(1);
      assertThat(json(result.log().getFirst())).containsEntry("event", "primed");
    }
    assertThat(world.athena().calls().getFirst().operation()).isEqualTo("StopCalculationExecution");
    assertThat(world.athena().calls()).allMatch(call -> !call.body().contains("canned"));
    assertThat(world.sns().messages()).hasSize(1);
    assertThat(calls()).extracting(Call::accessKeyId).containsOnly("restored");
  }

  @Test
  void startsUnprimedAndSaysSoWhereItCannotRehearse() throws Exception {
    environment.put("AWS_ENDPOINT_URL_SNS", "nowhere");
    try (var function = function()) {
      var result = function.invoke("{}", TIMEOUT);

      assertThat(json(((Outcome.Answer) result.outcome()).json()))
          .containsEntry("outcome", "INVALID");
      assertThat(json(result.log().getFirst()))
          .containsEntry("event", "not_primed")
          .containsEntry("level", "WARN")
          .containsKey("reason");
    }
  }

  @Test
  void isRestoredWithoutCredentialsAndTheFirstOrderSaysSo() {
    environment.put("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/credentials");
    try (var function = function()) {
      var result = function.invoke("{\"calculationExecutionId\":\"any\"}", TIMEOUT);

      assertThat(result.outcome()).isInstanceOf(Outcome.Failure.class);
      assertThat(((Outcome.Failure) result.outcome()).json())
          .contains("RequestFailedException")
          .contains("credentials");
    }
    assertThat(calls()).isEmpty();
  }
}
