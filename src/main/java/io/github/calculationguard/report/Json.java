package io.github.calculationguard.report;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import java.io.IOException;
import java.io.StringReader;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON as we write it: pure ASCII, on one line whatever is in it. */
public final class Json {

  private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

  private Json() {}

  /** One line of an object, a list, a text, a finite number or a truth. */
  public static String line(Object value) {
    return ascii(GSON.toJson(value));
  }

  private static String ascii(String json) {
    if (json.chars().allMatch(it -> it < 0x80)) {
      return json;
    }
    var ascii = new StringBuilder(json.length() + 64);
    json.chars()
        .forEach(
            it -> {
              if (it < 0x80) {
                ascii.append((char) it);
              } else {
                ascii.append("\\u%04x".formatted(it));
              }
            });
    return ascii.toString();
  }

  /**
   * Reads an object. One that names something twice could be meant either way, and is none.
   *
   * @throws IOException if the text is anything else
   */
  @SuppressWarnings("unchecked") // The names of an object are texts.
  public static Map<String, Object> object(String text) throws IOException {
    try (var in = new JsonReader(new StringReader(text))) {
      in.setStrictness(Strictness.STRICT);
      if (!(value(in) instanceof Map<?, ?> object)) {
        throw new IOException("it is no object");
      }
      // Refuses what follows.
      var _ = in.peek();
      return (Map<String, Object>) object;
    }
  }

  private static @Nullable Object value(JsonReader in) throws IOException {
    return switch (in.peek()) {
      case BEGIN_OBJECT -> object(in);
      case BEGIN_ARRAY -> list(in);
      case NUMBER -> number(in.nextString());
      case BOOLEAN -> in.nextBoolean();
      case NULL -> {
        in.nextNull();
        yield null;
      }
      default -> in.nextString();
    };
  }

  private static Map<String, @Nullable Object> object(JsonReader in) throws IOException {
    var object = new LinkedHashMap<String, @Nullable Object>();
    in.beginObject();
    while (in.hasNext()) {
      var name = in.nextName();
      if (object.containsKey(name)) {
        throw new IOException("it has " + name + " twice");
      }
      object.put(name, value(in));
    }
    in.endObject();
    return object;
  }

  private static List<@Nullable Object> list(JsonReader in) throws IOException {
    var list = new ArrayList<@Nullable Object>();
    in.beginArray();
    while (in.hasNext()) {
      list.add(value(in));
    }
    in.endArray();
    return list;
  }

  private static Number number(String text) {
    if (text.chars().anyMatch(it -> it == '.' || it == 'e' || it == 'E')) {
      return Double.valueOf(text);
    }
    var whole = new BigInteger(text);
    if (whole.bitLength() < Integer.SIZE) {
      return whole.intValue();
    }
    return whole.bitLength() < Long.SIZE ? (Number) whole.longValue() : (Number) whole;
  }
}
