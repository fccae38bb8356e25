package io.github.calculationguard.lambda;

import io.github.calculationguard.report.UserText;
import io.github.calculationguard.spark.PlainException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** A JSON object whose names come in lower or in upper camel case, since AWS uses both. */
record JsonObject(Map<?, ?> map) {

  /**
   * What stands there is not what it has to be; the message says what is wrong, and what would be
   * right.
   */
  static final class InvalidFieldException extends PlainException {
    InvalidFieldException(String message) {
      super(message);
    }
  }

  boolean has(String name) {
    return map.containsKey(name) || map.containsKey(upper(name));
  }

  @Nullable Object value(String name) {
    return map.containsKey(name) ? map.get(name) : map.get(upper(name));
  }

  /** Empty where there is none, or it is something else. */
  JsonObject object(String name) {
    return of(value(name));
  }

  /** Empty where there are none. */
  Stream<JsonObject> objects(String name) {
    return value(name) instanceof Iterable<?> list
        ? StreamSupport.stream(list.spliterator(), false).map(JsonObject::of)
        : Stream.empty();
  }

  private static JsonObject of(@Nullable Object value) {
    return new JsonObject(value instanceof Map<?, ?> object ? object : Map.of());
  }

  /** Absent where there is none, or it is something else. */
  @Nullable String text(String name) {
    return value(name) instanceof String text ? text : null;
  }

  /** Absent where there is none, or it is something else or too large. */
  @Nullable Number number(String name) {
    return value(name) instanceof Number number && Double.isFinite(number.doubleValue())
        ? number
        : null;
  }

  @Nullable Instant instant(String name) {
    var value = value(name);
    try {
      // An Instant may be too early for any calendar, and then it can't be shown.
      return value == null ? null : OffsetDateTime.parse(value.toString()).toInstant();
    } catch (DateTimeParseException e) {
      throw new InvalidFieldException(
          "%s takes an instant such as 2026-11-22T09:30:00Z, and is %s"
              .formatted(name, UserText.quoted(value.toString())));
    }
  }

  boolean isTrue(String name) {
    var value = value(name);
    if (value == null || value.equals(false) || value.equals("false")) {
      return false;
    }
    if (value.equals(true) || value.equals("true")) {
      return true;
    }
    throw new InvalidFieldException(name + " takes true or false, and is " + kind(value));
  }

  /**
   * Reads an id.
   *
   * @param where these fields stand, in words
   * @param rule what an id is, in words
   */
  <T> T id(String name, String where, String rule, Function<String, T> parse) {
    if (!has(name)) {
      throw new InvalidFieldException(
          "%s is missing in %s: it takes %s".formatted(name, where, rule));
    }
    if (!(value(name) instanceof String text)) {
      throw new InvalidFieldException(
          "%s in %s takes a string of %s, and is %s"
              .formatted(name, where, rule, kind(value(name))));
    }
    try {
      return parse.apply(text);
    } catch (IllegalArgumentException e) {
      throw new InvalidFieldException(
          "%s in %s takes %s, and is %s (%d characters)"
              .formatted(name, where, rule, UserText.quoted(text), text.length()));
    }
  }

  private static String kind(@Nullable Object value) {
    return switch (value) {
      case null -> "null";
      case Number _ -> "a number";
      case Boolean _ -> "a boolean";
      case Map<?, ?> _ -> "an object";
      case String text -> UserText.quoted(text);
      default -> "a list";
    };
  }

  private static String upper(String name) {
    return Character.toUpperCase(name.charAt(0)) + name.substring(1);
  }
}
