package io.github.calculationguard.standin;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.calculationguard.standin.LambdaFunction.Outcome;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class InProcessLambdaTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private static final FunctionSettings SETTINGS =
      FunctionSettings.of("trivial", "unused", LocalWorld.PLACE, Map.of());

  @Test
  void answersAndLogsAndFailsAsTheInterfaceClientDoes() {
    try (var lambda = new InProcessLambda(SETTINGS, new TrivialHandler())) {
      var described = lambda.invoke("{\"n\": 1}", TIMEOUT);
      assertThat(described.outcome()).isInstanceOf(Outcome.Answer.class);
      var answer = Json.object(((Outcome.Answer) described.outcome()).json());
      assertThat(answer.get("event")).isEqualTo(Map.of("n", 1));
      assertThat(answer.get("requestId")).isEqualTo(described.requestId());

      var logged = lambda.invoke("{\"do\": \"log\", \"message\": \"{\\\"a\\\":1}\"}", TIMEOUT);
      assertThat(logged.outcome()).isEqualTo(new Outcome.Answer("\"logged\""));
      assertThat(logged.log()).hasSize(2);
      assertThat(logged.log().getFirst()).isEqualTo("{\"a\":1}");

      var thrown = lambda.invoke("{\"do\": \"throw\", \"message\": \"no way\"}", TIMEOUT);
      assertThat(thrown.outcome().toString())
          .contains("java.lang.IllegalArgumentException", "no way");

      var hung = lambda.invoke("{\"do\": \"hang\"}", Duration.ofMillis(100));
      assertThat(hung.outcome().toString()).contains("Sandbox.Timedout");

      var noObject = lambda.invoke("[1]", TIMEOUT);
      assertThat(noObject.outcome()).isInstanceOf(Outcome.Failure.class);
    }
  }
}
