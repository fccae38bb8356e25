package io.github.calculationguard.lambda;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import io.github.calculationguard.report.Json;
import io.github.calculationguard.report.StopRecord;
import io.github.calculationguard.report.Story;
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

  static APIGatewayV2HTTPResponse of(Story story, StopRecord record) {
    return switch (story.outcome()) {
      case StopOutcome.Canceled _,
          StopOutcome.FinishedAnyway _,
          StopOutcome.SessionTerminated _,
          StopOutcome.AlreadyOver _,
          StopOutcome.LeftAlone _,
          StopOutcome.DryRun _ ->
          ok(record);
      case StopOutcome.Canceling _ ->
          reply(
              202,
              record.fields(),
              Map.of(
                  "Content-Type",
                  "application/json",
                  "Location",
                  "/calculations/" + record.fields().get("calculation_id"),
                  "Retry-After",
                  SOON_SECONDS));
      case StopOutcome.Invalid _ -> problem(400, "Not an order", record);
      case StopOutcome.Denied _ -> problem(403, "Denied by AWS", record);
      case StopOutcome.NotFound _ -> problem(404, "No such calculation", record);
    };
  }

  static APIGatewayV2HTTPResponse ok(StopRecord record) {
    return reply(200, record.fields(), Map.of("Content-Type", "application/json"));
  }

  static APIGatewayV2HTTPResponse unavailable(StopRecord record) {
    var reply = problem(503, "Athena can't be reached", record);
    var headers = new LinkedHashMap<>(reply.getHeaders());
    headers.put("Retry-After", LATER_SECONDS);
    reply.setHeaders(headers);
    return reply;
  }

  private static APIGatewayV2HTTPResponse problem(int status, String title, StopRecord record) {
    var problem = new LinkedHashMap<String, Object>();
    problem.put("type", "about:blank");
    problem.put("title", title);
    problem.put("status", status);
    problem.put("detail", record.fields().get("reason"));
    problem.putAll(record.fields());
    return reply(status, problem, Map.of("Content-Type", "application/problem+json"));
  }

  private static APIGatewayV2HTTPResponse reply(
      int status, Map<String, ?> body, Map<String, String> headers) {
    return APIGatewayV2HTTPResponse.builder()
        .withStatusCode(status)
        .withHeaders(headers)
        .withBody(Json.line(body))
        .withIsBase64Encoded(false)
        .build();
  }
}
