package io.github.calculationguard.report;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.util.Map;

/** JSON as we write it: pure ASCII, on one line whatever is in it. */
public final class Json {

  private static final Gson GSON =
      new GsonBuilder()
          .disableHtmlEscaping()
          .setStrictness(Strictness.STRICT)
          .setObjectToNumberStrategy(Json::number)
          .create();

  private Json() {}

  /** One line. */
  public static String line(Map<String, ?> object) {
    return text(object);
  }

  /** One line of an object, a list, a text, a number or a truth. */
  public static String text(Object value) {
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
   * Reads an object.
   *
   * @throws IOException if the text is anything else
   */
  @SuppressWarnings("unchecked") // The names of an object are texts.
  public static Map<String, Object> object(String text) throws IOException {
    try (var reader = new JsonReader(new StringReader(text))) {
      reader.setStrictness(Strictness.STRICT);
      if (!(GSON.getAdapter(Object.class).read(reader) instanceof Map<?, ?> object)) {
        throw new IOException("it is no object");
      }
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw new IOException("something follows the object");
      }
      return (Map<String, Object>) object;
    } catch (JsonParseException e) {
      throw new IOException(e);
    }
  }

  private static Number number(JsonReader reader) throws IOException {
    var text = reader.nextString();
    if (text.length() > 18 || text.matches(".*[.eE].*")) {
      return Double.valueOf(text);
    }
    var whole = Long.parseLong(text);
    return whole == (int) whole ? (Number) (int) whole : (Number) whole;
  }
}
