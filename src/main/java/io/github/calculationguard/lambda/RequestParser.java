package io.github.calculationguard.lambda;

import static java.util.Objects.requireNonNullElse;

import module java.base;

import io.github.calculationguard.guard.Finding;
import io.github.calculationguard.lambda.Configuration.Budgets;
import io.github.calculationguard.lambda.JsonObject.InvalidFieldException;
import io.github.calculationguard.report.*;
import io.github.calculationguard.spark.*;
import io.github.calculationguard.stop.*;
import org.jspecify.annotations.Nullable;

/** Parses an event, whichever of the accepted shapes it has, into a request. */
final class RequestParser {

  private static final String ID = Finding.CALCULATION_ID;
  private static final String STOP_REQUESTED = "Athena Calculation Stop Requested";
  private static final String CONTRIBUTOR = "CloudWatch Alarm Contributor State Change";

  private static final String ACCEPTED =
      """
      ; accepted are: EventBridge "Athena Calculation Stop Requested" with detail.calculationExecutionId or \
      detail.sessionId, and detail.endSession to end the session; EventBridge "Athena Spark Finding" and "Athena \
      Calculation Stop Handover" from the guard's internal bus; CloudTrail's \
      StartCalculationExecution through EventBridge; "CloudWatch Alarm State Change" and "CloudWatch Alarm \
      Contributor State Change" in state ALARM with a SessionId; POST \
      /calculations/{calculationExecutionId}/stop, GET /calculations/{calculationExecutionId}, POST \
      /sessions/{sessionId}/terminate and GET /sessions/{sessionId} through API Gateway or a function URL; and an \
      object with calculationExecutionId at its top, or with sessionId, and endSession to end the session\
      """;

  private final JsonObject event;
  private final JsonObject context;
  private final JsonObject detail;
  private final @Nullable String detailType;
  private final Source source;
  private final HttpRequest http;
  private final Invocation invocation;
  private final Budgets budgets;

  RequestParser(Map<String, Object> event, Invocation invocation, Budgets budgets) {
    this.event = new JsonObject(event);
    this.invocation = invocation;
    this.budgets = budgets;
    context = this.event.object("requestContext");
    detail = this.event.object("detail");
    detailType = this.event.text("detail-type");
    source = source();
    http = new HttpRequest(this.event, source);
  }

  private Source source() {
    if (!context.map().isEmpty() || event.has("httpMethod")) {
      // HTTP APIs and function URLs send format 2.0, REST APIs 1.0.
      var isUrl = String.valueOf(context.text("domainName")).contains(".lambda-url.");
      return !context.has("http") ? Source.REST_API : isUrl ? Source.FUNCTION_URL : Source.HTTP_API;
    }
    return switch (detailType) {
      case Finding.DETAIL_TYPE -> Source.SWEEP;
      case Handover.DETAIL_TYPE -> Source.HANDOVER;
      case "AWS API Call via CloudTrail" -> Source.CLOUDTRAIL;
      case "CloudWatch Alarm State Change", CONTRIBUTOR -> Source.ALARM;
      case String _ -> Source.EVENTBRIDGE;
      case null -> {
        var isRequest = event.has(ID) || event.has(Finding.SESSION_ID);
        yield isRequest && "chat".equals(event.value("channel"))
            ? Source.CHAT
            : event.has("keepAlive") || (isRequest && !event.has("widgetContext"))
                ? Source.DIRECT
                : isRequest ? Source.WIDGET : Source.UNKNOWN;
      }
    };
  }

  HttpReply httpReply() {
    return new HttpReply(source, http.base());
  }

