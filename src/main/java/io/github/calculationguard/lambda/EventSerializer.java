package io.github.calculationguard.lambda;

import module java.base;

import com.amazonaws.services.lambda.runtime.CustomPojoSerializer;
import com.amazonaws.services.lambda.runtime.events.APIGatewayProxyResponseEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import io.github.calculationguard.report.Json;

/**
 * Reads events and writes replies with the guard's own JSON library. The runtime interface client's
 * can't be primed, and would be loaded while the first request waits.
 */
@SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // Handlers take a Map only.
public final class EventSerializer implements CustomPojoSerializer {

  /** The key that says why an event is not a JSON object. */
  static final String INVALID = "$invalid";

  @Override
  public <T> T fromJson(InputStream event, Type type) {
    try {
      return fromJson(new String(event.readAllBytes(), StandardCharsets.UTF_8), type);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public <T> T fromJson(String event, Type type) {
    try {
      return (T) Json.object(event);
    } catch (Json.InvalidJsonException e) {
      return (T) Map.of(INVALID, e.getMessage());
    }
  }

  @Override
  public <T> void toJson(T reply, OutputStream out, Type type) {
    try {
      out.write(Json.line(plain(reply)).getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** API Gateway's replies by their names on the wire, which differ from the beans' names. */
  private static Object plain(Object reply) {
    return switch (reply) {
      case APIGatewayV2HTTPResponse it -> http(it.getStatusCode(), it.getHeaders(), it.getBody());
      case APIGatewayProxyResponseEvent it ->
          http(it.getStatusCode(), it.getHeaders(), it.getBody());
      default -> reply;
    };
  }

  private static Object http(int status, Map<String, String> headers, String body) {
    return Map.of("statusCode", status, "headers", headers, "body", body, "isBase64Encoded", false);
  }
}
