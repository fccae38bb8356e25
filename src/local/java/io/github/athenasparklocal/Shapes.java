package io.github.athenasparklocal;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkField;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.traits.ListTrait;
import software.amazon.awssdk.core.traits.MapTrait;
import software.amazon.awssdk.core.util.SdkAutoConstructList;
import software.amazon.awssdk.core.util.SdkAutoConstructMap;
import software.amazon.awssdk.utils.builder.Buildable;

/**
 * JSON to the SDK's own model classes and back, by what those classes tell about their fields, and
 * with the checks that a service makes.
 */
final class Shapes {

  private final List<String> violations = new ArrayList<>();

  private Shapes() {}

  /**
   * Reads a request.
   *
   * @param builder an empty one, of the request's class
   * @throws Refused SerializationException for a wrong type, InvalidRequestException for what the
   *     service model does not allow
   */
  static Object read(Map<?, ?> json, SdkPojo builder) {
    var shapes = new Shapes();
    var request = shapes.structure(json, builder, "");
    if (!shapes.violations.isEmpty()) {
      var count = shapes.violations.size();
      throw Refused.invalid(
          "%d validation error%s detected: %s"
              .formatted(count, count == 1 ? "" : "s", String.join("; ", shapes.violations)));
    }
    return request;
  }

  private Object structure(Map<?, ?> json, SdkPojo builder, String path) {
    var shape = builder.getClass().getEnclosingClass().getSimpleName();
    for (var field : builder.sdkFields()) {
      var name = field.locationName();
      var here = path + Character.toLowerCase(name.charAt(0)) + name.substring(1);
      var member = shape + "." + name;
      var value = json.get(name);
      if (value != null) {
        field.set(builder, value(field, value, member, here));
      } else if (Constraints.of(member).required()) {
        violations.add(
            "Value null at '%s' failed to satisfy constraint: Member must not be null"
                .formatted(here));
      }
    }
    return ((Buildable) builder).build();
  }

  private Object value(SdkField<?> field, Object json, String member, String path) {
    var read =
        switch (field.marshallingType().getKnownType()) {
          case STRING -> expect(String.class, json);
          case BOOLEAN -> expect(Boolean.class, json);
          case INTEGER -> whole(json, Integer.MIN_VALUE, Integer.MAX_VALUE).intValue();
          case LONG -> whole(json, Long.MIN_VALUE, Long.MAX_VALUE);
          case LIST -> list(field, expect(List.class, json), member, path);
          case MAP -> map(field, expect(Map.class, json), member, path);
          case SDK_POJO ->
              structure(expect(Map.class, json), field.constructor().get(), path + ".");
          default -> throw new IllegalStateException("no request has a " + member);
        };
    check(read, member, path);
    return read;
  }

  private void check(Object value, String member, String path) {
    var broken = Constraints.of(member).broken(value);
    if (broken != null) {
      violations.add(
          "Value '%s' at '%s' failed to satisfy constraint: %s".formatted(value, path, broken));
    }
  }

  private List<Object> list(SdkField<?> field, List<?> json, String member, String path) {
    var element = field.getTrait(ListTrait.class).memberFieldInfo();
    var values = new ArrayList<>();
    for (var value : json) {
      if (value == null) {
        throw serialization("a list may not hold null");
      }
      var place = "%s.%d.member".formatted(path, values.size() + 1);
      values.add(value(element, value, member + "[]", place));
    }
    return values;
  }

  private Map<String, Object> map(SdkField<?> field, Map<?, ?> json, String member, String path) {
    var element = field.getTrait(MapTrait.class).valueFieldInfo();
    var values = new LinkedHashMap<String, Object>();
    json.forEach(
        (key, value) -> {
          if (value == null) {
            throw serialization("a map may not hold null");
          }
          check(key, member + "{key}", path);
          values.put(
              key.toString(), value(element, value, member + "{}", path + "." + key + ".member"));
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
          case Integer integer -> BigInteger.valueOf(integer);
          case Long integer -> BigInteger.valueOf(integer);
          case BigInteger integer -> integer;
          default -> throw serialization(kind(json) + " can not be converted to an Integer");
        };
    if (number.compareTo(BigInteger.valueOf(min)) < 0
        || number.compareTo(BigInteger.valueOf(max)) > 0) {
      throw serialization(number + " is out of range");
    }
    return number.longValue();
  }

  private static String kind(Object json) {
    return switch (json) {
      case String _ -> "STRING_VALUE";
      case Boolean bool -> bool ? "TRUE_VALUE" : "FALSE_VALUE";
      case Number _ -> "NUMBER_VALUE";
      case List<?> _ -> "START_ARRAY";
      default -> "START_OBJECT";
    };
  }

  /**
   * Reads a request's body.
   *
   * @throws Refused SerializationException where it is no JSON object
   */
  static Map<?, ?> object(String body) {
    try {
      if (Json.parse(body) instanceof Map<?, ?> object) {
        return object;
      }
      throw serialization("The body is no JSON object");
    } catch (IllegalArgumentException e) {
      throw serialization("The body is no JSON: " + e.getMessage());
    }
  }

  private static Refused serialization(String message) {
    return Refused.byProtocol("SerializationException", message);
  }

  /** Writes a reply; what is absent stays absent. */
  static Map<String, Object> write(SdkPojo pojo) {
    var json = new LinkedHashMap<String, Object>();
    for (var field : pojo.sdkFields()) {
      var value = field.getValueOrDefault(pojo);
      // The SDK gives an empty collection of its own kind for one that was never set.
      if (value != null
          && !(value instanceof SdkAutoConstructList)
          && !(value instanceof SdkAutoConstructMap)) {
        json.put(field.locationName(), plain(value));
      }
    }
    return json;
  }

  private static Object plain(Object value) {
    return switch (value) {
      case SdkPojo pojo -> write(pojo);
      case Instant instant -> BigDecimal.valueOf(instant.toEpochMilli(), 3);
      case List<?> list -> list.stream().map(Shapes::plain).toList();
      case Map<?, ?> map -> {
        var json = new LinkedHashMap<String, @Nullable Object>();
        map.forEach((key, element) -> json.put(key.toString(), plain(element)));
        yield json;
      }
      default -> value;
    };
  }
}
