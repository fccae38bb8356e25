package io.github.calculationguard.lambda;

import module java.base;

import com.amazonaws.services.lambda.runtime.events.APIGatewayProxyResponseEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import io.github.calculationguard.report.*;
import io.github.calculationguard.stop.*;
import org.jspecify.annotations.Nullable;

/**
 * Replies over HTTP: the log record as JSON, and errors as problem details (RFC 9457).
 *
 * @param source REST APIs take another type than HTTP APIs and function URLs
 * @param base what stands before the API's own paths: a stage, or a base path of a custom domain
 */
record HttpReply(Source source, String base) {

  /** The reply to a request with its outcome; null for one that was only to describe. */
  Object of(@Nullable Outcome outcome, LogRecord record) {
    return switch (outcome) {
      case CANCELED, FINISHED_ANYWAY, SESSION_TERMINATED, ALREADY_OVER, LEFT_ALONE, DRY_RUN ->
          reply(200, record.fields(), Map.of());
      case null -> reply(200, record.fields(), Map.of());
      case CANCELING -> {
        var calculation = record.text("calculation_id");
        var path =
            calculation == null
                ? "/sessions/" + record.text("session_id")
                : "/calculations/" + calculation;
        yield reply(202, record.fields(), Map.of("Location", base + path, "Retry-After", "2"));
      }
      case INVALID -> problem(400, "Invalid request", record.fields());
      case DENIED -> problem(403, "Denied by AWS", record.fields());
      case NOT_FOUND -> {
        var what = record.text("calculation_id") == null ? "session" : "calculation";
        yield problem(404, "No such " + what, record.fields());
      }
    };
  }

  /** The reply to a request that needs a retry, with the outcomes of its other parts. */
  Object unavailable(LogRecord failure, List<LogRecord> others) {
    var fields = new LinkedHashMap<>(failure.fields());
    if (!others.isEmpty()) {
      fields.put("calculations", others.stream().map(LogRecord::fields).toList());
    }
    var title =
        failure.isFalse("handed_over")
            ? "The guard cannot continue in the background"
            : "Athena is unavailable";
    return problem(503, title, fields);
  }

  private Object problem(int status, String title, Map<String, Object> fields) {
    var problem = new LinkedHashMap<String, Object>();
    problem.put("type", "about:blank");
    problem.put("title", title);
    problem.put("status", status);
    problem.put("detail", String.valueOf(fields.get("reason")));
    problem.putAll(fields);
    return reply(status, problem, status == 503 ? Map.of("Retry-After", "10") : Map.of());
  }

  private Object reply(int status, Map<String, ?> body, Map<String, String> more) {
    var headers = new HashMap<>(more);
    headers.put("Content-Type", status < 400 ? "application/json" : "application/problem+json");
    var json = Json.line(body);
    return source == Source.REST_API
        ? new APIGatewayProxyResponseEvent()
            .withStatusCode(status)
            .withHeaders(headers)
            .withBody(json)
        : APIGatewayV2HTTPResponse.builder()
            .withStatusCode(status)
            .withHeaders(headers)
            .withBody(json)
            .build();
  }
}
