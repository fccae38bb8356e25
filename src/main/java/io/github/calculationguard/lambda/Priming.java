package io.github.calculationguard.lambda;

import module java.base;

import com.amazonaws.services.lambda.runtime.LambdaRuntime;
import io.github.calculationguard.aws.*;
import java.lang.management.ManagementFactory;
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
record Priming(Configuration configuration, AwsClients clients, InstantSource clock)
    implements Resource {

  // The JIT compiler compiles what was called a few hundred times.
  private static final int ROUNDS = 100;
  // Only a deployment waits for it, and a small function has only a fraction of a processor.
  private static final Duration MAX = Duration.ofSeconds(60);

  /** Never throws, because an unprimed function works too. It logs that it is not primed. */
  @Override
  public void beforeCheckpoint(Context<? extends Resource> context) {
    var line = new LinkedHashMap<String, Object>();
    var begin = clock.instant();
    line.put("timestamp", begin.toString());
    try (var aws = new PrimingServer(clients, begin)) {
      aws.verifyRealClientRejects();
      var end = begin.plus(MAX);
      for (var round = 0; round < ROUNDS && clock.instant().isBefore(end); round++) {
        rehearse(aws);
      }
      awaitCompilers();
      line.put("level", "INFO");
      line.put("event", "primed");
      line.put("canned_calls", aws.calls().values().stream().reduce(0, Integer::sum));
    } catch (IOException | GeneralSecurityException | RuntimeException | LinkageError e) {
      line.put("level", "WARN");
      line.put("event", "not_primed");
      line.put("reason", e.toString());
    }
    line.put("took_millis", Duration.between(begin, clock.instant()).toMillis());
    Invocation.log(line, LambdaRuntime.getLogger()::log);
  }

  @Override
  public void afterRestore(Context<? extends Resource> context) {
    clients.preconnect();
    clients.fetchCredentials();
  }

  /** Handles each line of a file: the alias that receives it, a space, and the event. */
  void rehearse(PrimingServer aws) throws IOException {
    // With a trace, as in Lambda, the SDK takes another path.
    var trace = "Root=1-%08x-0".formatted(clock.instant().getEpochSecond());
    System.setProperty(StopHandler.TRACE_PROPERTY, trace);
    try (var in = Objects.requireNonNull(Priming.class.getResourceAsStream("rehearsal.txt"));
        var canned = aws.clients()) {
      canned.preconnect();
      // Virtual time: a pause advances the clock without waiting.
      var paused = new AtomicReference<>(Duration.ZERO);
      InstantSource time = () -> clock.instant().plus(paused.get());
      Consumer<Duration> sleep = pause -> paused.set(paused.get().plus(pause));
      var handler = new StopHandler(configuration, canned, time, sleep);
      var requests = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      requests.lines().map(line -> line.split(" ", 2)).forEach(it -> rehearse(it, handler, trace));
    } finally {
      System.clearProperty(StopHandler.TRACE_PROPERTY);
    }
  }

  private void rehearse(String[] request, StopHandler handler, String trace) {
    var json = new EventSerializer();
    var now = clock.instant();
    var expires = now.plus(Duration.ofMinutes(5)).toString();
    Map<String, Object> event =
        json.fromJson(
            request[1].replace("EXPIRES", expires).replace("NOW", now.toString()), Map.class);
    var arn = "arn:aws:lambda:us-east-1:123456789012:function:f:" + request[0];
    var invocation =
        handler.invocations.next("canned", arn, Duration.ofMinutes(1), (_, _) -> {}, trace);
    json.toJson(handler.handle(event, invocation), OutputStream.nullOutputStream(), Object.class);
  }

  /** Waits until the JIT compilers are idle, so that they do not compete with the first request. */
  private static void awaitCompilers() {
    var compilers = ManagementFactory.getCompilationMXBean();
    var before = -1L;
    for (var polls = 0; polls < 20 && compilers.getTotalCompilationTime() != before; polls++) {
      before = compilers.getTotalCompilationTime();
      LockSupport.parkNanos(Duration.ofMillis(250).toNanos());
    }
  }
}
