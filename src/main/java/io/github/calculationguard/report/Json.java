package io.github.calculationguard.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;

/** JSON as we write it: pure ASCII, on one line whatever is in it. */
public final class Json {

  private static final JSON JSON_LINE =
      JSON.builder(JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build()).build();

  private Json() {}

  /** One line. */
  public static String line(Map<String, ?> object) {
    return text(object);
  }

  /** One line of an object, a list, a text, a number or a truth. */
  public static String text(Object value) {
    try {
      return JSON_LINE.asString(value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads an object.
   *
   * @throws IOException if the text is anything else
   */
  public static Map<String, Object> object(String text) throws IOException {
    try (var parser = JSON_LINE.createParser(text)) {
      var object = JSON_LINE.mapFrom(parser);
      if (object == null) {
        throw new IOException("null is no object");
      }
      if (parser.nextToken() != null) {
        throw new IOException("something follows the object");
      }
      return object;
    }
  }
}
