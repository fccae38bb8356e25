package io.github.calculationguard.play;

import java.io.PrintStream;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Prints titles, lines and tables, with color only on a terminal. */
record Screen(PrintStream out) {

  // Error Prone and NullAway disagree on whether the console can be null.
  @SuppressWarnings("SystemConsoleNull")
  void title(String title) {
    var isTerminal = System.console() != null && System.console().isTerminal();
    var bold = isTerminal && System.getenv("NO_COLOR") == null;
    out.println();
    out.println(bold ? "\u001b[1;36m" + title + "\u001b[0m" : "== " + title);
  }

  void say(String line) {
    out.println(line);
  }

  /** Prints rows of equal length in aligned columns. */
  void table(List<List<String>> rows) {
    var columns = rows.isEmpty() ? 0 : rows.getFirst().size();
    var widths =
        IntStream.range(0, columns)
            .map(column -> rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0))
            .toArray();
    for (var row : rows) {
      out.println(
          IntStream.range(0, columns)
              .mapToObj(
                  column -> row.get(column) + " ".repeat(widths[column] - row.get(column).length()))
              .collect(Collectors.joining("  "))
              .stripTrailing());
    }
  }
}
