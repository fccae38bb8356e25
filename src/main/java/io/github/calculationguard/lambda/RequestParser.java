package io.github.calculationguard.lambda;

import io.github.calculationguard.lambda.JsonObject.InvalidFieldException;
import io.github.calculationguard.lambda.Request.Channel;
import io.github.calculationguard.report.Json;
import io.github.calculationguard.report.UserText;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.stop.LimitViolation;
import io.github.calculationguard.stop.RequestMetadata;
import io.github.calculationguard.stop.StopRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Makes a trigger of an event, whichever of the accepted shapes it has. */
final class RequestParser {

  private static final String ID = "calculationExecutionId";
  private static final Pattern STOP_PATH = Pattern.compile("/calculations/([^/]*)/stop/?$");
  private static final Pattern LOOK_PATH = Pattern.compile("/calculations/([^/]*)/?$");
  private static final JsonObject NOTHING = new JsonObject(Map.of());

  private static final String ACCEPTED =
      """
      ; accepted are: EventBridge "Athena Calculation Stop Requested" with detail.calculationExecutionId or \
      detail.sessionId; EventBridge "Athena Spark Finding" of source calculation-guard; CloudTrail's \
      StartCalculationExecution by EventBridge; "CloudWatch Alarm State Change" and "CloudWatch Alarm \
      Contributor State Change" in state ALARM with a SessionId; POST \
      /calculations/{calculationExecutionId}/stop and GET /calculations/{calculationExecutionId} by API \
      Gateway or a function URL; and an object with calculationExecutionId at its top""";

  private final JsonObject event;
  private final Invocation arrival;
  private final StopSettings settings;

  RequestParser(Map<String, Object> event, Invocation arrival, StopSettings settings) {
    this.event = new JsonObject(event);
    this.arrival = arrival;
    this.settings = settings;
  }

  Request read() {
    var context = event.object("requestContext");
    if (!context.map().isEmpty() || event.has("httpMethod")) {
      return context.has("http") ? http2(context) : http1(context);
    }
    var type = event.text("detail-type");
    if (type != null) {
      return eventBridge(type, event.object("detail"));
    }
    if (event.has(ID)) {
      return direct();
    }
    var seen = event.map().isEmpty() ? " (empty, not a JSON object, or with a name twice)" : "";
    return unusable("unknown shape" + seen + ACCEPTED, "unknown", Channel.EVENT, null);
  }

  // EventBridge

  private Request eventBridge(String type, JsonObject detail) {
    var trigger =
        switch (type) {
          case "Athena Spark Finding" -> "sweep";
          case "AWS API Call via CloudTrail" -> "cloudtrail";
          case "CloudWatch Alarm State Change", "CloudWatch Alarm Contributor State Change" ->
              "alarm";
          default -> "eventbridge";
        };
    try {
      var given = given(trigger, detail, settings.confirm());
      var order =
          switch (type) {
            case "Athena Calculation Stop Requested" -> requested(given, detail);
            case "Athena Spark Finding" -> finding(given, detail);
            case "AWS API Call via CloudTrail" -> started(given, detail);
            case "CloudWatch Alarm State Change" -> alarm(given, detail, dimensions(detail));
            case "CloudWatch Alarm Contributor State Change" ->
                alarm(
                    given,
                    detail,
                    Stream.of(detail.object("alarmContributor").object("attributes")));
            default -> throw new InvalidFieldException("unknown detail-type" + ACCEPTED);
          };
      return new Request.Stop(order, Channel.EVENT);
    } catch (InvalidFieldException e) {
      return unusable(e.getMessage(), trigger, Channel.EVENT, event.text("id"));
    }
  }

  private static StopRequest requested(RequestMetadata given, JsonObject detail) {
    return detail.has("sessionId") && !detail.has(ID)
        ? new StopRequest.StopSession(given, session(detail, "detail"))
        : new StopRequest.StopCalculation(given, calculation(detail, "detail"), null);
  }

  private StopRequest finding(RequestMetadata given, JsonObject detail) {
    if (!Objects.equals(event.text("source"), "calculation-guard")) {
      throw new InvalidFieldException("findings are taken from the source calculation-guard only");
    }
    var expires = detail.instant("expiresAt");
    if (expires == null) {
      throw new InvalidFieldException("detail.expiresAt is missing: a finding has to expire");
    }
    var rule = Objects.requireNonNullElse(detail.text("rule"), "");
    var limit =
        new LimitViolation(rule, detail.number("limit"), detail.number("observed"), expires);
    return switch (detail.text("target")) {
      case "calculation" ->
          new StopRequest.StopCalculation(given, calculation(detail, "detail"), limit);
      case "session" ->
          new StopRequest.EndSession(
              given, session(detail, "detail"), limit, detail.instant("onlyIfIdleSince"));
      case null, default ->
          throw new InvalidFieldException("detail.target takes \"calculation\" or \"session\"");
    };
  }

  private StopRequest started(RequestMetadata given, JsonObject detail) {
    if (!Objects.equals(event.text("source"), "aws.athena")
        || !Objects.equals(detail.text("eventName"), "StartCalculationExecution")) {
      throw new InvalidFieldException(
          "of CloudTrail's records only Athena's StartCalculationExecution is an order");
    }
    if (!(detail.value("responseElements") instanceof Map)) {
      throw new InvalidFieldException(
          "detail.responseElements is empty: the call was refused, so no calculation was started");
    }
    var answer = detail.object("responseElements");
    return new StopRequest.StopCalculation(
        given, calculation(answer, "detail.responseElements"), null);
  }

