package io.github.athenasparklocal;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What Athena's API model says of the Spark operations: their requests, replies and errors. The
 * table is made, and compared with the API model, by {@code src/local/clients/model.py}.
 */
final class ApiModel {

  /**
   * @param input the structure of its request
   * @param output the structure of its reply
   * @param errors that it declares
   */
  record Operation(String name, String input, String output, List<String> errors) {}

  /**
   * A member of a structure, or an element of a list or a map.
   *
   * @param name such as {@code Tag.Key}, {@code TagResourceInput.Tags[]} or {@code X.Y{key}}
   * @param type string, integer, long, boolean, timestamp, list, map, or a structure's name
   * @param values the only ones accepted; empty for any
   */
  record Member(
      String name,
      String type,
      boolean required,
      Bounds length,
      Bounds range,
      List<String> values,
      @Nullable Pattern pattern) {

    String shortName() {
      return name.substring(name.indexOf('.') + 1);
    }

    /** The constraint that a value violates, in AWS's words; absent if it satisfies them all. */
    @Nullable String violated(Object value) {
      return switch (value) {
        case Number number -> range.violated(number.longValue(), "value");
        case List<?> list -> length.violated(list.size(), "length");
        case String text -> violated(text);
        default -> null;
      };
    }

    private @Nullable String violated(String text) {
      var violated = length.violated(text.codePointCount(0, text.length()), "length");
      if (violated != null) {
        return violated;
      }
      if (!values.isEmpty() && !values.contains(text)) {
        return "Member must satisfy enum value set: [" + String.join(", ", values) + "]";
      }
      if (pattern != null && !pattern.matcher(text).matches()) {
        return "Member must satisfy regular expression pattern: " + pattern;
      }
      return null;
    }
  }

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

    @Nullable String violated(long number, String what) {
      if (max != null && number > max) {
        return "Member must have " + what + " less than or equal to " + max;
      }
      if (min != null && number < min) {
        return "Member must have " + what + " greater than or equal to " + min;
      }
      return null;
    }
  }

  private static final Map<String, Operation> OPERATIONS = new LinkedHashMap<>();
  private static final Map<String, Map<String, Member>> STRUCTURES = new LinkedHashMap<>();
  private static final Map<String, Member> ELEMENTS = new LinkedHashMap<>();

  static {
    try (var in = Objects.requireNonNull(ApiModel.class.getResourceAsStream("athena-model.txt"));
        var lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      lines.lines().forEach(ApiModel::read);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ApiModel() {}

  /** All of them, by name. */
  static Map<String, Operation> operations() {
    return OPERATIONS;
  }

  /** The members of a structure, by their short names. */
  static Map<String, Member> structure(String name) {
    return STRUCTURES.getOrDefault(name, Map.of());
  }

  /** A list's element, a map's value or a map's key: {@code []}, <code>{}</code>, {@code {key}}. */
  static Member element(Member member, String which) {
    return Objects.requireNonNull(ELEMENTS.get(member.name() + which), member.name() + which);
  }

  private static void read(String line) {
    var words = line.split(" ", -1);
    if (words[0].equals("operation")) {
      var errors = Arrays.asList(words[4].split(",", -1));
      OPERATIONS.put(words[1], new Operation(words[1], words[2], words[3], errors));
      return;
    }
    var member = member(line.split(" pattern=", 2));
    if (member.name().endsWith("[]") || member.name().endsWith("}")) {
      ELEMENTS.put(member.name(), member);
    } else {
      STRUCTURES
          .computeIfAbsent(
              member.name().substring(0, member.name().indexOf('.')), key -> new LinkedHashMap<>())
          .put(member.shortName(), member);
    }
  }

  private static Member member(String[] line) {
    var words = line[0].split(" ", -1);
    var required = false;
    var length = Bounds.NONE;
    var range = Bounds.NONE;
    var values = List.<String>of();
    for (var word : Arrays.asList(words).subList(2, words.length)) {
      var parts = word.split("=", 2);
      switch (parts[0]) {
        case "required" -> required = true;
        case "length" -> length = Bounds.of(parts[1]);
        case "range" -> range = Bounds.of(parts[1]);
        case "values" -> values = List.of(parts[1].split(",", -1));
        default -> throw new IllegalStateException("athena-model.txt: " + line[0]);
      }
    }
    var pattern = line.length > 1 ? Pattern.compile(line[1]) : null;
    return new Member(words[0], words[1], required, length, range, values, pattern);
  }
}
