package io.github.athenasparklocal;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The Python process of one session, with a temporary directory that is removed after it. Its
 * script ends when its standard input does, so that it does not survive this program.
 */
final class PythonProcess {

  private final SparkModel model;
  private final Process process;
  private final BufferedReader replies;
  private final Path directory;

  private PythonProcess(SparkModel model, Process process, Path directory) {
    this.model = model;
    this.process = process;
    this.directory = directory;
    replies =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /**
   * Starts a script.
   *
   * @param script the name of a resource
   * @param arguments after the first, which is the temporary directory
   * @throws UncheckedIOException if it can't be started; the message is for people
   */
  static PythonProcess start(
      String python, SparkModel model, String script, String... arguments) {
    try {
      var directory = Files.createTempDirectory("athena-spark-local-");
      var command = new ArrayList<>(List.of(python, "-u", "-c", read(script)));
      command.add(directory.toString());
      command.addAll(List.of(arguments));
      var builder = new ProcessBuilder(command);
      builder.redirectError(ProcessBuilder.Redirect.DISCARD);
      try {
        return new PythonProcess(model, builder.start(), directory);
      } catch (IOException e) {
        Files.delete(directory);
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Can't start %s: %s".formatted(python, e.getMessage()), e);
    }
  }

  private static String read(String script) throws IOException {
    try (var in = Objects.requireNonNull(PythonProcess.class.getResourceAsStream(script))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** The sessions of the Region that the process belongs to. */
  SparkModel model() {
    return model;
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Sends one line, and waits for one; absent if the process ended. */
  synchronized @Nullable String exchange(String line) {
    send(line);
    return readLine();
  }

  /** Sends one line, unless the process ended. */
  void send(String line) {
    try {
      var stdin = process.getOutputStream();
      stdin.write((line + "\n").getBytes(StandardCharsets.UTF_8));
      stdin.flush();
    } catch (IOException e) {
      // The end of its output tells the same.
    }
  }

  /** The next line that it writes; absent if it ended. */
  @Nullable String readLine() {
    try {
      return replies.readLine();
    } catch (IOException e) {
      return null;
    }
  }

  /** Interrupts what it runs; false if this system has no such signal. */
  boolean interrupt() {
    try {
      new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start();
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Kills it and everything that it started. */
  void kill() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    remove(directory);
  }

  // A process that is being killed may still write.
  private static void remove(Path directory) {
    try (var files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException | UncheckedIOException e) {
      // The system removes what is left of it.
    }
  }
}
