package io.github.calculationguard.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What Linux says of processes and of the machine. */
final class Machine {

  private Machine() {}

  /** The processor time of a process's live threads. */
  static double processorMillis(long pid) throws IOException {
    var nanos = 0L;
    try (var threads = Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "task"))) {
      for (var thread : threads) {
        nanos += Long.parseLong(Files.readString(thread.resolve("schedstat")).split(" ", 2)[0]);
      }
    }
    return nanos / 1e6;
  }

  static double megabytes(long pid) throws IOException {
    return Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")).stream()
        .filter(line -> line.startsWith("VmRSS"))
        .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / 1024)
        .sum();
  }

  static String pythonVersions(Path python) throws IOException, InterruptedException {
    var process =
        new ProcessBuilder(
                python.toString(),
                "-c",
                "import boto3, sys; print(sys.version.split()[0] + ', boto3 ' + boto3.__version__)")
            .start();
    try (var reader = process.inputReader()) {
      return reader.readLine();
    } finally {
      process.waitFor();
    }
  }

  static @Nullable String cpu() throws IOException {
    return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
        .filter(line -> line.startsWith("model name"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse(null);
  }
}
