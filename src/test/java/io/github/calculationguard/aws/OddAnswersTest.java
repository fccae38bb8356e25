package io.github.calculationguard.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSpark;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.SessionId;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpResponse;

/** Answers that Athena's model allows, and that the local Athena never gives. */
class OddAnswersTest {

  private static final SessionId SESSION = new SessionId("s-1");
  private static final CalculationId CALCULATION = new CalculationId("c-1");
  private static final Instant NOW = Instant.parse("2026-11-22T09:30:00Z");
  private static final Deadline SOON = new Deadline(NOW.plusSeconds(60));
  private static final String RUNNING =
      "{\"CalculationExecutionId\": \"c-1\", \"Status\": {\"State\": \"RUNNING\"}}";

  @Test
  void readsATagWithoutAValueOrAKey() {
    var athena = answering("{\"Tags\": [{\"Key\": \"owner\"}, {\"Value\": \"ana\"}]}");
    assertThat(athena.tags("arn:aws:athena:us-east-1:123456789012:workgroup/w", SOON))
        .isEqualTo(Map.of("owner", ""));
  }

  @Test
  void describesACalculationInASessionByAnOddId() {
    var athena = answering("{\"SessionId\": \"a b/c\", \"Status\": {\"State\": \"RUNNING\"}}");
    assertThat(athena.calculation(CALCULATION, SOON).sessionId()).isNull();
  }

  @Test
  void passesOverASessionByAnOddId() {
    var session = "{\"SessionId\": \"%s\", \"Status\": {\"State\": \"IDLE\"}}";
    var athena =
        answering(
            "{\"Sessions\": [%s, %s]}"
                .formatted(session.formatted("a_b"), session.formatted("s-1")),
            "{}");
    assertThat(athena.activeSessions(new WorkGroup("w"), SOON))
        .extracting(found -> found.id())
        .containsExactly(SESSION);
  }

  @Test
  void doesNotTakeAHalfReadListForAWholeOne() {
    var athena =
        answering(
            "{\"Calculations\": [%s], \"NextToken\": \"more\"}".formatted(RUNNING),
            "400 {\"__type\": \"InvalidRequestException\", \"Message\": \"Invalid NextToken\"}");
    assertThatExceptionOfType(AthenaUnavailableException.class)
        .isThrownBy(() -> athena.calculations(SESSION, Instant.MAX, SOON));
  }

  @Test
  void countsACalculationThatCantBeNamedAndListsTheOthers() {
    var athena =
        answering(
            "{\"Calculations\": [{\"Status\": {\"State\": \"RUNNING\"}}, %s]}".formatted(RUNNING));
    var list = athena.calculations(SESSION, Instant.MAX, SOON);
    assertThat(list.unreadable()).isEqualTo(1);
    assertThat(list.calculations()).hasSize(1);
  }

  @Test
  void takesAnErrorForASessionWithoutCalculations() {
    var athena =
        answering(
            "400 {\"__type\": \"com.amazonaws.athena#InvalidRequestException\", \"Message\": \"not"
                + " supported\"}");
    assertThat(athena.calculations(SESSION, Instant.MAX, SOON).calculations()).isEmpty();
  }

  @Test
  void namesAnErrorWithoutACode() {
    assertThatExceptionOfType(AthenaUnavailableException.class)
        .isThrownBy(() -> answering("403 ").stop(CALCULATION, SOON))
        .withMessage("an error without a code (status 403)");
  }

  private static AthenaSpark answering(String... answers) {
    var http = new Answers(new ArrayDeque<>(List.of(answers)));
    return new AwsClients(Duration.ofSeconds(3), 1, http).athena(() -> NOW);
  }

  /** Gives one answer after the other: a body, or a status of three digits and a body. */
  private record Answers(Queue<String> rest) implements SdkHttpClient {

    @Override
    public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
      var answer = rest.remove();
      var isOk = answer.startsWith("{");
      var status = isOk ? 200 : Integer.parseInt(answer.substring(0, 3));
      var body = (isOk ? answer : answer.substring(4)).getBytes(StandardCharsets.UTF_8);
      return new ExecutableHttpRequest() {
        @Override
        public HttpExecuteResponse call() {
          return HttpExecuteResponse.builder()
              .response(SdkHttpResponse.builder().statusCode(status).build())
              .responseBody(AbortableInputStream.create(new ByteArrayInputStream(body)))
              .build();
        }

        @Override
        public void abort() {}
      };
    }

    @Override
    public void close() {}
  }
}
