package io.github.calculationguard.lambda;

import io.github.calculationguard.lambda.JsonObject.InvalidFieldException;
import io.github.calculationguard.report.Json;
import io.github.calculationguard.report.UserText;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.stop.Request;
import io.github.calculationguard.stop.Request.DescribeRequest;
import io.github.calculationguard.stop.Request.EndSession;
import io.github.calculationguard.stop.Request.InvalidRequest;
import io.github.calculationguard.stop.Request.KeepAlive;
import io.github.calculationguard.stop.Request.LimitViolation;
import io.github.calculationguard.stop.Request.StopCalculation;
import io.github.calculationguard.stop.Request.StopRequest;
import io.github.calculationguard.stop.Request.StopSession;
import io.github.calculationguard.stop.RequestMetadata;
import io.github.calculationguard.stop.Source;
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

/** Parses an event, whichever of the accepted shapes it has, into a request. */
final class RequestParser {

  private static final String ID = "calculationExecutionId";
  private static final String STOP_REQUESTED = "Athena Calculation Stop Requested";
  private static final String FINDING = "Athena Spark Finding";
  private static final String CLOUDTRAIL = "AWS API Call via CloudTrail";
  private static final String ALARM = "CloudWatch Alarm State Change";
  private static final String ALARM_CONTRIBUTOR = "CloudWatch Alarm Contributor State Change";
  // The sweep's findings expire within minutes; one that claims more is cut.
  private static final Duration MAX_FINDING_AGE = Duration.ofHours(1);
  private static final Pattern STOP_PATH = Pattern.compile("/calculations/([^/]*)/stop/?$");
  private static final Pattern DESCRIBE_PATH = Pattern.compile("/calculations/([^/]*)/?$");

  private static final String ACCEPTED =
      """
      ; accepted are: EventBridge "Athena Calculation Stop Requested" with detail.calculationExecutionId or \
      detail.sessionId; EventBridge "Athena Spark Finding" from the guard's internal bus; CloudTrail's \
      StartCalculationExecution through EventBridge; "CloudWatch Alarm State Change" and "CloudWatch Alarm \
      Contributor State Change" in state ALARM with a SessionId; POST \
      /calculations/{calculationExecutionId}/stop and GET /calculations/{calculationExecutionId} through API \
      Gateway or a function URL; and an object with calculationExecutionId at its top""";

  private static final String SERVICES_ONLY =
      "this alias of the function accepts only an object with calculationExecutionId at its top;"
          + " events and HTTP requests are accepted only from AWS services, which invoke the alias"
          + " live: put events on the guard's event bus, and send HTTP requests to its API";

  private final JsonObject event;
  private final Invocation invocation;
  private final Duration confirm;
  private final Duration httpBudget;

  /**
   * @param confirm how long a request may take for which nobody waits
   * @param httpBudget how long a caller may have to wait
   */
  RequestParser(
      Map<String, Object> event, Invocation invocation, Duration confirm, Duration httpBudget) {
    this.event = new JsonObject(event);
    this.invocation = invocation;
    this.confirm = confirm;
    this.httpBudget = httpBudget;
  }

  Request parse() {
    var context = event.object("requestContext");
    if (!context.map().isEmpty() || event.has("httpMethod")) {
      return http(context);
    }
    var detailType = event.text("detail-type");
    if (detailType != null) {
      return eventBridge(detailType, event.object("detail"));
    }
    if (event.has("keepAlive")) {
      return keepAlive();
    }
    if (event.has(ID)) {
      return direct();
    }
    var why = event.text(EventSerializer.INVALID);
    var seen =
        why != null
            ? "no JSON object: " + why
            : event.map().isEmpty() ? "an empty event" : "unknown shape";
    return invalid(seen + ACCEPTED, Source.UNKNOWN, null, false);
  }

  // EventBridge

  private Request eventBridge(String detailType, JsonObject detail) {
    var source =
        switch (detailType) {
          case FINDING -> Source.SWEEP;
          case CLOUDTRAIL -> Source.CLOUDTRAIL;
          case ALARM, ALARM_CONTRIBUTOR -> Source.ALARM;
          default -> Source.EVENTBRIDGE;
        };
    try {
      if (!invocation.isByService()) {
        throw new InvalidFieldException(SERVICES_ONLY);
      }
      var metadata = metadata(source, detail, confirm);
      return switch (detailType) {
        case STOP_REQUESTED -> stopRequested(metadata, detail);
        case FINDING -> finding(metadata, detail);
        case CLOUDTRAIL -> started(metadata, detail);
        case ALARM -> alarm(metadata, detail, dimensions(detail));
        case ALARM_CONTRIBUTOR -> {
          var attributes = detail.object("alarmContributor").object("attributes");
          yield alarm(metadata, detail, Stream.of(attributes));
        }
        default -> throw new InvalidFieldException("unknown detail-type" + ACCEPTED);
      };
    } catch (InvalidFieldException e) {
      var isAddressed =
          invocation.isByService()
              && (detailType.equals(STOP_REQUESTED) || detailType.equals(FINDING));
      return invalid(e.getMessage(), source, event.text("id"), isAddressed);
    }
  }

