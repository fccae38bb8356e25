package io.github.calculationguard.lambda;

import com.amazonaws.services.lambda.runtime.events.APIGatewayProxyResponseEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import io.github.calculationguard.report.Json;
import io.github.calculationguard.report.LogRecord;
import io.github.calculationguard.stop.Outcome;
import io.github.calculationguard.stop.Source;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Replies over HTTP: the log record as JSON, and errors as problem details.
 *
 * @param source REST APIs take another type than HTTP APIs and function URLs
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9457">RFC 9457</a>
 */
record HttpReply(Source source) {

  private static final String SOON_SECONDS = "2";
  private static final String LATER_SECONDS = "10";

  /** The reply to a request with its outcome. */
  Object of(Outcome outcome, LogRecord record) {
    return switch (outcome) {
      case CANCELED, FINISHED_ANYWAY, SESSION_TERMINATED, ALREADY_OVER, LEFT_ALONE, DRY_RUN ->
          ok(record);
      case CANCELING -> {
        var location = "/calculations/" + record.text("calculation_id");
        var headers = Map.of("Location", location, "Retry-After", SOON_SECONDS);
        yield reply(202, "application/json", record.fields(), headers);
      }
      case INVALID -> problem(400, "Invalid request", record, Map.of());
      case DENIED -> problem(403, "Denied by AWS", record, Map.of());
      case NOT_FOUND -> problem(404, "No such calculation", record, Map.of());
    };
  }

  /** The reply to a request that was only to describe. */
  Object ok(LogRecord record) {
    return reply(200, "application/json", record.fields(), Map.of());
  }

  /**
   * The reply to a request that must be repeated, at least for a part.
   *
   * @param failure what is to be repeated, and why
   * @param others what became of the rest
   */
  Object unavailable(LogRecord failure, List<LogRecord> others) {
    var body = problemBody(503, "Athena is unavailable", failure);
    if (!others.isEmpty()) {
      body.put("calculations", others.stream().map(LogRecord::fields).toList());
    }
    var headers = Map.of("Retry-After", LATER_SECONDS);
    return reply(503, "application/problem+json", body, headers);
  }

  private Object problem(int status, String title, LogRecord record, Map<String, String> headers) {
    return reply(status, "application/problem+json", problemBody(status, title, record), headers);
  }

  private static Map<String, Object> problemBody(int status, String title, LogRecord record) {
    var problem = new LinkedHashMap<String, Object>();
    problem.put("type", "about:blank");
    problem.put("title", title);
    problem.put("status", status);
    problem.put("detail", String.valueOf(record.text("reason")));
    problem.putAll(record.fields());
    return problem;
  }

  private Object reply(
      int status, String contentType, Map<String, ?> body, Map<String, String> more) {
    var headers = new LinkedHashMap<>(more);
    headers.put("Content-Type", contentType);
    var json = Json.line(body);
    return source == Source.REST_API
        ? new APIGatewayProxyResponseEvent()
            .withStatusCode(status)
            .withHeaders(headers)
            .withBody(json)
            .withIsBase64Encoded(false)
        : APIGatewayV2HTTPResponse.builder()
            .withStatusCode(status)
            .withHeaders(headers)
            .withBody(json)
            .withIsBase64Encoded(false)
            .build();
  }
}
