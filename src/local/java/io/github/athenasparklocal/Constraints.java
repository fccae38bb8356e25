package io.github.athenasparklocal;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What Athena's service model demands of a member of a request.
 *
 * @param values the only ones accepted; empty for any
 */
record Constraints(
    boolean required, Bounds length, Bounds range, List<String> values, @Nullable Pattern pattern) {

  /** A lower and an upper bound, either absent. */
  record Bounds(@Nullable Long min, @Nullable Long max) {

    static final Bounds NONE = new Bounds(null, null);

    static Bounds of(String text) {
      var ends = text.split("\\.\\.", 2);
      return new Bounds(end(ends[0]), end(ends[1]));
    }

    private static @Nullable Long end(String text) {
      return text.isEmpty() ? null : Long.valueOf(text);
    }

    /** The demand that a number breaks, in AWS's words; absent where it keeps them. */
    @Nullable String broken(long number, String what) {
      if (max != null && number > max) {
        return "Member must have " + what + " less than or equal to " + max;
      }
      if (min != null && number < min) {
        return "Member must have " + what + " greater than or equal to " + min;
      }
      return null;
    }
  }

  private static final Constraints NONE =
      new Constraints(false, Bounds.NONE, Bounds.NONE, List.of(), null);

  // Made from the service model by src/local/clients/constraints.py.
  private static final Map<String, Constraints> TABLE = read("athena-constraints.txt");

  /**
   * @param member such as StopCalculationExecutionRequest.CalculationExecutionId
   */
  static Constraints of(String member) {
    return TABLE.getOrDefault(member, NONE);
  }

  /** The demand that a value breaks, in AWS's words; absent where it keeps them all. */
  @Nullable String broken(Object value) {
    if (value instanceof Number number) {
      return range.broken(number.longValue(), "value");
    }
    if (value instanceof String text) {
      var tooLong = length.broken(text.codePointCount(0, text.length()), "length");
      if (tooLong != null) {
        return tooLong;
      }
      if (!values.isEmpty() && !values.contains(text)) {
        return "Member must satisfy enum value set: [" + String.join(", ", values) + "]";
      }
      if (pattern != null && !pattern.matcher(text).matches()) {
        return "Member must satisfy regular expression pattern: " + pattern;
      }
    }
    return null;
  }

  private static Map<String, Constraints> read(String table) {
    try (var in = Objects.requireNonNull(Constraints.class.getResourceAsStream(table));
        var lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      return lines
          .lines()
          .map(line -> line.split(" ", 2))
          .collect(Collectors.toUnmodifiableMap(line -> line[0], line -> parse(line[1])));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Constraints parse(String words) {
    var required = false;
    var length = Bounds.NONE;
    var range = Bounds.NONE;
    var values = List.<String>of();
    Pattern pattern = null;
    for (var word : words.split(" ", -1)) {
      var parts = word.split("=", 2);
      switch (parts[0]) {
        case "required" -> required = true;
        case "length" -> length = Bounds.of(parts[1]);
        case "range" -> range = Bounds.of(parts[1]);
        case "values" -> values = Arrays.asList(parts[1].split(",", -1));
        case "pattern" -> pattern = Pattern.compile(parts[1]);
        default -> throw new IllegalArgumentException(words);
      }
    }
    return new Constraints(required, length, range, values, pattern);
  }
}
