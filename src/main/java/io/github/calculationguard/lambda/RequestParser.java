package io.github.calculationguard.lambda;

import io.github.calculationguard.guard.Finding;
import io.github.calculationguard.lambda.JsonObject.InvalidFieldException;
import io.github.calculationguard.report.Json;
import io.github.calculationguard.report.UserText;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.stop.LimitViolation;
import io.github.calculationguard.stop.Request;
import io.github.calculationguard.stop.Request.DescribeRequest;
import io.github.calculationguard.stop.Request.EndSession;
import io.github.calculationguard.stop.Request.InvalidRequest;
import io.github.calculationguard.stop.Request.KeepAlive;
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
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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

  private static final Set<Source> FROM_ANYBODY =
      EnumSet.of(Source.DIRECT, Source.WIDGET, Source.UNKNOWN);

  private static final String ACCEPTED =
      """
      ; accepted are: EventBridge "Athena Calculation Stop Requested" with detail.calculationExecutionId or \
      detail.sessionId; EventBridge "Athena Spark Finding" from the guard's internal bus; CloudTrail's \
      StartCalculationExecution through EventBridge; "CloudWatch Alarm State Change" and "CloudWatch Alarm \
      Contributor State Change" in state ALARM with a SessionId; POST \
      /calculations/{calculationExecutionId}/stop and GET /calculations/{calculationExecutionId} through API \
      Gateway or a function URL; and an object with calculationExecutionId at its top\
      """;

  private static final String SERVICES_ONLY =
      "this alias of the function accepts only an object with calculationExecutionId at its top;"
          + " events and HTTP requests are accepted only from AWS services, which invoke the alias"
          + " live: put events on the guard's event bus, and send HTTP requests to its API";

  private final JsonObject event;
  private final JsonObject context;
  private final JsonObject detail;
  private final @Nullable String detailType;
  private final Source source;
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
      if (!invocation.isByService() && !FROM_ANYBODY.contains(source)) {
        throw new InvalidFieldException(SERVICES_ONLY);
      }
      return switch (source) {
        case HTTP_API, FUNCTION_URL, REST_API -> http();
        case SWEEP -> finding(metadata(detail));
        case CLOUDTRAIL -> started(metadata(detail));
        case ALARM -> alarm(metadata(detail));
        case EVENTBRIDGE -> stopRequested(metadata(detail));
        case DIRECT, WIDGET -> direct();
        case UNKNOWN -> throw new InvalidFieldException(shape() + ACCEPTED);
      };
    } catch (InvalidFieldException e) {
      var isAddressed =
          invocation.isByService()
              && (source == Source.SWEEP || STOP_REQUESTED.equals(detailType) && !source.isHttp());
      var now = invocation.now();
      var metadata = metadata(JsonObject.EMPTY, now, now, httpBudget);
      return new InvalidRequest(metadata, e.getMessage(), isAddressed);
    }
  }

  private String shape() {
    var why = event.text(EventSerializer.INVALID);
    return why != null
        ? "no JSON object: " + why
        : event.map().isEmpty() ? "an empty event" : "unknown shape";
  }

  // EventBridge

  private StopRequest stopRequested(RequestMetadata metadata) {
    if (!STOP_REQUESTED.equals(detailType)) {
      throw new InvalidFieldException("unknown detail-type" + ACCEPTED);
    }
    return detail.has(Finding.SESSION_ID) && !detail.has(ID)
        ? new StopSession(metadata, session(detail, "detail"))
        : new StopCalculation(metadata, calculation(detail, "detail"), null);
  }

  /** The bus that carries it takes events from nobody but the guard. */
  private StopRequest finding(RequestMetadata metadata) {
    if (!Finding.SOURCE.equals(event.text("source"))) {
      throw new InvalidFieldException("findings are accepted only from source " + Finding.SOURCE);
    }
    var expires = detail.instant(Finding.EXPIRES_AT);
    if (expires == null) {
      throw new InvalidFieldException("detail.expiresAt is missing: every finding expires");
    }
    var rule = detail.text(Finding.RULE);
    var violation =
        new LimitViolation(
            rule == null ? "" : rule,
            detail.number(Finding.LIMIT),
            detail.number(Finding.OBSERVED),
            earlier(expires, metadata.at().plus(MAX_FINDING_AGE)));
    return switch (detail.text(Finding.TARGET)) {
      case Finding.CALCULATION ->
          new StopCalculation(metadata, calculation(detail, "detail"), violation);
      case Finding.SESSION -> {
        var session = session(detail, "detail");
        var idleSince = detail.instant(Finding.ONLY_IF_IDLE_SINCE);
        yield new EndSession(metadata, session, violation, idleSince);
      }
      case null, default ->
          throw new InvalidFieldException("detail.target takes \"calculation\" or \"session\"");
    };
  }

  private StopRequest started(RequestMetadata metadata) {
    if (!"aws.athena".equals(event.text("source"))
        || !"StartCalculationExecution".equals(detail.text("eventName"))) {
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

  private StopRequest alarm(RequestMetadata metadata) {
    if (!"ALARM".equals(detail.object("state").text("value"))) {
      throw new InvalidFieldException(
          "detail.state.value is not ALARM: no other state requests a stop");
    }
    var dimensions =
        CONTRIBUTOR.equals(detailType)
            ? Stream.of(detail.object("alarmContributor").object("attributes"))
            : detail
                .object("configuration")
                .objects("metrics")
                .map(it -> it.object("metricStat").object("metric").object("dimensions"));
    var named = dimensions.filter(it -> it.has(Finding.SESSION_ID)).findFirst();
    var where = "the alarm's dimensions or attributes";
    return new StopSession(metadata, session(named.orElse(JsonObject.EMPTY), where));
  }

  // Direct

  private Request direct() {
    if (!event.has("keepAlive")) {
      return new StopCalculation(metadata(event), calculation(event, "the event"), null);
    }
    if (event.map().size() == 1 && Boolean.TRUE.equals(event.value("keepAlive"))) {
      return new KeepAlive(metadata(event));
    }
    throw new InvalidFieldException("a keep-alive event is {\"keepAlive\": true} and nothing else");
  }

  // HTTP

  private Request http() {
    var isRest = source == Source.REST_API;
    var method = isRest ? event.text("httpMethod") : context.object("http").text("method");
    var path = event.text(isRest ? "path" : "rawPath");
    return switch (method) {
      case "GET" -> {
        var id = calculation(inPath(DESCRIBE_PATH, path), "GET's path /calculations/{id}");
        yield new DescribeRequest(metadata(JsonObject.EMPTY), id);
      }
      case "POST" -> {
        var body = body();
        var named = inPath(STOP_PATH, path);
        var id = calculation(named.has(ID) ? named : body, "the path and the body");
        yield new StopCalculation(metadata(body), id, null);
      }
      case null, default -> throw new InvalidFieldException("the method is " + method + ACCEPTED);
    };
  }

  private JsonObject inPath(Pattern pattern, @Nullable String path) {
    var parameters = event.object("pathParameters");
    var matcher = pattern.matcher(path == null ? "" : path);
    return parameters.has(ID) || !matcher.find()
        ? parameters
        : new JsonObject(Map.of(ID, matcher.group(1)));
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

  private RequestMetadata metadata(JsonObject request) {
    var now = invocation.now();
    if (source.isHttp()) {
      return metadata(request, now, now, httpBudget);
    }
    var time = event.instant("time");
    var budget = source == Source.WIDGET ? httpBudget : confirm;
    // A time in the future must not cover what is submitted until then.
    return time == null
        ? metadata(request, invocation.asked(), invocation.earliestAsked(), budget)
        : metadata(request, earlier(time, now), time, budget);
  }

  private RequestMetadata metadata(
      JsonObject request, Instant at, Instant earliest, Duration budget) {
    var id = source.isHttp() ? context.text("requestId") : event.text("id");
    var caller =
        context.has("http")
            ? context.object("authorizer").object("iam")
            : context.object("identity");
    return new RequestMetadata(
        id == null || id.isBlank() ? invocation.info().requestId() : UserText.clean(id),
        source,
        // Athena's times are milliseconds, and what ended in the same one ended after the request.
        at.truncatedTo(ChronoUnit.MILLIS),
        earlier(earliest, at).truncatedTo(ChronoUnit.MILLIS),
        invocation.within(budget),
        invocation.place(),
        request.isTrue("dryRun"),
        request.text("reason"),
        invocation.isByService() ? caller.text("userArn") : null,
        request.text("requestedBy"));
  }

  private static Instant earlier(Instant one, Instant other) {
    return one.isBefore(other) ? one : other;
  }

  private static CalculationId calculation(JsonObject object, String where) {
    return object.id(ID, where, CalculationId.RULE, CalculationId::new);
  }

  private static SessionId session(JsonObject object, String where) {
    return object.id(Finding.SESSION_ID, where, SessionId.RULE, SessionId::new);
  }
}