  private static StopRequest stopRequested(RequestMetadata metadata, JsonObject detail) {
    return detail.has("sessionId") && !detail.has(ID)
        ? new StopSession(metadata, session(detail, "detail"))
        : new StopCalculation(metadata, calculation(detail, "detail"), null);
  }

  /** The bus that carries it takes events from nobody but the guard. */
  private StopRequest finding(RequestMetadata metadata, JsonObject detail) {
    if (!Objects.equals(event.text("source"), "calculation-guard")) {
      throw new InvalidFieldException("findings are accepted only from source calculation-guard");
    }
    var expires = detail.instant("expiresAt");
    if (expires == null) {
      throw new InvalidFieldException("detail.expiresAt is missing: every finding expires");
    }
    var latest = metadata.at().plus(MAX_FINDING_AGE);
    var rule = Objects.requireNonNullElse(detail.text("rule"), "");
    var violation =
        new LimitViolation(
            rule,
            detail.number("limit"),
            detail.number("observed"),
            expires.isBefore(latest) ? expires : latest);
    return switch (detail.text("target")) {
      case "calculation" -> new StopCalculation(metadata, calculation(detail, "detail"), violation);
      case "session" ->
          new EndSession(
              metadata, session(detail, "detail"), violation, detail.instant("onlyIfIdleSince"));
      case null, default ->
          throw new InvalidFieldException("detail.target takes \"calculation\" or \"session\"");
    };
  }

  private StopRequest started(RequestMetadata metadata, JsonObject detail) {
    if (!Objects.equals(event.text("source"), "aws.athena")
        || !Objects.equals(detail.text("eventName"), "StartCalculationExecution")) {
      throw new InvalidFieldException(
          "the only CloudTrail record that requests a stop is Athena's StartCalculationExecution");
    }
    if (!(detail.value("responseElements") instanceof Map)) {
      throw new InvalidFieldException(
          "detail.responseElements is empty: the call was denied, so no calculation was started");
    }
    var response = detail.object("responseElements");
    return new StopCalculation(metadata, calculation(response, "detail.responseElements"), null);
  }

  private static StopRequest alarm(
      RequestMetadata metadata, JsonObject detail, Stream<JsonObject> dimensions) {
    if (!Objects.equals(detail.object("state").text("value"), "ALARM")) {
      throw new InvalidFieldException(
          "detail.state.value is not ALARM: no other state requests a stop");
    }
    var named = dimensions.filter(it -> it.has("sessionId")).findFirst().orElse(JsonObject.EMPTY);
    return new StopSession(metadata, session(named, "the alarm's dimensions or attributes"));
  }

  private static Stream<JsonObject> dimensions(JsonObject detail) {
    return detail
        .object("configuration")
        .objects("metrics")
        .map(metric -> metric.object("metricStat").object("metric").object("dimensions"));
  }

  // Direct

  private Request direct() {
    var isWidget = event.has("widgetContext");
    var source = isWidget ? Source.WIDGET : Source.DIRECT;
    try {
      var metadata = metadata(source, event, isWidget ? httpBudget : confirm);
      return new StopCalculation(metadata, calculation(event, "the event"), null);
    } catch (InvalidFieldException e) {
      return invalid(e.getMessage(), source, event.text("id"), false);
    }
  }

  private Request keepAlive() {
    return event.map().size() == 1 && Boolean.TRUE.equals(event.value("keepAlive"))
        ? new KeepAlive(waiting(Source.DIRECT, null, JsonObject.EMPTY, null))
        : invalid(
            "a keep-alive event is {\"keepAlive\": true} and nothing else",
            Source.DIRECT,
            null,
            false);
  }

  // HTTP: API Gateway's HTTP APIs and function URLs send format 2.0, its REST APIs 1.0

