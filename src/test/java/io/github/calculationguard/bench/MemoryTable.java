package io.github.calculationguard.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What each function takes and costs by its memory, with the share of a processor that Lambda gives
 * for it, at 20 ms a call. There is no peer: the table is to choose MemorySize by.
 */
final class MemoryTable {

  private static final int[] MEGABYTES = {256, 512, 1024, 1769};
  // Lambda's price in us-east-1 for arm64, in US dollars for a gigabyte and a second.
  private static final double USD_PER_GB_SECOND = 0.0000133334;
  private static final int THOUSAND = 1000;

  private MemoryTable() {}

  static void write(Path out, int rounds) throws Exception {
    var rows = new StringBuilder();
    for (var megabytes : MEGABYTES) {
      var share = Math.min(1, megabytes / Share.MEGABYTES_OF_ONE);
      try (var held = Share.of(share)) {
        rows.append(row(out, rounds, megabytes, share, held));
      }
      System.out.print(rows);
    }
    var date = Instant.now().truncatedTo(ChronoUnit.DAYS).toString().substring(0, 10);
    var text = Files.readString(Path.of("bench", "results-memory.txt"));
    Files.writeString(Path.of("bench", "RESULTS-memory.md"), text.formatted(date, rounds, rows));
  }

  private static String row(Path out, int rounds, int megabytes, double share, Share held)
      throws Exception {
    var values = new LinkedHashMap<String, List<Double>>();
    String failure = null;
    for (var round = 0; round < rounds && failure == null; round++) {
      try {
        measure(out, megabytes, held, values);
      } catch (IllegalStateException e) {
        failure = failure(e);
      }
    }
    return failure == null
        ? String.format(
            Locale.ROOT,
            "| %d MB | %.2f | %.0f ms | %.0f ms | %s | %.1f s | %.1f s | %s | %.1f s | %s |%n",
            megabytes,
            share,
            median(values, "restored") * THOUSAND,
            median(values, "warm") * THOUSAND,
            price(megabytes, median(values, "warm")),
            median(values, "page cold"),
            median(values, "page warm"),
            price(megabytes, median(values, "page cold")),
            median(values, "sweep"),
            price(megabytes, median(values, "sweep")))
        : String.format(Locale.ROOT, "| %d MB | %.2f | %s |%n", megabytes, share, failure);
  }

  private static void measure(Path out, int megabytes, Share held, Map<String, List<Double>> values)
      throws Exception {
    var functions = Bench.measureStop(out, held, megabytes, (name, it) -> add(values, name, it));
    var page = PageBench.coldAndWarm(functions);
    add(values, "page cold", page.getFirst());
    add(values, "page warm", page.getLast());
    if (!values.containsKey("sweep")) {
      // Its calls wait for their turns, so that one is like the other.
      add(values, "sweep", Bench.smallSweep(functions));
    }
  }

  private static void add(Map<String, List<Double>> values, String name, double seconds) {
    values.computeIfAbsent(name, _ -> new ArrayList<>()).add(seconds);
  }

  private static double median(Map<String, List<Double>> values, String name) {
    return Measurements.median(values.getOrDefault(name, List.of()));
  }

  /** Of a thousand invocations, requests aside. */
  private static String price(int megabytes, double seconds) {
    var usd = megabytes / 1024.0 * seconds * USD_PER_GB_SECOND * THOUSAND;
    return String.format(Locale.ROOT, "%.4f USD", usd);
  }

  private static String failure(IllegalStateException e) {
    var text = String.valueOf(e.getMessage());
    return text.lines()
        .filter(line -> line.contains("OutOfMemoryError"))
        .findFirst()
        .map(line -> "fails: " + line.replaceFirst(".*(OutOfMemoryError: [\\w ]+).*", "$1"))
        .orElse("fails: " + text.lines().findFirst().orElse(""));
  }
}
