package io.github.calculationguard.lambda;

import com.amazonaws.services.lambda.runtime.CustomPojoSerializer;
import io.github.calculationguard.report.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Reads events and writes answers in the interface client's stead, by the JSON that all else here
 * uses: its own can't be primed, and is loaded while the first order waits.
 *
 * @see <a href="https://docs.aws.amazon.com/lambda/latest/dg/java-custom-serialization.html">Custom
 *     serialization</a>
 */
public final class EventSerializer implements CustomPojoSerializer {

  /** For the service loader. */
  public EventSerializer() {}

  @Override
  @SuppressWarnings("TypeParameterUnusedInFormals")
  public <T> T fromJson(InputStream event, Type type) {
    try {
      return fromJson(new String(event.readAllBytes(), StandardCharsets.UTF_8), type);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Every handler takes an object; to get anything else is to get nothing that it understands. */
  @Override
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  public <T> T fromJson(String event, Type type) {
    try {
      return (T) Json.object(event);
    } catch (IOException e) {
      return (T) Map.of();
    }
  }

  @Override
  public <T> void toJson(T answer, OutputStream out, Type type) {
    try {
      out.write(Json.line(answer).getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
