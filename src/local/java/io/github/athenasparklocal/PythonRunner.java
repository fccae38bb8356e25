package io.github.athenasparklocal;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Runs code in a Python process for each session, with PySpark if Python has it. Stop interrupts
 * the code; a process that does not obey is killed. Ending a session kills its process.
 */
final class PythonRunner implements Runner {

  private static final Duration GRACE = Duration.ofSeconds(2);
  private static final String DRIVER = driver();

  private final Map<String, Python> processes = new ConcurrentHashMap<>();

  PythonRunner() {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> processes.values().forEach(Python::kill)));
    Thread.ofVirtual().start(this::reap);
  }

  private static String driver() {
    try (var in =
        Objects.requireNonNull(PythonRunner.class.getResourceAsStream("driver.py.txt"))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One session's process. */
  private record Python(SparkModel model, Process process, BufferedReader replies) {

    void kill() {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
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
      var python = processes.computeIfAbsent(calculation.sessionId(), id -> begin(model));
      var line = exchange(python, Json.text(Map.of("code", calculation.code())) + "\n");
      if (line == null) {
        processes.remove(calculation.sessionId(), python);
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

  private static Python begin(SparkModel model) {
    try {
      var process =
          new ProcessBuilder("python3", "-u", "-c", DRIVER)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      var replies =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      return new Python(model, process, replies);
    } catch (IOException e) {
      throw new UncheckedIOException("can't start python3: " + e.getMessage(), e);
    }
  }

  private static @Nullable String exchange(Python python, String request) {
    synchronized (python.replies()) {
      try {
        var stdin = python.process().getOutputStream();
        stdin.write(request.getBytes(StandardCharsets.UTF_8));
        stdin.flush();
        return python.replies().readLine();
      } catch (IOException e) {
        // The process was killed.
        return null;
      }
    }
  }

  @Override
  public void stop(CalculationHistory calculation) {
    var python = processes.get(calculation.sessionId());
    if (python == null) {
      return;
    }
    try {
      var pid = Long.toString(python.process().pid());
      new ProcessBuilder("kill", "-INT", pid).start();
    } catch (IOException e) {
      kill(calculation.sessionId());
      return;
    }
    Thread.ofVirtual()
        .start(
            () -> {
              pause(GRACE);
              if (python.model().calculationState(calculation.id()).equals("CANCELING")) {
                kill(calculation.sessionId());
              }
            });
  }

  @Override
  public void end(String sessionId) {
    kill(sessionId);
  }

  private void kill(String sessionId) {
    var python = processes.remove(sessionId);
    if (python != null) {
      python.kill();
    }
  }

  /** Kills the processes of sessions that ended by themselves. */
  private void reap() {
    while (true) {
      pause(Duration.ofSeconds(1));
      processes.forEach(
          (id, python) -> {
            if (python.model().isOver(id)) {
              kill(id);
            }
          });
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
