package io.github.calculationguard.lambda;

import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.amazonaws.services.lambda.runtime.LambdaRuntime;
import io.github.calculationguard.aws.PrimingServer;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
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

  // The compiler compiles what was called a few hundred times.
  private static final int ROUNDS = 100;
  // Only whoever deploys waits for it, and a small function has only a part of a processor.
  private static final Duration LONGEST = Duration.ofSeconds(60);

  // Where the interface client leaves an invocation's trace, and the SDK looks for it.
  private static final String TRACE = "com.amazonaws.xray.traceHeader";

  private static final List<String> ORDERS =
      List.of(
          """
          {"id":"canned","source":"anyone","detail-type":"Athena Calculation Stop Requested",\
          "detail":{"calculationExecutionId":"canned","reason":"canned","requestedBy":"canned"}}""",
          """
          {"id":"canned","source":"calculation-guard","detail-type":"Athena Spark Finding",\
          "detail":{"target":"calculation","calculationExecutionId":"canned","sessionId":"canned",\
          "rule":"canned","limit":1,"observed":1.5,"expiresAt":"TOMORROW"}}""",
          """
          {"id":"canned","source":"calculation-guard","detail-type":"Athena Spark Finding",\
          "detail":{"target":"session","sessionId":"canned",\
          "rule":"canned","limit":1,"observed":1.5,"expiresAt":"TOMORROW"}}""",
          """
          {"id":"canned","detail-type":"CloudWatch Alarm Contributor State Change",\
          "detail":{"state":{"value":"ALARM"},\
          "alarmContributor":{"attributes":{"SessionId":"canned"}}}}""",
          """
          {"rawPath":"/calculations/canned/stop","body":"{\\"reason\\":\\"canned\\"}",\
          "requestContext":{"http":{"method":"POST"},"authorizer":{"iam":{"userArn":"canned"}}}}""",
          """
          {"rawPath":"/calculations/canned","requestContext":{"http":{"method":"GET"}}}""",
          """
          {"calculationExecutionId":"canned"}""");

  private final StopWiring wired;

  /**
   * @param wired the parts of the handler that serves
   */
  Priming(StopWiring wired) {
    this.wired = wired;
  }

  /** Never fails: a function that is not primed works as well, and says that it is not. */
  @Override
  public void beforeCheckpoint(Context<? extends Resource> context) {
    var line = new LinkedHashMap<String, Object>();
    var begun = wired.clock().instant();
    line.put("timestamp", begun.toString());
    System.setProperty(TRACE, trace(begun));
    try (var aws = new PrimingServer(wired.settings().clients(), begun)) {
      aws.mustBeRefusedBy(wired.access().http());
      var end = begun.plus(LONGEST);
      for (var round = 0; round < ROUNDS && wired.clock().instant().isBefore(end); round++) {
        rehearse(aws);
      }
      awaitCompilers();
      line.put("level", "INFO");
      line.put("event", "primed");
      line.put("canned_calls", aws.calls());
    } catch (RuntimeException | LinkageError e) {
      line.put("level", "WARN");
      line.put("event", "not_primed");
      line.put("reason", e.toString());
    } finally {
      System.clearProperty(TRACE);
    }
    line.put("took_millis", Duration.between(begun, wired.clock().instant()).toMillis());
    new JsonLogger(LambdaRuntime.getLogger()).write(line);
  }

  @Override
  public void afterRestore(Context<? extends Resource> context) {
    wired.access().prepare();
  }

  void rehearse(PrimingServer aws) {
    try (var parts = StopWiring.of(wired.settings(), aws.access(), wired.clock(), _ -> {})) {
      var handler = new StopHandler(parts);
      ORDERS.forEach(order -> rehearse(order, handler));
    }
  }

  private void rehearse(String order, StopHandler handler) {
    var json = new EventSerializer();
    var now = wired.clock().instant();
    var event = order.replace("TOMORROW", now.plus(Duration.ofDays(1)).toString());
    var arrival =
        Invocation.of(
            "canned",
            "arn:aws:lambda:us-east-1:123456789012:function:canned",
            trace(now),
            Duration.ofMinutes(1),
            now);
    json.toJson(
        handler.handle(json.fromJson(event, Map.class), arrival, new Unheard()),
        OutputStream.nullOutputStream(),
        Object.class);
  }

  private static String trace(Instant now) {
    return "Root=1-%08x-0".formatted(now.getEpochSecond());
  }

  /** What they have not done by the snapshot they would do while the first order runs. */
  private static void awaitCompilers() {
    var compilers = ManagementFactory.getCompilationMXBean();
    var before = -1L;
    for (var looks = 0; looks < 20 && compilers.getTotalCompilationTime() != before; looks++) {
      before = compilers.getTotalCompilationTime();
      LockSupport.parkNanos(Duration.ofMillis(250).toNanos());
    }
  }

  /** What a rehearsal says reaches nobody. */
  private record Unheard() implements LambdaLogger {
    @Override
    public void log(String message) {}

    @Override
    public void log(byte[] message) {}
  }
}
