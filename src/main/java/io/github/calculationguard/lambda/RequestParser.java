package io.github.calculationguard.lambda;

import static java.util.Objects.requireNonNullElse;

import module java.base;

import io.github.calculationguard.guard.Finding;
import io.github.calculationguard.lambda.JsonObject.InvalidFieldException;
import io.github.calculationguard.report.Json;
import io.github.calculationguard.report.UserText;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.stop.Request;
import io.github.calculationguard.stop.RequestMetadata;
import io.github.calculationguard.stop.Source;
import org.jspecify.annotations.Nullable;

/** Parses an event, whichever of the accepted shapes it has, into a request. */
final class RequestParser {

  private static final String ID = Finding.CALCULATION_ID;
  private static final String STOP_REQUESTED = "Athena Calculation Stop Requested";
  private static final String CONTRIBUTOR = "CloudWatch Alarm Contributor State Change";
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
      Gateway or a function URL; and an object with calculationExecutionId at its top\
      """;

  private final JsonObject event;
  private final JsonObject context;
  private final JsonObject detail;
  private final @Nullable String detailType;
  private final Source source;
  private final Invocation invocation;
  private final Duration confirm;
  private final Duration httpBudget;

  /** Gives a request the first budget if nobody waits for its reply, and else the second. */
  RequestParser(
      Map<String, Object> event, Invocation invocation, Duration confirm, Duration httpBudget) {
    this.event = new JsonObject(event);
    this.invocation = invocation;
    this.confirm = confirm;
    this.httpBudget = httpBudget;
    context = this.event.object("requestContext");
    detail = this.event.object("detail");
    detailType = this.event.text("detail-type");
    source = source();
  }

  private Source source() {
    if (!context.map().isEmpty() || event.has("httpMethod")) {
      // HTTP APIs and function URLs send format 2.0, REST APIs 1.0.
      var isUrl = String.valueOf(context.text("domainName")).contains(".lambda-url.");
      return !context.has("http") ? Source.REST_API : isUrl ? Source.FUNCTION_URL : Source.HTTP_API;
    }
    return switch (detailType) {
      case Finding.DETAIL_TYPE -> Source.SWEEP;
      case "AWS API Call via CloudTrail" -> Source.CLOUDTRAIL;
      case "CloudWatch Alarm State Change", CONTRIBUTOR -> Source.ALARM;
      case String _ -> Source.EVENTBRIDGE;
      case null ->
          event.has("keepAlive") || (event.has(ID) && !event.has("widgetContext"))
              ? Source.DIRECT
              : event.has(ID) ? Source.WIDGET : Source.UNKNOWN;
    };
  }

  Request parse() {
    try {
      require(
          invocation.isByService() || (!source.isHttp() && detailType == null),
          """
          this alias of the function accepts only an object with calculationExecutionId at its top; \
          events and HTTP requests are accepted only from AWS services, which invoke the alias live: \
          put events on the guard's event bus, and send HTTP requests to its API\
          """);
      return switch (source) {
        case HTTP_API, FUNCTION_URL, REST_API -> http();
        case SWEEP -> finding(metadata(detail, false));
        case CLOUDTRAIL -> started(metadata(detail, false));
        case ALARM -> alarm(metadata(detail, false));
        case EVENTBRIDGE -> stopRequested(metadata(detail, false));
        case DIRECT, WIDGET -> direct();
        case UNKNOWN -> throw new InvalidFieldException(unknownShape() + ACCEPTED);
      };
    } catch (InvalidFieldException e) {
      var isRequested = source == Source.EVENTBRIDGE && STOP_REQUESTED.equals(detailType);
      var isAddressed = invocation.isByService() && (isRequested || source == Source.SWEEP);
      var metadata = metadata(JsonObject.EMPTY, true);
      return new Request.InvalidRequest(metadata, String.valueOf(e.getMessage()), isAddressed);
    }
  }

  private String unknownShape() {
    var why = event.text(EventSerializer.INVALID);
    return why != null
        ? "no JSON object: " + why
        : event.map().isEmpty() ? "an empty event" : "unknown shape";
  }

  private Request stopRequested(RequestMetadata metadata) {
    require(STOP_REQUESTED.equals(detailType), "unknown detail-type" + ACCEPTED);
    return detail.has(Finding.SESSION_ID) && !detail.has(ID)
        ? new Request.StopSession(metadata, session(detail, "detail"))
        : stopCalculation(metadata, detail, "detail");
  }

  /** The bus that carries it takes events from nobody but the guard. */
  private Request finding(RequestMetadata metadata) {
    var isOurs = Finding.SOURCE.equals(event.text("source"));
    require(isOurs, "findings are accepted only from source " + Finding.SOURCE);
    var expires = detail.instant(Finding.EXPIRES_AT);
    if (expires == null) {
      throw new InvalidFieldException("detail.expiresAt is missing: every finding expires");
    }
    var latest = metadata.at().plus(MAX_FINDING_AGE);
    var violation =
        new Request.LimitViolation(
            requireNonNullElse(detail.text(Finding.RULE), ""),
            detail.number(Finding.LIMIT),
            detail.number(Finding.OBSERVED),
            Finding.returned(detail::text),
            expires.isBefore(latest) ? expires : latest);
    return switch (detail.text(Finding.TARGET)) {
      case Finding.CALCULATION ->
          new Request.StopCalculation(metadata, calculation(detail, "detail"), violation);
      case Finding.SESSION -> {
        var session = session(detail, "detail");
        var idleSince = detail.instant(Finding.ONLY_IF_IDLE_SINCE);
        yield new Request.EndSession(metadata, session, violation, idleSince);
      }
      case null, default -> throw detail.wrong(Finding.TARGET, "\"calculation\" or \"session\"");
    };
  }

  private Request started(RequestMetadata metadata) {
    require(
        "aws.athena".equals(event.text("source"))
            && "StartCalculationExecution".equals(detail.text("eventName")),
        "the only CloudTrail record that requests a stop is Athena's StartCalculationExecution");
    require(
        detail.value("responseElements") instanceof Map,
        "detail.responseElements is empty: the call was denied, so no calculation was started");
    var response = detail.object("responseElements");
    return stopCalculation(metadata, response, "detail.responseElements");
  }

  private Request alarm(RequestMetadata metadata) {
    var isAlarm = "ALARM".equals(detail.object("state").text("value"));
    require(isAlarm, "detail.state.value is not ALARM: no other state requests a stop");
    var dimensions =
        CONTRIBUTOR.equals(detailType)
            ? Stream.of(detail.object("alarmContributor").object("attributes"))
            : detail
                .object("configuration")
                .objects("metrics")
                .map(it -> it.object("metricStat").object("metric").object("dimensions"));
    var named = dimensions.filter(it -> it.has(Finding.SESSION_ID)).findFirst();
    var where = "the alarm's dimensions or attributes";
    return new Request.StopSession(metadata, session(named.orElse(JsonObject.EMPTY), where));
  }

  private Request direct() {
    if (!event.has("keepAlive")) {
      return stopCalculation(metadata(event, false), event, "the event");
    }
    var isAlone = event.map().size() == 1 && Boolean.TRUE.equals(event.value("keepAlive"));
    require(isAlone, "a keep-alive event is {\"keepAlive\": true} and nothing else");
    return new Request.KeepAlive(metadata(event, true));
  }

  private Request http() {
    var isRest = source == Source.REST_API;
    var method = isRest ? event.text("httpMethod") : context.object("http").text("method");
    var path = event.text(isRest ? "path" : "rawPath");
    return switch (method) {
      case "GET" -> {
        var id = calculation(inPath(DESCRIBE_PATH, path), "GET's path /calculations/{id}");
        yield new Request.DescribeRequest(metadata(JsonObject.EMPTY, true), id);
      }
      case "POST" -> {
        var body = body();
        var named = inPath(STOP_PATH, path);
        var id = calculation(named.has(ID) ? named : body, "the path and the body");
        yield new Request.StopCalculation(metadata(body, true), id, null);
      }
      case null, default -> throw new InvalidFieldException("the method is " + method + ACCEPTED);
    };
  }

  private JsonObject inPath(Pattern pattern, @Nullable String path) {
    var parameters = event.object("pathParameters");
    var matcher = pattern.matcher(requireNonNullElse(path, ""));
    return parameters.has(ID) || !matcher.find()
        ? parameters
        : new JsonObject(Map.of(ID, matcher.group(1)));
  }

  private JsonObject body() {
    var sent = event.value("body");
    if (sent == null) {
      return JsonObject.EMPTY;
    }
    require(sent instanceof String, "the body is not a text");
    var text = sent.toString();
    try {
      if (event.isTrue("isBase64Encoded")) {
        text = new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
      }
      return text.isBlank() ? JsonObject.EMPTY : new JsonObject(Json.object(text));
    } catch (IllegalArgumentException e) {
      throw new InvalidFieldException("the body is not base64, although isBase64Encoded is true");
    } catch (Json.InvalidJsonException e) {
      throw new InvalidFieldException("the body is not a JSON object: " + e.getMessage());
    }
  }

  /**
   * @param isNow whether the request is made now, because a caller waits, or whatever its event
   *     says
   */
  private RequestMetadata metadata(JsonObject request, boolean isNow) {
    var now = invocation.now();
    var time = isNow ? now : event.instant("time");
    // A time in the future must not cover what is submitted until then.
    var latest = time != null && time.isAfter(now) ? now : time;
    var at = latest == null ? invocation.asked() : latest;
    var earliest = latest == null ? invocation.earliestAsked() : latest;
    var id = source.isHttp() ? context.text("requestId") : event.text("id");
    var iam = context.object("authorizer").object("iam");
    var caller = context.has("http") ? iam : context.object("identity");
    return new RequestMetadata(
        id == null || id.isBlank() ? invocation.info().requestId() : UserText.clean(id),
        source,
        // Athena's times are milliseconds, and what ended in the same one ended after the request.
        at.truncatedTo(ChronoUnit.MILLIS),
        earliest.truncatedTo(ChronoUnit.MILLIS),
        invocation.within(isNow || source == Source.WIDGET ? httpBudget : confirm),
        invocation.place(),
        request.isTrue("dryRun"),
        request.text("reason"),
        invocation.isByService() ? caller.text("userArn") : null,
        request.text("requestedBy"));
  }

  private static void require(boolean isValid, String otherwise) {
    if (!isValid) {
      throw new InvalidFieldException(otherwise);
    }
  }

  private static Request stopCalculation(
      RequestMetadata metadata, JsonObject object, String where) {
    return new Request.StopCalculation(metadata, calculation(object, where), null);
  }

  private static CalculationId calculation(JsonObject object, String where) {
    return object.id(ID, where, CalculationId.RULE, CalculationId::new);
  }

  private static SessionId session(JsonObject object, String where) {
    return object.id(Finding.SESSION_ID, where, SessionId.RULE, SessionId::new);
  }
}
