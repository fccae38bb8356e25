package io.github.calculationguard.lambda;

import static io.github.calculationguard.report.UserText.clean;
import static io.github.calculationguard.report.UserText.quoted;

import module java.base;

import io.github.calculationguard.report.Json;
import io.github.calculationguard.spark.Instants;
import org.jspecify.annotations.Nullable;

/** A JSON object whose names come in lower or in upper camel case, because AWS uses both. */
record JsonObject(Map<?, ?> map) {

  static final JsonObject EMPTY = new JsonObject(Map.of());

  /** A field is missing or wrong; the message says what is wrong, and what is accepted. */
  static final class InvalidFieldException extends RuntimeException {
    InvalidFieldException(String message) {
      super(message, null, false, false);
    }
  }

  boolean has(String name) {
    return map.containsKey(name) || map.containsKey(upper(name));
  }

  @Nullable Object value(String name) {
    return map.get(map.containsKey(name) ? name : upper(name));
  }

  /** Empty where the field is missing or no object. */
  JsonObject object(String name) {
    return of(value(name));
  }

  /** Empty where the field is missing or no list. */
  Stream<JsonObject> objects(String name) {
    return value(name) instanceof List<?> list ? list.stream().map(JsonObject::of) : Stream.empty();
  }

  private static JsonObject of(@Nullable Object value) {
    return value instanceof Map<?, ?> object ? new JsonObject(object) : EMPTY;
  }

  @Nullable String text(String name) {
    return value(name) instanceof String text ? text : null;
  }

  /** Absent where the field is missing, no number, or infinite. */
  @Nullable Number number(String name) {
    var value = value(name) instanceof Number number ? number : Double.NaN;
    return Double.isFinite(value.doubleValue()) ? value : null;
  }

  @Nullable Instant instant(String name) {
    var value = value(name);
    if (value == null) {
      return null;
    }
    var wrong = name + " takes an instant such as 2026-11-22T09:30:00Z, and is " + shown(value);
    return Instants.parse(value.toString()).orElseThrow(() -> new InvalidFieldException(wrong));
  }

  boolean isTrue(String name) {
    return switch (value(name)) {
      case null -> false;
      case Boolean bool -> bool;
      case String text when text.equals("true") -> true;
      case String text when text.equals("false") -> false;
      case Object other ->
          throw new InvalidFieldException(
              "%s takes true or false, and is %s".formatted(name, shown(other)));
    };
  }

  /** Reads an ID; where this object stands, and the rule for IDs, are words for people. */
  <T> T id(String name, String where, String rule, Function<String, T> parse) {
    if (!has(name)) {
      throw new InvalidFieldException(
          "%s is missing in %s: it takes %s".formatted(name, where, rule));
    }
    var value = value(name);
    if (!(value instanceof String text)) {
      throw new InvalidFieldException(
          "%s in %s takes a string of %s, and is %s".formatted(name, where, rule, shown(value)));
    }
    try {
      return parse.apply(text);
    } catch (IllegalArgumentException e) {
      var is = "%s (%d characters)".formatted(quoted(text), text.length());
      throw new InvalidFieldException(
          "%s in %s takes %s, and is %s".formatted(name, where, rule, is));
    }
  }

  private static String shown(@Nullable Object value) {
    return value == null ? "null" : clean(Json.line(value));
  }

  private static String upper(String name) {
    return Character.toUpperCase(name.charAt(0)) + name.substring(1);
  }
}
