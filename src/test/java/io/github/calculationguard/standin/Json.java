package io.github.calculationguard.standin;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON as maps, lists and plain values. */
public final class Json {

  private Json() {}

  /**
   * @throws IOException if it is not JSON, or something follows it
   */
  public static @Nullable Object parse(String text) throws IOException {
    try (var parser = JSON.std.createParser(text)) {
      var value = JSON.std.anyFrom(parser);
      if (parser.nextToken() != null) {
        throw new IOException("something follows the JSON");
      }
      return value;
    }
  }

  /** Parses a JSON object. */
  public static Map<?, ?> object(String text) {
    try {
      return parse(text) instanceof Map<?, ?> object ? object : Map.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes a JSON object. */
  public static String text(Map<String, ?> value) {
    try {
      return JSON.std.asString(value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
