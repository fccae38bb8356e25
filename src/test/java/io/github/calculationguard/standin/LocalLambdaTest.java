package io.github.calculationguard.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.calculationguard.standin.LambdaFunction.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class LocalLambdaTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private static final FunctionSettings SETTINGS =
      FunctionSettings.of(
          "trivial",
          TrivialHandler.class.getName() + "::handleRequest",
          LocalWorld.PLACE,
          Map.of("COLOUR", "blue"));

  private static Map<?, ?> answer(LambdaFunction.Result result) {
    assertThat(result.outcome()).isInstanceOf(Outcome.Answer.class);
    return Json.object(((Outcome.Answer) result.outcome()).json());
  }

  private static Map<?, ?> failure(LambdaFunction.Result result) {
    assertThat(result.outcome()).isInstanceOf(Outcome.Failure.class);
    return Json.object(((Outcome.Failure) result.outcome()).json());
  }

  private static String text(Map<?, ?> json, String key) {
    return String.valueOf(json.get(key));
  }

  /** One process for most of it, since each takes a moment to start. */
  @Test
  void livesAsAFunctionLivesInLambda() {
    try (var lambda = new LocalLambda(SETTINGS)) {
      var before = Instant.now().getEpochSecond();
      var first = lambda.invoke("{\"some\": [1, 2.5, null, \"é\"]}", TIMEOUT);
      var described = answer(first);
      assertThat(described.get("event"))
          .isEqualTo(Json.object("{\"some\": [1, 2.5, null, \"é\"]}"));
      assertThat(described.get("requestId")).isEqualTo(first.requestId());
      assertThat(described.get("functionArn"))
          .isEqualTo("arn:aws:lambda:us-east-1:123456789012:function:trivial:live");
      assertThat(described.get("memory")).isEqualTo(512);
      assertThat(Integer.parseInt(text(described, "remaining"))).isBetween(10_000, 20_000);
      assertThat(described.get("colour")).isEqualTo("blue");
      assertThat(described.get("home")).as("nothing of this machine's").isEqualTo("null");
      assertThat(described.get("accessKey")).isEqualTo("local");
      assertThat(described.get("restored")).isEqualTo(false);
      var root = text(described, "trace").split("[-;]", -1);
      assertThat(root[0]).isEqualTo("Root=1");
      assertThat(Long.parseLong(root[1], 16)).isBetween(before, before + 60);
      assertThat(first.took()).isPositive();

      var thrown = failure(lambda.invoke("{\"do\": \"throw\", \"message\": \"no way\"}", TIMEOUT));
      assertThat(thrown.get("errorType")).isEqualTo("java.lang.IllegalArgumentException");
      assertThat(thrown.get("errorMessage")).isEqualTo("no way");

      var logged = lambda.invoke("{\"do\": \"log\", \"message\": \"{\\\"a\\\":1}\"}", TIMEOUT);
      assertThat(logged.log()).hasSize(2);
      assertThat(logged.log().getFirst()).isEqualTo("{\"a\":1}");
      var formatted = Json.object(logged.log().getLast());
      assertThat(formatted.get("message")).isEqualTo("{\"a\":1}");
      assertThat(formatted.get("level")).isEqualTo("WARN");
      assertThat(formatted.get("AWSRequestId")).isEqualTo(logged.requestId());

      var printed = lambda.invoke("{\"do\": \"print\", \"message\": \"a\\nb\"}", TIMEOUT);
      assertThat(printed.log()).containsExactly("a", "b");

      var warm = answer(lambda.invoke("{}", TIMEOUT));
      assertThat(warm.get("pid")).as("the same process").isEqualTo(described.get("pid"));

      var hung = lambda.invoke("{\"do\": \"hang\"}", Duration.ofMillis(300));
      assertThat(failure(hung).get("errorType")).isEqualTo("Sandbox.Timedout");
      assertThat(text(failure(hung), "errorMessage")).contains(hung.requestId(), "0.3");

      var anew = answer(lambda.invoke("{}", TIMEOUT));
      assertThat(anew.get("pid")).as("killed and started anew").isNotEqualTo(described.get("pid"));

      var exited = failure(lambda.invoke("{\"do\": \"exit\"}", TIMEOUT));
      assertThat(exited.get("errorType")).isEqualTo("Runtime.ExitError");
    }
  }

  @Test
  void restoresAFunctionFromItsSnapshot() {
    try (var lambda = new LocalLambda(SETTINGS.withSnapStart())) {
      lambda.start();
      assertThat(lambda.restore()).isPositive();
      var described = answer(lambda.invoke("{}", TIMEOUT));
      assertThat(described.get("restored")).isEqualTo(true);
      assertThat(described.get("accessKey")).as("from the container").isEqualTo("null");
    }
  }

  @Test
  void saysWhyAFunctionIsNotRestored() {
    var broken =
        FunctionSettings.of(
                "broken",
                TrivialHandler.class.getName(),
                LocalWorld.PLACE,
                Map.of("FAIL_AT_RESTORE", "yes"))
            .withSnapStart();
    try (var lambda = new LocalLambda(broken)) {
      assertThat(text(failure(lambda.invoke("{}", TIMEOUT)), "errorMessage"))
          .contains("RestoreException");
    }
  }

  @Test
  void saysWhyAFunctionDoesNotStart() {
    var broken =
        FunctionSettings.of(
            "broken",
            TrivialHandler.class.getName(),
            LocalWorld.PLACE,
            Map.of("FAIL_AT_START", "yes"));
    try (var lambda = new LocalLambda(broken)) {
      assertThatThrownBy(lambda::start).hasMessageContaining("told to fail at start");
      assertThat(text(failure(lambda.invoke("{}", TIMEOUT)), "errorMessage"))
          .contains("told to fail at start");
    }
  }
}