  Request parse() {
    try {
      require(
          invocation.isByService() || (!source.isHttp() && detailType == null),
          """
          this alias of the function accepts only an object with calculationExecutionId or sessionId at its top; \
          events and HTTP requests are accepted only from AWS services, which invoke the alias live: \
          put events on the guard's event bus, and send HTTP requests to its API\
          """);
      return switch (source) {
        case HTTP_API, FUNCTION_URL, REST_API -> http();
        case SWEEP -> finding(metadata(detail, false));
        case HANDOVER -> handedOver();
        case CLOUDTRAIL -> started(metadata(detail, false));
        case ALARM -> alarm(metadata(detail, false));
        case EVENTBRIDGE -> stopRequested(metadata(detail, false));
        case DIRECT, CHAT, WIDGET -> direct();
        case UNKNOWN -> throw new InvalidFieldException(unknownShape() + ACCEPTED);
      };
    } catch (InvalidFieldException e) {
      var isOurs =
          source == Source.SWEEP || source == Source.HANDOVER || STOP_REQUESTED.equals(detailType);
      var isAddressed = isOurs && invocation.isByService();
      var reason = String.valueOf(e.getMessage());
      return new Request.InvalidRequest(metadata(JsonObject.EMPTY, true), reason, isAddressed);
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
    return stop(metadata, detail, "detail");
  }

  /** What people and programs ask for over any channel. */
  private Request stop(RequestMetadata metadata, JsonObject request, String where) {
    var ends = request.isTrue(Handover.END_SESSION);
    var force = request.isTrue(Handover.FORCE);
    require(
        !ends || !request.has(ID),
        "endSession cannot be combined with a calculationExecutionId: to end a session, name only its sessionId");
    require(
        !force || ends, "force needs endSession: it ends the session even if it has later work");
    require(
        !force
            || source.isHttp()
            || source == Source.HANDOVER
            || (source == Source.DIRECT && !invocation.isByService()),
        "force is accepted only over the API and by the alias direct, and not from a bus, the page or a chat");
    if (ends) {
      return new Request.EndSession(metadata, session(request, where), null, null, force);
    }
    // An HTTP reply describes one calculation only.
    return request.has(Finding.SESSION_ID) && !request.has(ID) && !source.isHttp()
        ? new Request.StopSession(metadata, session(request, where))
        : stopCalculation(metadata, request, where);
  }

  private Request handedOver() {
    requireOurs();
    // A hand-over keeps the original request's time, ID and caller.
    var metadata =
        metadata(
            detail,
            detail.required(Handover.REQUESTED_AT, detail::instant, "an instant"),
            detail.text(Handover.ORDER_ID),
            detail.text(Handover.REQUESTED_BY),
            detail.text(Handover.CLAIMED_BY),
            budgets.background());
    return stop(metadata, detail, "detail");
  }

  /** Only the guard may put events on the bus that carries them. */
  private void requireOurs() {
    require(
        InternalBus.SOURCE.equals(event.text("source")),
        "findings and hand-overs are accepted only from source " + InternalBus.SOURCE);
  }

  private Request finding(RequestMetadata metadata) {
    requireOurs();
    var violation = FindingDetail.violation(detail, metadata.at());
    return switch (detail.text(Finding.TARGET)) {
      case Finding.CALCULATION ->
          new Request.StopCalculation(metadata, calculation(detail, "detail"), violation);
      case Finding.SESSION ->
          new Request.EndSession(
              metadata,
              session(detail, "detail"),
              violation,
              detail.instant(Finding.ONLY_IF_IDLE_SINCE),
              false);
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
      return stop(metadata(event, false), event, "the event");
    }
    var isAlone = event.map().size() == 1 && Boolean.TRUE.equals(event.value("keepAlive"));
    require(isAlone, "a keep-alive event is {\"keepAlive\": true} and nothing else");
    return new Request.KeepAlive(metadata(event, true));
  }

  private Request http() {
    return switch (http.method()) {
      case "GET" -> {
        var metadata = metadata(JsonObject.EMPTY, true);
        var named = http.described();
        yield named.has(Finding.SESSION_ID)
            ? new Request.DescribeSession(metadata, session(named, "GET's path /sessions/{id}"))
            : new Request.DescribeCalculation(
                metadata, calculation(named, "GET's path /calculations/{id}"));
      }
      case "POST" -> {
        var request = http.posted();
        yield stop(metadata(request, true), request, "the path and the body");
      }
      case null, default ->
          throw new InvalidFieldException("the method is " + http.method() + ACCEPTED);
    };
  }

  /** If isNow, the request counts from now, whatever time its event has. */
  private RequestMetadata metadata(JsonObject request, boolean isNow) {
    return metadata(
        request,
        isNow ? invocation.now() : event.instant("time"),
        source.isHttp() ? http.requestId() : event.text("id"),
        http.caller(),
        request.text(Handover.REQUESTED_BY),
        isNow || source.mustReplyEarly() ? budgets.caller() : budgets.background());
  }

  private RequestMetadata metadata(
      JsonObject request,
      @Nullable Instant time,
      @Nullable String id,
      @Nullable String caller,
      @Nullable String claimedBy,
      Duration budget) {
    // A time in the future must not cover what is submitted until then.
    var past = time != null && time.isAfter(invocation.now()) ? invocation.now() : time;
    return new RequestMetadata(
        id == null || id.isBlank() ? invocation.info().requestId() : UserText.clean(id),
        source,
        // Athena's times are in milliseconds. What ended in the same one counts as ended after it.
        requireNonNullElse(past, invocation.at()).truncatedTo(ChronoUnit.MILLIS),
        requireNonNullElse(past, invocation.earliestAt()).truncatedTo(ChronoUnit.MILLIS),
        invocation.within(budget),
        invocation.place(),
        request.isTrue("dryRun"),
        request.text("reason"),
        invocation.isByService() ? caller : null,
        claimedBy);
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

  static SessionId session(JsonObject object, String where) {
    return object.id(Finding.SESSION_ID, where, SessionId.RULE, SessionId::new);
  }
}
