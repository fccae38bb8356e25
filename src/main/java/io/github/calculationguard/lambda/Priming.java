package io.github.calculationguard.lambda;

import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.amazonaws.services.lambda.runtime.LambdaRuntime;
import com.amazonaws.services.lambda.runtime.logging.LogLevel;
import io.github.calculationguard.aws.CannedAws;
import io.github.calculationguard.report.Json;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.crac.Context;
import org.crac.Resource;

/**
 * Rehearses before the snapshot, so that the first order after it finds all code loaded and
 * compiled. A second handler, which shares no object with the one that serves, carries out an order
 * of each main shape against canned answers; then it is dropped, so that no credentials, connection
 * or address of it is left to get stale.
 *
 * @see <a href="https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-java.html">
 *     Lambda's hooks around a snapshot</a>
 */
final class Priming implements Resource {

  private static final Map<String, Object> CALCULATION =
      Map.of("calculationExecutionId", "canned", "reason", "canned", "requestedBy", "canned");

  private final StopSettings settings;
  private final InstantSource clock;

  Priming(StopSettings settings, InstantSource clock) {
    this.settings = settings;
    this.clock = clock;
  }

  /** Never fails: a function that is not primed works as well, and says that it is not. */
  @Override
  public void beforeCheckpoint(Context<? extends Resource> context) {
    var line = new LinkedHashMap<String, Object>();
    var begun = clock.instant();
    line.put("timestamp", begun.toString());
    try (var aws = new CannedAws(settings.clients(), begun)) {
      rehearse(aws, begun);
      line.put("level", "INFO");
      line.put("event", "primed");
      line.put("canned_calls", aws.calls());
    } catch (RuntimeException | LinkageError e) {
      line.put("level", "WARN");
      line.put("event", "not_primed");
      line.put("reason", e.toString());
    }
    line.put("took_millis", Duration.between(begun, clock.instant()).toMillis());
    LambdaRuntime.getLogger()
        .log(
            (Json.line(line) + '\n').getBytes(StandardCharsets.UTF_8),
            LogLevel.valueOf(line.get("level").toString()));
  }

  @Override
  public void afterRestore(Context<? extends Resource> context) {}

  void rehearse(CannedAws aws, Instant now) {
    var handler = new StopHandler(StopWiring.of(settings, aws, clock, _ -> {}));
    for (var event : events(now)) {
      var arrival =
          Arrival.of(
              "canned",
              "arn:aws:lambda:us-east-1:123456789012:function:canned",
              "Root=1-%08x-0".formatted(now.getEpochSecond()),
              Duration.ofMinutes(1),
              clock.instant());
      handler.handle(event, arrival, new Unheard());
    }
  }

  private static List<Map<String, Object>> events(Instant now) {
    return List.of(
        eventBridge("anyone", "Athena Calculation Stop Requested", CALCULATION),
        eventBridge("calculation-guard", "Athena Spark Finding", finding("calculation", now)),
        eventBridge("calculation-guard", "Athena Spark Finding", finding("session", now)),
        eventBridge("aws.cloudwatch", "CloudWatch Alarm Contributor State Change", alarm()),
        http("POST", "/calculations/canned/stop"),
        http("GET", "/calculations/canned"),
        CALCULATION);
  }

  private static Map<String, Object> eventBridge(
      String source, String type, Map<String, Object> detail) {
    return Map.of("id", "canned", "source", source, "detail-type", type, "detail", detail);
  }

  private static Map<String, Object> finding(String target, Instant now) {
    return Map.of(
        "target",
        target,
        "calculationExecutionId",
        "canned",
        "sessionId",
        "canned",
        "rule",
        "canned",
        "limit",
        1,
        "observed",
        1.5,
        "expiresAt",
        now.plus(Duration.ofHours(1)).toString());
  }

  private static Map<String, Object> alarm() {
    return Map.of(
        "state",
        Map.of("value", "ALARM"),
        "alarmContributor",
        Map.of("attributes", Map.of("SessionId", "canned")));
  }

  private static Map<String, Object> http(String method, String path) {
    return Map.of(
        "rawPath", path, "requestContext", Map.of("http", Map.of("method", method)), "body", "{}");
  }

  /** What a rehearsal says reaches nobody. */
  private record Unheard() implements LambdaLogger {
    @Override
    public void log(String message) {}

    @Override
    public void log(byte[] message) {}
  }
}
