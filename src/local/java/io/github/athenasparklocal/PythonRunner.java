package io.github.athenasparklocal;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs code in a Python process for each session, with PySpark if Python has it. Stop interrupts
 * the code; a process that does not obey is killed. A session of Spark Connect has a server instead.
 * Ending a session kills its process.
 */
final class PythonRunner implements Runner {

  private static final Duration GRACE = Duration.ofSeconds(2);

  private final String python;
  private final Consumer<String> console;
  private final Map<String, PythonProcess> drivers = new ConcurrentHashMap<>();
  private final Map<String, ConnectServer> servers = new ConcurrentHashMap<>();
  private final Set<String> said = ConcurrentHashMap.newKeySet();

  PythonRunner(String python, Consumer<String> console) {
    this.python = python;
    this.console = console;
    Runtime.getRuntime().addShutdownHook(new Thread(this::killAll));
    Thread.ofVirtual().start(this::reap);
  }

  private void killAll() {
    drivers.keySet().forEach(this::end);
    servers.keySet().forEach(this::end);
  }

  @Override
  public boolean runsCode() {
    return true;
  }

  @Override
  public void start(SparkModel model, CalculationHistory calculation) {
    Thread.ofVirtual().start(() -> run(model, calculation));
  }

  private void run(SparkModel model, CalculationHistory calculation) {
    var failed = true;
    CalculationHistory.Output output;
    try {
      var driver =
          drivers.computeIfAbsent(
              calculation.sessionId(), id -> PythonProcess.start(python, model, "driver.py.txt"));
      var line = driver.exchange(Json.text(Map.of("code", calculation.code())));
      if (line == null) {
        if (drivers.remove(calculation.sessionId(), driver)) {
          driver.kill();
        }
        output = new CalculationHistory.Output("", "The Python process ended\n");
      } else {
        var reply = (Map<?, ?>) Objects.requireNonNull(Json.parse(line));
        failed = Boolean.TRUE.equals(reply.get("failed"));
        output =
            new CalculationHistory.Output(
                String.valueOf(reply.get("stdout")), String.valueOf(reply.get("stderr")));
      }
    } catch (UncheckedIOException e) {
      output = new CalculationHistory.Output("", e.getMessage() + "\n");
    }
    model.end(calculation.id(), failed, output);
  }

  @Override
  public void stop(CalculationHistory calculation) {
    var driver = drivers.get(calculation.sessionId());
    if (driver == null) {
      return;
    }
    if (!driver.interrupt()) {
      end(calculation.sessionId());
      return;
    }
    Thread.ofVirtual()
        .start(
            () -> {
              pause(GRACE);
              if (driver.model().calculationState(calculation.id()).equals("CANCELING")) {
                end(calculation.sessionId());
              }
            });
  }

  @Override
  public @Nullable ConnectServer connect(SparkModel model, String sessionId) {
    try {
      var server =
          servers.compute(
              sessionId,
              (id, before) ->
                  before != null && before.process().isAlive()
                      ? before
                      : ConnectServer.start(python, model));
      if (server.awaitListening()) {
        return server;
      }
      var reason = server.process().readLine();
      if (reason != null && !model.isOver(sessionId)) {
        say(reason);
      }
    } catch (UncheckedIOException e) {
      say(Objects.requireNonNull(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return null;
  }

  private void say(String reason) {
    if (said.add(reason)) {
      console.accept("No Spark Connect server is behind GetSessionEndpoint: " + reason);
    }
  }

  @Override
  public void end(String sessionId) {
    var driver = drivers.remove(sessionId);
    if (driver != null) {
      driver.kill();
    }
    var server = servers.remove(sessionId);
    if (server != null) {
      server.process().kill();
    }
  }

  /** Kills the processes of sessions that ended by themselves. */
  private void reap() {
    while (true) {
      pause(Duration.ofSeconds(1));
      drivers.forEach((id, driver) -> reap(id, driver));
      servers.forEach((id, server) -> reap(id, server.process()));
    }
  }

  private void reap(String sessionId, PythonProcess process) {
    if (process.model().isOver(sessionId)) {
      end(sessionId);
    }
  }

  private static void pause(Duration time) {
    try {
      TimeUnit.MILLISECONDS.sleep(time.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
