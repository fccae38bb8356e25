package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.json;
import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static io.github.calculationguard.spark.FakeAthenaSpark.START;
import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import io.github.athenasparklocal.HandClock;
import io.github.calculationguard.aws.AwsClients;
import io.github.calculationguard.lambda.StopHandler.RequestFailedException;
import io.github.calculationguard.report.Notification;
import io.github.calculationguard.spark.FakeAthenaSpark;
import io.github.calculationguard.spark.FakeCalculation;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;

/**
 * The way from the event to the Stop call, and what happens if the guard itself fails behind it.
 */
class StopPathTest {

  private static final Map<String, String> ENVIRONMENT =
      Map.of(
          "TOPIC_ARN",
          "arn:aws:sns:us-east-1:123456789012:guard",
          "BUS_NAME",
          "guard-internal",
          "MAX_ATTEMPTS",
          "1");

  /** Notes our own frames at the first request, and fails it. */
  private static final class StackRecorder implements SdkHttpClient {
    private final List<String> frames = new ArrayList<>();

    @Override
    public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
      return new ExecutableHttpRequest() {
        @Override
        public HttpExecuteResponse call() throws IOException {
          if (frames.isEmpty()) {
            StackWalker.getInstance()
                .forEach(frame -> frames.add(frame.getClassName() + "." + frame.getMethodName()));
          }
          throw new IOException("no network");
        }

        @Override
        public void abort() {}
      };
    }

    @Override
    public void close() {}
  }

  @Test
  void sendsStopWithinSixFramesOfOurOwn() {
    var http = new StackRecorder();
    var clients = new AwsClients(Duration.ofSeconds(3), 1, http);
    var clock = new HandClock(START);
    var handler = new StopHandler(new Configuration(ENVIRONMENT), clients, clock, clock::advance);

    assertThatExceptionOfType(RequestFailedException.class)
        .isThrownBy(
            () ->
                handler.handleRequest(
                    sample("eventbridge-stop-requested.json"), new TestContext("request-1")));

    assertThat(http.frames)
        .filteredOn(frame -> frame.startsWith("io.github.calculationguard."))
        .filteredOn(frame -> !frame.contains("Test"))
        .hasSizeBetween(3, 6)
        .last()
        .asString()
        .endsWith("StopHandler.handleRequest");
    clients.close();
  }

  /** With a calculation that Stop cancels at once. */
  private static FakeAthenaSpark athena() {
    var athena = FakeAthenaSpark.withSession();
    var end = START.plus(Duration.ofDays(1));
    athena.put(new FakeCalculation("c-1", START.minusSeconds(600), end, Duration.ZERO));
    return athena;
  }

  /** A defect of ours on the way to people must not hide a stop. */
  @Test
  void logsAStopThatItFailedToAnnounce() {
    var athena = athena();
    var handler =
        new StopHandler(
            new Configuration(ENVIRONMENT),
            athena,
            (_, _) -> {
              throw new IllegalStateException("a defect");
            },
            (_, _) -> Map.of(),
            athena.clock,
            athena.clock::advance);
    var context = new TestContext("request-1");

    assertThatExceptionOfType(RequestFailedException.class)
        .isThrownBy(() -> handler.handleRequest(Map.of("calculationExecutionId", "c-1"), context));

    assertThat(json(context.lines.getFirst()))
        .containsEntry("outcome", "CANCELED")
        .containsEntry("announced", false)
        .containsEntry("error_type", "IllegalStateException")
        .doesNotContainKey("event_sent")
        .extractingByKey("reason", as(STRING))
        .contains("IllegalStateException: a defect");
  }

  /** A defect of ours after the first Stop still ends in a record and in a notification. */
  @Test
  void reportsAStopThatItFailedToDescribe() {
    var athena = athena();
    athena.listen(
        call -> {
          if (call.operation().equals("GetSession")) {
            throw new IllegalStateException("a defect");
          }
        });
    var published = new ArrayList<Notification>();
    var handler =
        new StopHandler(
            new Configuration(ENVIRONMENT),
            athena,
            (notification, deadline) -> published.add(notification),
            (_, _) -> Map.of(),
            athena.clock,
            athena.clock::advance);
    var context = new TestContext("request-1");

    assertThatExceptionOfType(RequestFailedException.class)
        .isThrownBy(() -> handler.handleRequest(Map.of("calculationExecutionId", "c-1"), context))
        .withCauseInstanceOf(IllegalStateException.class);

    assertThat(context.lines.stream().map(GuardedWorld::json))
        .anySatisfy(
            line ->
                assertThat(line)
                    .containsEntry("outcome", "CANCELING")
                    .containsEntry("calculation_id", "c-1")
                    .containsEntry("announced", true))
        .anySatisfy(
            line ->
                assertThat(line)
                    .containsEntry("event", "failure")
                    .containsEntry("error_type", "IllegalStateException"));
    assertThat(published).hasSize(1);
    assertThat(json(published.getFirst().queue())).containsEntry("calculation_id", "c-1");
  }
}
