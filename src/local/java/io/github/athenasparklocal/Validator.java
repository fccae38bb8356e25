package io.github.athenasparklocal;

import io.github.athenasparklocal.ApiModel.Member;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Checks a request, or a reply, by the API model. */
final class Validator {

  /** An error echoes no more characters of a value. */
  static final int MAX_ECHO = 200;

  private final List<String> violations = new ArrayList<>();

  private Validator() {}

  /**
   * Reads a request. Unknown members and nulls are left out.
   *
   * @throws Refused SerializationException for a wrong type, InvalidRequestException for a violated
   *     constraint
   */
  static Map<String, Object> request(ApiModel.Operation operation, String body) {
    var validator = new Validator();
    var request = validator.structure(operation.input(), parse(body), "");
    if (!validator.violations.isEmpty()) {
      var count = validator.violations.size();
      throw Refused.invalid(
          "%d validation error%s detected: %s"
              .formatted(
                  count, count == 1 ? "" : "s", String.join("; ", validator.violations)));
    }
    return request;
  }

  /** What is wrong with a reply: violated constraints, wrong types and unknown members. */
  static List<String> violations(String structure, Map<?, ?> reply) {
    var validator = new Validator();
    try {
      var known = validator.structure(structure, reply, "");
      if (!Json.text(known).equals(Json.text(reply))) {
        validator.violations.add("Unknown or null members: " + reply);
      }
    } catch (Refused refused) {
      validator.violations.add(String.valueOf(refused.getMessage()));
    }
    return validator.violations;
  }

  private static Map<?, ?> parse(String body) {
    try {
      if (Json.parse(body) instanceof Map<?, ?> object) {
        return object;
      }
      throw serialization("The body is not a JSON object");
    } catch (IllegalArgumentException e) {
      throw serialization("The body is not JSON: " + e.getMessage());
    }
  }

  private Map<String, Object> structure(String structure, Map<?, ?> json, String path) {
    var members = ApiModel.structure(structure);
    for (var member : members.values()) {
      if (member.required() && json.get(member.shortName()) == null) {
        violations.add(
            "Value null at '%s' failed to satisfy constraint: Member must not be null"
                .formatted(path + lowerCamel(member.shortName())));
      }
    }
    var read = new LinkedHashMap<String, Object>();
    json.forEach(
        (key, value) -> {
          var member = members.get(String.valueOf(key));
          if (member != null && value != null) {
            read.put(
                member.shortName(), value(member, value, path + lowerCamel(member.shortName())));
          }
        });
    return read;
  }

  private static String lowerCamel(String name) {
    return Character.toLowerCase(name.charAt(0)) + name.substring(1);
  }

  private Object value(Member member, Object json, String path) {
    var read =
        switch (member.type()) {
          case "string" -> expect(String.class, json);
          case "boolean" -> expect(Boolean.class, json);
          case "integer" -> whole(json, Integer.MIN_VALUE, Integer.MAX_VALUE);
          case "long" -> whole(json, Long.MIN_VALUE, Long.MAX_VALUE);
          case "timestamp" -> expect(Number.class, json);
          case "list" -> list(member, expect(List.class, json), path);
          case "map" -> map(member, expect(Map.class, json), path);
          default -> structure(member.type(), expect(Map.class, json), path + ".");
        };
    check(member, read, path);
    return read;
  }

  private void check(Member member, Object value, String path) {
    var violated = member.violated(value);
    if (violated != null) {
      violations.add(
          "Value '%s' at '%s' failed to satisfy constraint: %s"
              .formatted(cut(value.toString()), path, violated));
    }
  }

  static String cut(String text) {
    return text.length() <= MAX_ECHO ? text : text.substring(0, MAX_ECHO) + "…";
  }

  private List<Object> list(Member member, List<?> json, String path) {
    var element = ApiModel.element(member, "[]");
    var values = new ArrayList<>();
    for (var value : json) {
      if (value == null) {
        throw serialization("A list must not hold null");
      }
      values.add(value(element, value, "%s.%d.member".formatted(path, values.size() + 1)));
    }
    return values;
  }

  private Map<String, Object> map(Member member, Map<?, ?> json, String path) {
    var element = ApiModel.element(member, "{}");
    var values = new LinkedHashMap<String, Object>();
    json.forEach(
        (key, value) -> {
          if (value == null) {
            throw serialization("A map must not hold null");
          }
          check(ApiModel.element(member, "{key}"), key.toString(), path);
          values.put(
              key.toString(), value(element, value, path + "." + cut(key.toString()) + ".member"));
        });
    return values;
  }

  private static <T> T expect(Class<T> type, Object json) {
    if (type.isInstance(json)) {
      return type.cast(json);
    }
    throw serialization(
        "%s can not be converted to a %s".formatted(kind(json), type.getSimpleName()));
  }

  private static Long whole(Object json, long min, long max) {
    var number =
        switch (json) {
          case Integer integer -> integer.longValue();
          case Long integer -> integer;
          case BigInteger integer ->
              throw serialization(cut(integer.toString()) + " is out of range");
          default -> throw serialization(kind(json) + " can not be converted to an Integer");
        };
    if (number < min || number > max) {
      throw serialization(number + " is out of range");
    }
    return number;
  }

  private static String kind(@Nullable Object json) {
    return switch (json) {
      case String _ -> "STRING_VALUE";
      case Boolean bool -> bool ? "TRUE_VALUE" : "FALSE_VALUE";
      case Number _ -> "NUMBER_VALUE";
      case List<?> _ -> "START_ARRAY";
      case null, default -> "START_OBJECT";
    };
  }

  private static Refused serialization(String message) {
    return Refused.byProtocol("SerializationException", message);
  }
}
