package io.github.calculationguard.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/** The values of both sides. */
record Measurements(Side java, Side peer) {

  Measurements() {
    this(new Side(), new Side());
  }

  void clear() {
    java.values.clear();
    peer.values.clear();
  }

  /** One side's values, by figure and round. */
  static final class Side {
    final Map<Figure, List<Double>> values = new LinkedHashMap<>();

    void add(Figure figure, double value) {
      values.computeIfAbsent(figure, _ -> new ArrayList<>()).add(value);
    }

    List<Double> of(Figure figure) {
      return values.getOrDefault(figure, List.of());
    }
  }

  static double median(List<Double> values) {
    var sorted = values.stream().sorted().toList();
    var middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  String table() {
    var table = new StringBuilder();
    table.append("| Figure, median of rounds | Java | Python | Java ÷ Python (spread) | must |\n");
    table.append("|---|---|---|---|---|\n");
    for (var figure : Figure.values()) {
      var ours = java.of(figure);
      if (ours.isEmpty()) {
        continue;
      }
      var theirs = peer.of(figure);
      var ratios =
          IntStream.range(0, ours.size())
              .mapToObj(i -> ours.get(i) / theirs.get(i))
              .sorted()
              .toList();
      table.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %s | **%.2f** (%.2f to %.2f) | %s |%n",
              figure.title,
              figure.format(median(ours)),
              figure.format(median(theirs)),
              median(ratios),
              ratios.getFirst(),
              ratios.getLast(),
              figure.max == 0 ? "" : "≤ %.2f".formatted(figure.max)));
    }
    return table.toString();
  }
}