  private static StopRequest alarm(
      RequestMetadata given, JsonObject detail, Stream<JsonObject> named) {
    if (!Objects.equals(detail.object("state").text("value"), "ALARM")) {
      throw new InvalidFieldException(
          "detail.state.value is not ALARM: nothing else orders a stop");
    }
    var naming = named.filter(fields -> fields.has("sessionId")).findFirst().orElse(NOTHING);
    return new StopRequest.StopSession(
        given, session(naming, "the alarm's dimensions or attributes"));
  }

  private static Stream<JsonObject> dimensions(JsonObject detail) {
    return detail
        .object("configuration")
        .objects("metrics")
        .map(metric -> metric.object("metricStat").object("metric").object("dimensions"));
  }

  // Direct

  private Request direct() {
    var viewer = event.has("widgetContext");
    var channel = viewer ? Channel.WIDGET : Channel.EVENT;
    var trigger = viewer ? "widget" : "direct";
    try {
      var given = given(trigger, event, viewer ? settings.httpBudget() : settings.confirm());
      var id = calculation(event, "the event");
      return new Request.Stop(new StopRequest.StopCalculation(given, id, null), channel);
    } catch (InvalidFieldException e) {
      return unusable(e.getMessage(), trigger, channel, event.text("id"));
    }
  }

  // HTTP: API Gateway's HTTP APIs and function URLs send format 2.0, its REST APIs 1.0

  private Request http2(JsonObject context) {
    var request = context.object("http");
    var domain = context.text("domainName");
    return http(
        domain != null && domain.contains(".lambda-url.") ? "function-url" : "http-api",
        request.text("method"),
        event.text("rawPath"),
        context.object("authorizer").object("iam").text("userArn"),
        context.text("requestId"));
  }

  private Request http1(JsonObject context) {
    return http(
        "rest-api",
        event.text("httpMethod"),
        event.text("path"),
        context.object("identity").text("userArn"),
        context.text("requestId"));
  }

  private Request http(
      String trigger,
      @Nullable String method,
      @Nullable String path,
      @Nullable String caller,
      @Nullable String requestId) {
    try {
      return switch (method) {
        case "GET" -> {
          var given = waiting(trigger, requestId, NOTHING, caller);
          yield new Request.Look(
              calculation(inPath(LOOK_PATH, path), "GET's path /calculations/{id}"), given);
        }
        case "POST" -> {
          var body = body();
          var named = inPath(STOP_PATH, path);
          var id = calculation(named.has(ID) ? named : body, "the path and the body");
          var given = waiting(trigger, requestId, body, caller);
          yield new Request.Stop(new StopRequest.StopCalculation(given, id, null), Channel.HTTP);
        }
        case null, default -> throw new InvalidFieldException("the method is " + method + ACCEPTED);
      };
    } catch (InvalidFieldException e) {
      var given = waiting(trigger, requestId, NOTHING, caller);
      return new Request.Unusable(e.getMessage(), given, Channel.HTTP);
    }
  }

  private JsonObject inPath(Pattern pattern, @Nullable String path) {
    var parameters = event.object("pathParameters");
    var matcher = pattern.matcher(path == null ? "" : path);
    if (parameters.has(ID) || !matcher.find()) {
      return parameters;
    }
    return new JsonObject(Map.of(ID, matcher.group(1)));
  }

  private JsonObject body() {
    var sent = event.value("body");
    if (sent == null) {
      return NOTHING;
    }
    if (!(sent instanceof String body)) {
      throw new InvalidFieldException("the body is not a text, as HTTP's are");
    }
    try {
      var text =
          event.isTrue("isBase64Encoded")
              ? new String(Base64.getDecoder().decode(body), StandardCharsets.UTF_8)
              : body;
      return text.isBlank() ? NOTHING : new JsonObject(Json.object(text));
    } catch (IllegalArgumentException e) {
      throw new InvalidFieldException("the body is said to be base64, and is not");
    } catch (IOException e) {
      throw new InvalidFieldException("the body is not a JSON object, or says something twice");
    }
  }

  // What the shapes share

  private RequestMetadata given(String trigger, JsonObject order, Duration budget) {
    var time = event.instant("time");
    // Nobody may reach beyond what was submitted until now.
    var at = time == null ? arrival.asked() : time.isAfter(arrival.now()) ? arrival.now() : time;
    return given(trigger, event.text("id"), at, budget, order, null);
  }

  /** A caller who waits gives the order now, whatever an event says of its time. */
  private RequestMetadata waiting(
      String trigger, @Nullable String requestId, JsonObject order, @Nullable String caller) {
    return given(trigger, requestId, arrival.now(), settings.httpBudget(), order, caller);
  }

  private Request unusable(String why, String trigger, Channel channel, @Nullable String orderId) {
    return new Request.Unusable(why, waiting(trigger, orderId, NOTHING, null), channel);
  }

  private RequestMetadata given(
      String trigger,
      @Nullable String orderId,
      Instant at,
      Duration budget,
      JsonObject order,
      @Nullable String caller) {
    return new RequestMetadata(
        orderId == null || orderId.isBlank() ? arrival.requestId() : UserText.clean(orderId),
        trigger,
        // Athena tells milliseconds, and what is over in this one is over since the order.
        at.truncatedTo(ChronoUnit.MILLIS),
        arrival.within(budget),
        arrival.place(),
        order.isTrue("dryRun"),
        order.text("reason"),
        caller,
        order.text("requestedBy"));
  }

  private static CalculationId calculation(JsonObject fields, String where) {
    return fields.id(ID, where, CalculationId.RULE, CalculationId::new);
  }

  private static SessionId session(JsonObject fields, String where) {
    return fields.id("sessionId", where, SessionId.RULE, SessionId::new);
  }
}
