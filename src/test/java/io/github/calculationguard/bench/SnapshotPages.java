package io.github.calculationguard.bench;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.Template;
import io.github.calculationguard.standin.FunctionSettings;
import io.github.calculationguard.standin.LocalLambda;
import io.github.calculationguard.standin.LocalWorld;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Counts what a snapshot of the stop function would hold, and what a restore and the first request
 * touch of it: with and without the full collection that Lambda's runtime asks for just before the
 * snapshot. Linux only; no AWS account can be measured so.
 */
public final class SnapshotPages {

  private static final int ROUNDS = Integer.getInteger("rounds", 5);
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private SnapshotPages() {}

  public static void main(String[] args) throws IOException {
    var ours = Template.read().javaOptions();
    var options =
        Map.of(
            "with the collection",
            ours.replace("-XX:+DisableExplicitGC", "").strip(),
            "without it",
            ours);
    var resident = new TreeMap<String, List<Long>>();
    var touched = new TreeMap<String, List<Long>>();
    for (var round = 0; round < ROUNDS; round++) {
      for (var it : new TreeMap<>(options).entrySet()) {
        var seen = measure(it.getValue());
        resident.computeIfAbsent(it.getKey(), _ -> new ArrayList<>()).add(seen[0]);
        touched.computeIfAbsent(it.getKey(), _ -> new ArrayList<>()).add(seen[1]);
      }
    }
    resident.forEach(
        (name, sizes) ->
            System.out.printf("%s: %s MB resident at the snapshot%n", name, median(sizes)));
    touched.forEach(
        (name, sizes) ->
            System.out.printf(
                "%s: %s MB touched by the restore and the first request%n", name, median(sizes)));
  }

  /** Resident and touched kilobytes. */
  private static long[] measure(String javaOptions) throws IOException {
    try (var world = new LocalWorld(InstantSource.system())) {
      var model = world.athena().model();
      model.addWorkGroup("etl", SparkModel.PYSPARK_3, Map.of());
      var session = model.add(SessionSetup.in("etl"));
      var calculation = model.add(CalculationSetup.in(session));
      var environment = new HashMap<>(world.environment());
      environment.put("TOPIC_ARN", world.sns().addTopic("guard"));
      environment.put("JAVA_TOOL_OPTIONS", javaOptions);
      var settings =
          FunctionSettings.of(
                  "guard",
                  "io.github.calculationguard.lambda.StopHandler",
                  LocalWorld.PLACE,
                  environment)
              .withSnapStart();
      try (var lambda = new LocalLambda(settings)) {
        lambda.start();
        var process = ProcessHandle.current().children().findFirst().orElseThrow();
        var proc = Path.of("/proc", Long.toString(process.pid()));
        var resident = kilobytes(proc, "Rss:");
        Files.writeString(proc.resolve("clear_refs"), "1");
        lambda.restore();
        lambda.invoke("{\"calculationExecutionId\":\"%s\"}".formatted(calculation), TIMEOUT);
        return new long[] {resident, kilobytes(proc, "Referenced:")};
      }
    }
  }

  private static long kilobytes(Path proc, String key) throws IOException {
    return Files.readAllLines(proc.resolve("smaps_rollup")).stream()
        .filter(line -> line.startsWith(key))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .sum();
  }

  private static String median(List<Long> kilobytes) {
    var sorted = kilobytes.stream().sorted().toList();
    return "%.1f (%.1f to %.1f)"
        .formatted(
            sorted.get(sorted.size() / 2) / 1024.0,
            sorted.getFirst() / 1024.0,
            sorted.getLast() / 1024.0);
  }
}
