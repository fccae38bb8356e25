package io.github.calculationguard.lambda;

import io.github.calculationguard.report.UserText;
import io.github.calculationguard.spark.Instants;
import java.time.Instant;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** A JSON object whose names come in lower or in upper camel case, because AWS uses both. */
record JsonObject(Map<?, ?> map) {

  static final JsonObject EMPTY = new JsonObject(Map.of());

  /** A field is missing or wrong; the message says what is wrong, and what is accepted. */
  static final class InvalidFieldException extends RuntimeException {
    InvalidFieldException(String message) {
      super(message, null, false, false);
    }

    @Override
    public String getMessage() {
      return String.valueOf(super.getMessage());
    }
  }

  boolean has(String name) {
    return map.containsKey(name) || map.containsKey(upper(name));
  }

  @Nullable Object value(String name) {
    return map.containsKey(name) ? map.get(name) : map.get(upper(name));
  }

  /** Empty where the field is missing or no object. */
  JsonObject object(String name) {
    return of(value(name));
  }

  /** Empty where the field is missing or no list. */
  Stream<JsonObject> objects(String name) {
    return value(name) instanceof Iterable<?> list
        ? StreamSupport.stream(list.spliterator(), false).map(JsonObject::of)
        : Stream.empty();
  }

  private static JsonObject of(@Nullable Object value) {
    return value instanceof Map<?, ?> object ? new JsonObject(object) : EMPTY;
  }

  /** Absent where the field is missing or no text. */
  @Nullable String text(String name) {
    return value(name) instanceof String text ? text : null;
  }

  /** Absent where the field is missing, no number, or infinite. */
  @Nullable Number number(String name) {
    return value(name) instanceof Number number && Double.isFinite(number.doubleValue())
        ? number
        : null;
  }

  /** Absent where the field is missing. */
  @Nullable Instant instant(String name) {
    var value = value(name);
    return value == null
        ? null
        : Instants.parse(value.toString())
            .orElseThrow(
                () ->
                    new InvalidFieldException(
                        "%s takes an instant such as 2026-11-22T09:30:00Z, and is %s"
                            .formatted(name, UserText.quoted(value.toString()))));
  }

  boolean isTrue(String name) {
    return switch (value(name)) {
      case null -> false;
      case Boolean bool -> bool;
      case String text when text.equals("true") -> true;
      case String text when text.equals("false") -> false;
      case Object other ->
          throw new InvalidFieldException(name + " takes true or false, and is " + kind(other));
    };
  }

  /**
   * Reads an ID.
   *
   * @param where this object stands, in words
   * @param rule what an ID is, in words
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
