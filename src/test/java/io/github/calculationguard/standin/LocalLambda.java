package io.github.calculationguard.standin;

import io.github.calculationguard.standin.RuntimeApi.Event;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A function in the real runtime interface client, in a JVM of its own, as Lambda runs it: killed
 * when an invocation takes too long, and started anew for the next one. Linux only: elsewhere the
 * interface client's native part is missing.
 */
public final class LocalLambda implements LambdaFunction {

  private static final ReentrantLock STARTING = new ReentrantLock();
  private static final Duration LONGEST_INIT = Duration.ofSeconds(90);

  private final FunctionSettings settings;
  private @Nullable FunctionProcess process;
  private boolean waitsForRestore;

  /** Does not start the function; {@link #start} or the first invocation does. */
  public LocalLambda(FunctionSettings settings) {
    this.settings = settings;
  }

  /** Whether the interface client works on this machine. */
  public static boolean isSupported() {
    return System.getProperty("os.name").equals("Linux");
  }

  /**
   * Starts the function, where it does not run yet, and waits until it is initialised; with
   * SnapStart this is the moment of the snapshot.
   *
   * @throws IllegalStateException if it does not start; with its log
   */
  public void start() {
    started();
  }

  /**
   * Restores a function that was started with SnapStart, and waits until its hooks have run.
   *
   * @return how long they took
   * @throws IllegalStateException if it can't be restored; with its log
   */
  public Duration restore() {
    var restored = started();
    var from = System.nanoTime();
    restored.api().restore();
    expect(restored, Event.Ready.class);
    waitsForRestore = false;
    return Duration.ofNanos(System.nanoTime() - from);
  }

  private FunctionProcess started() {
    if (process == null) {
      // The interface client unpacks its native part to one path, whoever else is loading it.
      STARTING.lock();
      try {
        var starting = new FunctionProcess(settings);
        process = starting;
        waitsForRestore = settings.snapStart();
        expect(starting, waitsForRestore ? Event.Initialised.class : Event.Ready.class);
      } finally {
        STARTING.unlock();
      }
    }
    return process;
  }

  private void expect(FunctionProcess running, Class<? extends Event> expected) {
    var event = running.await(LONGEST_INIT);
    if (!expected.isInstance(event)) {
      var why = event instanceof Event.Broken broken ? broken.json() : String.valueOf(event);
      throw new IllegalStateException(String.join("\n", why, String.join("\n", stop())));
    }
  }

  /** An event, with what Lambda keeps between deliveries. */
  public record Delivery(String requestId, String traceId, String event) {

    /** The first delivery of an event. */
    public static Delivery of(String event) {
      return new Delivery(UUID.randomUUID().toString(), RuntimeApi.newTraceId(), event);
    }
  }

  /** The process that the function runs in. */
  public long processId() {
    return started().id();
  }

  @Override
  public Result invoke(String event, Duration timeout) {
    return invoke(Delivery.of(event), timeout);
  }

  /** Invokes the function with an event that may be redelivered. */
  public Result invoke(Delivery delivery, Duration timeout) {
    var id = delivery.requestId();
    try {
      var running = started();
      if (waitsForRestore) {
        restore();
      }
      return invoke(
          running,
          new RuntimeApi.Invocation(
              id, delivery.traceId(), delivery.event(), Instant.now().plus(timeout)));
    } catch (IllegalStateException e) {
      var lines = String.valueOf(e.getMessage()).lines().toList();
      var why = lines.isEmpty() ? "" : lines.getFirst();
      return new Result(id, failure("Runtime.InitError", why), lines, Duration.ZERO);
    }
  }

  private Result invoke(FunctionProcess running, RuntimeApi.Invocation invocation) {
    var id = invocation.requestId();
    // What it wrote while it started, or after its last answer, belongs to the invocation that
    // shows it.
    var log = new ArrayList<String>();
    var handed = System.nanoTime();
    running.api().hand(invocation);
    Outcome outcome = null;
    var took = Duration.ZERO;
    while (true) {
      switch (running.await(Duration.between(Instant.now(), invocation.deadline()))) {
        case Event.Answered answered -> {
          outcome = new Outcome.Answer(answered.json());
          took = since(running, answered.atNanos());
        }
        case Event.Failed failed -> {
          outcome = new Outcome.Failure(failed.json());
          took = since(running, failed.atNanos());
        }
        case Event.Ready _ -> {
          log.addAll(running.log());
          return new Result(id, answered(outcome, id), log, took);
        }
        case Event.Initialised _ -> {}
        case Event.Broken _, Event.Exited _ -> {
          log.addAll(stop());
          return new Result(id, answered(outcome, id), log, sinceHanded(took, handed));
        }
        case null -> {
          log.addAll(stop());
          took = sinceHanded(took, handed);
          return new Result(id, outcome == null ? timedOut(id, took) : outcome, log, took);
        }
      }
    }
  }

  private static Duration since(FunctionProcess running, long nanos) {
    return Duration.ofNanos(nanos - running.api().handedOverNanos());
  }

  private static Duration sinceHanded(Duration took, long handed) {
    return took.isZero() ? Duration.ofNanos(System.nanoTime() - handed) : took;
  }

  private static Outcome answered(@Nullable Outcome outcome, String id) {
    return outcome == null
        ? failure(
            "Runtime.ExitError",
            "RequestId: %s Error: Runtime exited without providing a reason".formatted(id))
        : outcome;
  }

  static Outcome timedOut(String id, Duration took) {
    return failure(
        "Sandbox.Timedout",
        "RequestId: %s Error: Task timed out after %.2f seconds"
            .formatted(id, took.toMillis() / 1000.0));
  }

  private static Outcome failure(String type, String message) {
    return new Outcome.Failure(RuntimeApi.error(type, message));
  }

  private List<String> stop() {
    if (process == null) {
      return List.of();
    }
    var log = process.kill();
    process = null;
    return log;
  }

  @Override
  public void close() {
    stop();
  }
}
