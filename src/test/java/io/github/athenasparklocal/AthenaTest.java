package io.github.athenasparklocal;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.athena.AthenaClient;
import software.amazon.awssdk.services.athena.model.Tag;

/** A local Athena with three workgroups, a clock that stands still, and the SDK's client. */
abstract class AthenaTest {

  static final AwsRegion REGION = new AwsRegion("aws", "us-east-1", "123456789012");
  static final Instant NOON = Instant.parse("2026-11-22T12:00:00Z");

  final HandClock clock = new HandClock(NOON);
  final LocalAthena athena = new LocalAthena(clock, REGION);
  final AthenaClient client = client(athena.endpoint(), "AKIALOCAL");

  static AthenaClient client(URI endpoint, String accessKey) {
    return client(endpoint, accessKey, Duration.ofMillis(300));
  }

  static AthenaClient client(URI endpoint, String accessKey, Duration timeout) {
    return AthenaClient.builder()
        .endpointOverride(endpoint)
        .region(Region.of(REGION.name()))
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsBasicCredentials.create(accessKey, "secret")))
        .httpClientBuilder(Apache5HttpClient.builder().socketTimeout(timeout))
        .overrideConfiguration(
            ClientOverrideConfiguration.builder()
                .retryStrategy(AwsRetryStrategy.doNotRetry())
                .build())
        .build();
  }

  @BeforeEach
  void addWorkGroups() {
    athena.model().addWorkGroup("queries", SparkModel.SQL_3, Map.of());
    athena.model().addWorkGroup("spark", SparkModel.PYSPARK_3, Map.of("team", "data"));
    athena.model().addWorkGroup("connect", SparkModel.SPARK_35, Map.of());
  }

  @AfterEach
  void close() {
    client.close();
    athena.close();
  }

  /** Starts a session, and waits until it is IDLE. */
  String session() {
    var id =
        client
            .startSession(
                request ->
                    request.workGroup("spark").engineConfiguration(e -> e.maxConcurrentDpus(5)))
            .sessionId();
    clock.advance(Duration.ofSeconds(2));
    assertThat(stateOfSession(id)).isEqualTo("IDLE");
    return id;
  }

  /** Starts a calculation, which runs for four hours unless its code says otherwise. */
  String calculation(String session, String code) {
    var timed = code.contains("# local: runs") ? code : code + "\n# local: runs 14400s";
    return client
        .startCalculationExecution(request -> request.sessionId(session).codeBlock(timed))
        .calculationExecutionId();
  }

  /** Adds a calculation, which may wait: the API refuses code for a session that is not IDLE. */
  String queued(String session, String code) {
    return athena.model().add(CalculationSetup.in(session).code(code).course(Course.of(code)));
  }

  String stateOfSession(String id) {
    return client.getSessionStatus(request -> request.sessionId(id)).status().stateAsString();
  }

  String stateOf(String calculation) {
    return client
        .getCalculationExecutionStatus(request -> request.calculationExecutionId(calculation))
        .status()
        .stateAsString();
  }

  String stop(String calculation) {
    return client
        .stopCalculationExecution(request -> request.calculationExecutionId(calculation))
        .stateAsString();
  }

  static Tag tag(String key, String value) {
    return Tag.builder().key(key).value(value).build();
  }

  List<Tag> tags(String arn) {
    return client.listTagsForResource(request -> request.resourceARN(arn)).tags();
  }

  void pass(int seconds) {
    clock.advance(Duration.ofSeconds(seconds));
  }
}
