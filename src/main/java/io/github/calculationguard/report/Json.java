package io.github.calculationguard.report;

import module java.base;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.jr.ob.JSON;

/** JSON as the guard writes it: pure ASCII, one line. */
public final class Json {

  private static final JSON JACKSON =
      JSON.builder(
              JsonFactory.builder()
                  .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .build();

  private Json() {}

  /** One line with an object, a list, a text, a finite number or a boolean. */
  public static String line(Object value) {
    try {
      return JACKSON.asString(value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads an object.
   *
   * @throws InvalidJsonException if the text is anything else, or has a name twice
   */
  public static Map<String, Object> object(String text) throws InvalidJsonException {
    try (var parser = JACKSON.createParser(text)) {
      var object = JACKSON.mapFrom(parser);
      if (object == null) {
        throw new JsonParseException(parser, "it is null");
      }
      if (parser.nextToken() != null) {
        throw new JsonParseException(parser, "text follows the object");
      }
      return object;
    } catch (JsonProcessingException e) {
      var at = Objects.requireNonNullElse(e.getLocation(), JsonLocation.NA);
      throw new InvalidJsonException(
          "%s (line %d, column %d)"
              .formatted(e.getOriginalMessage(), at.getLineNr(), at.getColumnNr()),
          e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A text is no JSON object; the message says where and why. */
  public static final class InvalidJsonException extends IOException {
    InvalidJsonException(String message, JsonProcessingException cause) {
      super(message, cause);
    }

    @Override
    public String getMessage() {
      return String.valueOf(super.getMessage());
    }
  }
}
