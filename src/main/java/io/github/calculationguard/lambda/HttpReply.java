package io.github.calculationguard.lambda;

import io.github.calculationguard.report.Json;
import io.github.calculationguard.report.LogRecord;
import io.github.calculationguard.report.StopReport;
import io.github.calculationguard.stop.StopOutcome;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Answers over HTTP: the record as JSON, and errors as problem details.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9457">RFC 9457</a>
 */
final class HttpReply {

  private static final String SOON_SECONDS = "2";
  private static final String LATER_SECONDS = "10";

  private HttpReply() {}

  static Map<String, Object> of(StopReport story, LogRecord record) {
    return switch (story.outcome()) {
      case StopOutcome.Canceled _,
          StopOutcome.FinishedAnyway _,
          StopOutcome.SessionTerminated _,
          StopOutcome.AlreadyOver _,
          StopOutcome.LeftAlone _,
          StopOutcome.DryRun _ ->
          ok(record);
      case StopOutcome.Canceling _ -> {
        var location = "/calculations/" + record.fields().get("calculation_id");
        var headers = Map.of("Location", location, "Retry-After", SOON_SECONDS);
        yield reply(202, "application/json", record.fields(), headers);
      }
      case StopOutcome.Invalid _ -> problem(400, "Not an order", record, Map.of());
      case StopOutcome.Denied _ -> problem(403, "Denied by AWS", record, Map.of());
      case StopOutcome.NotFound _ -> problem(404, "No such calculation", record, Map.of());
    };
  }

  static Map<String, Object> ok(LogRecord record) {
    return reply(200, "application/json", record.fields(), Map.of());
  }

  static Map<String, Object> unavailable(LogRecord record) {
    return problem(503, "Athena can't be reached", record, Map.of("Retry-After", LATER_SECONDS));
  }

  private static Map<String, Object> problem(
      int status, String title, LogRecord record, Map<String, String> headers) {
    var problem = new LinkedHashMap<String, Object>();
    problem.put("type", "about:blank");
    problem.put("title", title);
    problem.put("status", status);
    problem.put("detail", record.fields().get("reason"));
    problem.putAll(record.fields());
    return reply(status, "application/problem+json", problem, headers);
  }

  private static Map<String, Object> reply(
      int status, String contentType, Map<String, ?> body, Map<String, String> more) {
    var headers = new LinkedHashMap<>(more);
    headers.put("Content-Type", contentType);
    var reply = new LinkedHashMap<String, Object>();
    reply.put("statusCode", status);
    reply.put("headers", headers);
    reply.put("body", Json.line(body));
    reply.put("isBase64Encoded", false);
    return reply;
  }
}
