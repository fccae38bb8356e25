package io.github.calculationguard.lambda;

import static java.util.Objects.requireNonNullElse;

import module java.base;

import io.github.calculationguard.guard.Finding;
import io.github.calculationguard.lambda.JsonObject.InvalidFieldException;
import io.github.calculationguard.report.*;
import io.github.calculationguard.stop.Source;
import org.jspecify.annotations.Nullable;

/** An event of an HTTP API, a REST API or a function URL. */
record HttpRequest(JsonObject event, Source source) {

  private static final Pattern STOP_PATH = Pattern.compile("/calculations/([^/]*)/stop/?$");
  private static final Pattern END_PATH = Pattern.compile("/sessions/([^/]*)/terminate/?$");
  private static final Pattern DESCRIBE_PATH = Pattern.compile("/calculations/([^/]*)/?$");
  private static final Pattern SESSION_PATH = Pattern.compile("/sessions/([^/]*)/?$");
  // Only such a base is repeated in a header.
  private static final Pattern BASE =
      Pattern.compile("((?:/[\\w.~$-]+)*)/(?:calculations|sessions)/[^/]*(?:/stop|/terminate)?/?");

  @Nullable String method() {
    return isRest() ? event.text("httpMethod") : context().object("http").text("method");
  }

  @Nullable String requestId() {
    return context().text("requestId");
  }

  /** The caller's ARN, which IAM vouches for. */
  @Nullable String caller() {
    var iam = context().object("authorizer").object("iam");
    return (isRest() ? context().object("identity") : iam).text("userArn");
  }

  private JsonObject context() {
    return event.object("requestContext");
  }

  private boolean isRest() {
    return source == Source.REST_API;
  }

  private String path() {
    return requireNonNullElse(event.text(isRest() ? "path" : "rawPath"), "");
  }

  /** What the path begins with: a stage, the base path of a custom domain, or nothing. */
  String base() {
    // A REST API's own path lacks the stage.
    var called = isRest() ? context().text("path") : event.text("rawPath");
    var base = BASE.matcher(requireNonNullElse(called, ""));
    return base.matches() ? base.group(1) : "";
  }

  JsonObject described() {
    return named(SESSION_PATH, DESCRIBE_PATH);
  }

  /** What a POST asks for: its body, but the path overrides it. */
  JsonObject posted() {
    var request = new HashMap<Object, @Nullable Object>(body().map());
    if (END_PATH.matcher(path()).find()) {
      request.put(Handover.END_SESSION, true);
    }
    request.putAll(named(END_PATH, STOP_PATH).map());
    return new JsonObject(request);
  }

  /** The IDs in the path: as API Gateway read them, or else from the path itself. */
  private JsonObject named(Pattern session, Pattern calculation) {
    var named = new HashMap<String, @Nullable Object>();
    var parameters = event.object("pathParameters");
    Map.of(Finding.SESSION_ID, session, Finding.CALCULATION_ID, calculation)
        .forEach(
            (name, pattern) -> {
              var matcher = pattern.matcher(path());
              if (parameters.has(name)) {
                named.put(name, parameters.value(name));
              } else if (matcher.find()) {
                named.put(name, matcher.group(1));
              }
            });
    return new JsonObject(named);
  }

  private JsonObject body() {
    var sent = event.value("body");
    if (sent == null) {
      return JsonObject.EMPTY;
    }
    if (!(sent instanceof String text)) {
      throw new InvalidFieldException("the body is not a string");
    }
    try {
      var json =
          event.isTrue("isBase64Encoded")
              ? new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8)
              : text;
      return json.isBlank() ? JsonObject.EMPTY : new JsonObject(Json.object(json));
    } catch (IllegalArgumentException e) {
      throw new InvalidFieldException("the body is not base64, although isBase64Encoded is true");
    } catch (Json.InvalidJsonException e) {
      throw new InvalidFieldException("the body is not a JSON object: " + e.getMessage());
    }
  }
}
