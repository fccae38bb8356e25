package io.github.calculationguard.lambda;

import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.amazonaws.services.lambda.runtime.LambdaRuntime;
import io.github.calculationguard.aws.PrimingServer;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.crac.Context;
import org.crac.Resource;

/**
 * Handles sample requests before the SnapStart snapshot, so that the first request after a restore
 * finds its code loaded and compiled. It uses a second handler, which shares no object with the one
 * that serves, and an in-memory AWS. Both are dropped before the snapshot, so that it contains no
 * credentials, connections or addresses that could go stale.
 *
 * @see <a href="https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-java.html">
 *     Lambda SnapStart runtime hooks</a>
 */
final class Priming implements Resource {

  // The JIT compiler compiles what was called a few hundred times.
  private static final int ROUNDS = 100;
  // Only a deployment waits for it, and a small function has only a fraction of a processor.
  private static final Duration MAX = Duration.ofSeconds(60);
  // The runtime interface client sets it for each invocation, and the SDK reads it.
  private static final String TRACE = "com.amazonaws.xray.traceHeader";

  private final StopWiring wired;

  /** Takes the dependencies of the handler that serves. */
  Priming(StopWiring wired) {
    this.wired = wired;
  }

  /** Never throws, because an unprimed function works too. It logs that it is not primed. */
  @Override
  public void beforeCheckpoint(Context<? extends Resource> context) {
    var line = new LinkedHashMap<String, Object>();
    var begin = wired.clock().instant();
    line.put("timestamp", begin.toString());
    System.setProperty(TRACE, "Root=1-%08x-0".formatted(begin.getEpochSecond()));
    try (var aws = new PrimingServer(wired.settings().clients(), begin)) {
      aws.mustBeRefusedBy(wired.access().http());
      var end = begin.plus(MAX);
      for (var round = 0; round < ROUNDS && wired.clock().instant().isBefore(end); round++) {
        rehearse(aws);
      }
      awaitCompilers();
      line.put("level", "INFO");
      line.put("event", "primed");
      line.put("canned_calls", aws.calls());
    } catch (IOException | GeneralSecurityException | RuntimeException | LinkageError e) {
      line.put("level", "WARN");
      line.put("event", "not_primed");
      line.put("reason", e.toString());
    } finally {
      System.clearProperty(TRACE);
    }
    line.put("took_millis", Duration.between(begin, wired.clock().instant()).toMillis());
    new JsonLogger(LambdaRuntime.getLogger()).write(line);
  }

  @Override
  public void afterRestore(Context<? extends Resource> context) {
    wired.access().prepare();
  }

  void rehearse(PrimingServer aws) throws IOException {
    try (var in = Objects.requireNonNull(Priming.class.getResourceAsStream("rehearsal.txt"));
        var parts = StopWiring.of(wired.settings(), aws.access(), wired.clock(), _ -> {})) {
      var handler = new StopHandler(parts);
      var requests = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      requests.lines().forEach(request -> rehearse(request, handler));
    }
  }

  /**
   * @param request the alias that receives it, a space, and the event
   */
  private void rehearse(String request, StopHandler handler) {
    var json = new EventSerializer();
    var now = wired.clock().instant();
    var space = request.indexOf(' ');
    var expires = now.plus(Duration.ofMinutes(5)).toString();
    var event = request.substring(space + 1).replace("EXPIRES", expires);
    var arn = "arn:aws:lambda:us-east-1:123456789012:function:f:" + request.substring(0, space);
    var trace = "Root=1-%08x-0".formatted(now.getEpochSecond());
    var invocation = Invocation.of("canned", arn, trace, Duration.ofMinutes(1), now);
    var reply = handler.handle(json.fromJson(event, Map.class), invocation, new NoLogger());
    json.toJson(reply, OutputStream.nullOutputStream(), Object.class);
  }

  /** Waits until the compilers are idle, or they would compete with the first request. */
  private static void awaitCompilers() {
    var compilers = ManagementFactory.getCompilationMXBean();
    var before = -1L;
    for (var polls = 0; polls < 20 && compilers.getTotalCompilationTime() != before; polls++) {
      before = compilers.getTotalCompilationTime();
      LockSupport.parkNanos(Duration.ofMillis(250).toNanos());
    }
  }

  private record NoLogger() implements LambdaLogger {
    @Override
    public void log(String message) {}

    @Override
    public void log(byte[] message) {}
  }
}
