package io.github.athenasparklocal;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The members of a request that passed the {@link Validator}.
 *
 * @param operation its name
 */
record Members(String operation, Map<String, Object> values) {

  /** A required string. */
  String get(String name) {
    return (String) Objects.requireNonNull(values.get(name), name);
  }

  /** An optional string. */
  @Nullable String find(String name) {
    return (String) values.get(name);
  }

  /** An optional number. */
  int number(String name, int otherwise) {
    return values.get(name) instanceof Long number ? number.intValue() : otherwise;
  }

  /** Whether an optional flag is set. */
  boolean flag(String name) {
    return Boolean.TRUE.equals(values.get(name));
  }

  /** A structure or a map; empty if it is absent. */
  @SuppressWarnings("unchecked") // JSON objects have strings as keys.
  Map<String, Object> map(String name) {
    return (Map<String, Object>) values.getOrDefault(name, Map.of());
  }

  /** A list; empty if it is absent. */
  List<?> list(String name) {
    return (List<?>) values.getOrDefault(name, List.of());
  }

  /** A reply, or a part of one, from names and values in turn. Leaves out what is null. */
  static Map<String, Object> of(@Nullable Object... namesAndValues) {
    var members = new LinkedHashMap<String, Object>();
    for (var i = 0; i < namesAndValues.length; i += 2) {
      var value = namesAndValues[i + 1];
      if (value != null) {
        members.put(
            (String) Objects.requireNonNull(namesAndValues[i]),
            value instanceof Instant instant ? seconds(instant) : value);
      }
    }
    return members;
  }

  private static BigDecimal seconds(Instant instant) {
    return BigDecimal.valueOf(instant.toEpochMilli(), 3);
  }
}
