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

  /** The object in a value; empty where it is none. */
  static JsonObject of(@Nullable Object value) {
    return value instanceof Map<?, ?> object ? new JsonObject(object) : EMPTY;
  }

  JsonObject object(String name) {
    return of(value(name));
  }

  /** The objects in a list; empty where the field is missing or no list. */
  Stream<JsonObject> objects(String name) {
    return value(name) instanceof List<?> list ? list.stream().map(JsonObject::of) : Stream.empty();
  }

  @Nullable String text(String name) {
    return value(name) instanceof String text ? text : null;
  }

  /** Absent where the field is missing, no number, or infinite. */
  @Nullable Number number(String name) {
    var value = value(name) instanceof Number number ? number : Double.NaN;
    return Double.isFinite(value.doubleValue()) ? value : null;
  }

  /** The value of a field that must be there. */
  <T> T required(String name, Function<String, @Nullable T> read, String accepted) {
    var value = read.apply(name);
    if (value == null) {
      throw wrong(name, accepted);
    }
    return value;
  }

  @Nullable Instant instant(String name) {
    var value = value(name);
    return value == null
        ? null
        : Instants.parse(value.toString())
            .orElseThrow(() -> wrong(name, "an instant such as 2026-11-22T09:30:00Z"));
  }

  boolean isTrue(String name) {
    return switch (value(name)) {
      case null -> false;
      case Boolean bool -> bool;
      case String text when text.equals("true") -> true;
      case String text when text.equals("false") -> false;
      default -> throw wrong(name, "true or false");
    };
  }

  /** Reads an ID; where this object stands, and the rule for IDs, are words for people. */
  <T> T id(String name, String where, String rule, Function<String, T> parse) {
    if (!has(name)) {
      throw new InvalidFieldException(
          "%s is missing in %s: it takes %s".formatted(name, where, rule));
    }
    var field = name + " in " + where;
    if (!(value(name) instanceof String text)) {
      throw wrong(field, "a string of " + rule, shown(value(name)));
    }
    try {
      return parse.apply(text);
    } catch (IllegalArgumentException e) {
      throw wrong(field, rule, "%s (%d characters)".formatted(quoted(text), text.length()));
    }
  }

  /** The error of a field that is missing or has another value. */
  InvalidFieldException wrong(String name, String accepted) {
    return wrong(name, accepted, shown(value(name)));
  }

  private static InvalidFieldException wrong(String field, String accepted, String is) {
    return new InvalidFieldException("%s takes %s, and is %s".formatted(field, accepted, is));
  }

  private static String shown(@Nullable Object value) {
    return value == null ? "null" : clean(Json.line(value));
  }

  private static String upper(String name) {
    return Character.toUpperCase(name.charAt(0)) + name.substring(1);
  }
}