  private Request http(JsonObject context) {
    var request = context.object("http");
    var requestId = context.text("requestId");
    if (!context.has("http")) {
      var caller = context.object("identity").text("userArn");
      return http(Source.REST_API, event.text("httpMethod"), event.text("path"), caller, requestId);
    }
    var domain = context.text("domainName");
    var isUrl = domain != null && domain.contains(".lambda-url.");
    return http(
        isUrl ? Source.FUNCTION_URL : Source.HTTP_API,
        request.text("method"),
        event.text("rawPath"),
        context.object("authorizer").object("iam").text("userArn"),
        requestId);
  }

  private Request http(
      Source source,
      @Nullable String method,
      @Nullable String path,
      @Nullable String caller,
      @Nullable String requestId) {
    try {
      if (!invocation.isByService()) {
        throw new InvalidFieldException(SERVICES_ONLY);
      }
      return switch (method) {
        case "GET" -> {
          var id = calculation(inPath(DESCRIBE_PATH, path), "GET's path /calculations/{id}");
          var metadata = waiting(source, requestId, JsonObject.EMPTY, caller);
          yield new DescribeRequest(metadata, id);
        }
        case "POST" -> {
          var body = body();
          var named = inPath(STOP_PATH, path);
          var id = calculation(named.has(ID) ? named : body, "the path and the body");
          yield new StopCalculation(waiting(source, requestId, body, caller), id, null);
        }
        case null, default -> throw new InvalidFieldException("the method is " + method + ACCEPTED);
      };
    } catch (InvalidFieldException e) {
      var verified = invocation.isByService() ? caller : null;
      var metadata = waiting(source, requestId, JsonObject.EMPTY, verified);
      return new InvalidRequest(metadata, e.getMessage(), false);
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
      return JsonObject.EMPTY;
    }
    if (!(sent instanceof String body)) {
      throw new InvalidFieldException("the body is not a text");
    }
    try {
      var text =
          event.isTrue("isBase64Encoded")
              ? new String(Base64.getDecoder().decode(body), StandardCharsets.UTF_8)
              : body;
      return text.isBlank() ? JsonObject.EMPTY : new JsonObject(Json.object(text));
    } catch (IllegalArgumentException e) {
      throw new InvalidFieldException("the body is not base64, although isBase64Encoded is true");
    } catch (Json.InvalidJsonException e) {
      throw new InvalidFieldException("the body is not a JSON object: " + e.getMessage());
    }
  }

  // What the shapes share

  private RequestMetadata metadata(Source source, JsonObject request, Duration budget) {
    var time = event.instant("time");
    var earliest = time == null ? invocation.earliestAsked() : time;
    // A time in the future must not cover what is submitted until then.
    var at =
        time == null
            ? invocation.asked()
            : time.isAfter(invocation.now()) ? invocation.now() : time;
    return metadata(source, event.text("id"), at, earliest, budget, request, null);
  }

  /** A caller who waits makes the request now, whatever an event says of its time. */
  private RequestMetadata waiting(
      Source source, @Nullable String requestId, JsonObject request, @Nullable String caller) {
    var now = invocation.now();
    return metadata(source, requestId, now, now, httpBudget, request, caller);
  }

  private Request invalid(
      String why, Source source, @Nullable String orderId, boolean isAddressed) {
    var metadata = waiting(source, orderId, JsonObject.EMPTY, null);
    return new InvalidRequest(metadata, why, isAddressed);
  }

  private RequestMetadata metadata(
      Source source,
      @Nullable String orderId,
      Instant at,
      Instant earliest,
      Duration budget,
      JsonObject request,
      @Nullable String caller) {
    // Athena's times are milliseconds, and what ended in the same one ended after the request.
    var atMillis = at.truncatedTo(ChronoUnit.MILLIS);
    var earliestMillis = earliest.truncatedTo(ChronoUnit.MILLIS);
    return new RequestMetadata(
        orderId == null || orderId.isBlank() ? invocation.requestId() : UserText.clean(orderId),
        source,
        atMillis,
        earliestMillis.isBefore(atMillis) ? earliestMillis : atMillis,
        invocation.within(budget),
        invocation.place(),
        request.isTrue("dryRun"),
        request.text("reason"),
        caller,
        request.text("requestedBy"));
  }

  private static CalculationId calculation(JsonObject object, String where) {
    return object.id(ID, where, CalculationId.RULE, CalculationId::new);
  }

  private static SessionId session(JsonObject object, String where) {
    return object.id("sessionId", where, SessionId.RULE, SessionId::new);
  }
}
