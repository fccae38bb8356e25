package io.github.calculationguard.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSpark;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.SessionId;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
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
  void passesOverAWorkgroupWithoutAName() {
    var engine = "\"EngineVersion\": {\"SelectedEngineVersion\": \"PySpark engine version 3\"}";
    var athena = answering("{\"WorkGroups\": [{%s}, {\"Name\": \"w\", %1$s}]}".formatted(engine));
    assertThat(athena.workGroups(SOON)).containsExactly(new WorkGroup("w"));
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

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "Apache Spark version 3.5 | 'MaxConcurrentDpus': 20 | 4 | 5",
        "Apache Spark version 3.5 | 'MaxConcurrentDpus': 4 | 20 | 4",
        "Apache Spark version 3.5 | 'DefaultExecutorDpuSize': 2, 'CoordinatorDpuSize': 3 | 4 | 11",
        "Apache Spark version 3.5 | 'CoordinatorDpuSize': 1 | ' 4 ' | 5",
        "Apache Spark version 3.5 | 'MaxConcurrentDpus': 20 | - | 20",
        "Apache Spark version 3.5 | 'MaxConcurrentDpus': 20 | many | 20",
        "Apache Spark version 3.5 | 'MaxConcurrentDpus': 20 | -4 | 20",
        "Apache Spark version 3.5 | 'MaxConcurrentDpus': 20 | 0 | 20",
        "Apache Spark version 3.5 | 'MaxConcurrentDpus': 20 | 4.0 | 20",
        "Apache Spark version 3.5 | 'MaxConcurrentDpus': 20 | 2147483647 | 20",
        "Apache Spark version 3.5 | 'MaxConcurrentDpus': 20 | 99999999999999999999 | 20",
        "Apache Spark version 3.5 | 'MaxConcurrentDpus': 20 | ٣ | 20",
        "Apache Spark version 3.5 | 'MaxConcurrentDpus': 20, 'DefaultExecutorDpuSize': -1 | 4 | 20",
        "Apache Spark version 3.5 | 'MaxConcurrentDpus': 20, 'CoordinatorDpuSize': 2000000000 | 4 | 20",
        "Apache Spark version 3.5 | 'MaxConcurrentDpus': -1 | 4 | 5",
        "Apache Spark version 3.5 | 'MaxConcurrentDpus': 2147483647 | - | -",
        "Apache Spark version 3.5 | 'CoordinatorDpuSize': 1 | - | -",
        "Apache Spark version 3.5 | 'CoordinatorDpuSize': 1 | many | -",
        "PySpark engine version 3 | 'MaxConcurrentDpus': 20 | 4 | 20",
        "PySpark engine version 3 | 'CoordinatorDpuSize': 1 | 4 | -",
      })
  void boundsASessionBySparksOwnMaximumWhereThatIsLess(
      String engineVersion, String engine, @Nullable String maxExecutors, @Nullable Integer bound) {
    var properties =
        maxExecutors == null
            ? ""
            : "'spark.dynamicAllocation.maxExecutors': '" + maxExecutors + "'";
    var configuration = "{%s, 'SparkProperties': {%s}}".formatted(engine, properties);

    assertThat(described(engineVersion, configuration, "{}").maxDpus()).isEqualTo(bound);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'SessionIdleTimeoutInMinutes': 480 | PT8H",
        "'SessionIdleTimeoutInMinutes': 20, 'IdleTimeoutSeconds': 60 | PT20M",
        "'IdleTimeoutSeconds': 90 | PT1M30S",
        "'SessionIdleTimeoutInMinutes': 0, 'IdleTimeoutSeconds': 90 | PT1M30S",
        "'SessionIdleTimeoutInMinutes': 2147483647 | PT35791394H7M",
      })
  void readsTheIdleTimeout(String configuration, Duration idleTimeout) {
    assertThat(described("Apache Spark version 3.5", "{}", "{" + configuration + "}").idleTimeout())
        .isEqualTo(idleTimeout);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "null",
        "{'SessionIdleTimeoutInMinutes': -1}",
        "{'IdleTimeoutSeconds': -9223372036854775808}"
      })
  void tellsASessionWithoutAnIdleTimeoutFromOneThatWasOnlyListed(String configuration) {
    assertThat(described("Apache Spark version 3.5", "null", configuration).idleTimeout())
        .isEqualTo(Session.NO_TIMEOUT);
    var listed =
        answering(
                "{\"Sessions\": [{\"SessionId\": \"s-1\", \"Status\": {\"State\": \"IDLE\"}}]}",
                "{}")
            .activeSessions(new WorkGroup("w"), SOON);
    assertThat(listed).extracting(Session::idleTimeout).containsExactly((Duration) null);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"Url\": \"\"}",
        "{\"Url\": \"javascript:alert(1)\"}",
        "{\"Url\": \"https://a.example/ onclick=b\"}",
        "{\"Url\": \"https://a.example/?X-Amz-Signature=secret<\"}",
      })
  void takesNothingForTheSparkUiThatABrowserShouldNotOpen(String answer) {
    assertThatExceptionOfType(AthenaUnavailableException.class)
        .isThrownBy(() -> answering(answer).sparkUiUrl("arn", SOON))
        .withMessage("Athena answered without a URL that a browser can open");
  }

  /** A session as GetSession answers; the texts are JSON with single quotes. */
  private static Session described(String engineVersion, String engine, String configuration) {
    var answer =
        """
        {'WorkGroup': 'w', 'EngineVersion': '%s', 'EngineConfiguration': %s, \
        'SessionConfiguration': %s, 'Status': {'State': 'IDLE'}}"""
            .formatted(engineVersion, engine, configuration);
    return answering(answer.replace('\'', '"')).session(SESSION, SOON);
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
