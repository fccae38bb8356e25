package io.github.calculationguard.lambda;

import io.github.calculationguard.lambda.Trigger.Channel;
import io.github.calculationguard.report.Json;
import io.github.calculationguard.report.UserText;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.stop.BrokenLimit;
import io.github.calculationguard.stop.Given;
import io.github.calculationguard.stop.StopOrder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** Makes a trigger of an event, whichever of the accepted shapes it has. */
final class EventReader {

  private static final String ID = "calculationExecutionId";
  private static final Pattern STOP_PATH = Pattern.compile("/calculations/([^/]*)/stop/?$");
  private static final Pattern LOOK_PATH = Pattern.compile("/calculations/([^/]*)/?$");

  private static final String ACCEPTED =
      """
      accepted are: EventBridge "Athena Calculation Stop Requested" with detail.calculationExecutionId or \
      detail.sessionId; EventBridge "Athena Spark Finding" of source calculation-guard; CloudTrail's \
      StartCalculationExecution by EventBridge; "CloudWatch Alarm State Change" and "CloudWatch Alarm \
      Contributor State Change" in state ALARM with a SessionId; POST \
      /calculations/{calculationExecutionId}/stop and GET /calculations/{calculationExecutionId} by API \
      Gateway or a function URL; and an object with calculationExecutionId at its top""";

  private final Map<String, Object> event;
  private final Arrival arrival;
  private final StopSettings settings;

  EventReader(Map<String, Object> event, Arrival arrival, StopSettings settings) {
    this.event = event;
    this.arrival = arrival;
    this.settings = settings;
  }

  Trigger read() {
    if (event.get("requestContext") instanceof Map || event.containsKey("httpMethod")) {
      return http();
    }
    if (event.get("detail-type") instanceof String type) {
      return eventBridge(type);
    }
    if (has(event, ID)) {
      return direct();
    }
    return unusable("unknown shape; " + ACCEPTED, "unknown", Channel.EVENT, null);
  }

  // EventBridge

  private Trigger eventBridge(String type) {
    var detail = object(event, "detail");
    var source = String.valueOf(event.get("source"));
    var trigger =
        switch (type) {
          case "Athena Spark Finding" -> "sweep";
          case "AWS API Call via CloudTrail" -> "cloudtrail";
          case "CloudWatch Alarm State Change", "CloudWatch Alarm Contributor State Change" ->
              "alarm";
          default -> "eventbridge";
        };
    try {
      var given = event(trigger, event, detail);
      return new Trigger.Stop(
          switch (type) {
            case "Athena Calculation Stop Requested" -> requested(given, detail);
            case "Athena Spark Finding" -> finding(given, source, detail);
            case "AWS API Call via CloudTrail" -> started(given, source, detail);
            case "CloudWatch Alarm State Change" -> alarm(given, detail, dimensions(detail));
            case "CloudWatch Alarm Contributor State Change" ->
                alarm(
                    given,
                    detail,
                    Stream.of(object(object(detail, "alarmContributor"), "attributes")));
            default -> throw new NoOrderException("unknown detail-type; " + ACCEPTED);
          },
          Channel.EVENT);
    } catch (NoOrderException e) {
      return unusable(e.getMessage(), trigger, Channel.EVENT, text(event, "id"));
    }
  }

  private static StopOrder requested(Given given, Map<?, ?> detail) throws NoOrderException {
    return has(detail, ID) || !has(detail, "sessionId")
        ? new StopOrder.OfCalculation(given, calculationId(detail, "detail"), null)
        : new StopOrder.OfSession(given, sessionId(detail, "detail"));
  }

  private static StopOrder finding(Given given, String source, Map<?, ?> detail)
      throws NoOrderException {
    if (!source.equals("calculation-guard")) {
      throw new NoOrderException("findings are taken from the source calculation-guard only");
    }
    var expires = instant(detail, "expiresAt");
    if (expires == null) {
      throw new NoOrderException("detail.expiresAt is missing: a finding has to expire");
    }
    var rule = text(detail, "rule");
    var limit =
        new BrokenLimit(
            rule == null ? "" : rule, number(detail, "limit"), number(detail, "observed"), expires);
    var target = text(detail, "target");
    return switch (target) {
      case "calculation" ->
          new StopOrder.OfCalculation(given, calculationId(detail, "detail"), limit);
      case "session" ->
          new StopOrder.EndSession(
              given, sessionId(detail, "detail"), limit, instant(detail, "onlyIfIdleSince"));
      case null, default ->
          throw new NoOrderException("detail.target must be \"calculation\" or \"session\"");
    };
  }

  private static StopOrder started(Given given, String source, Map<?, ?> detail)
      throws NoOrderException {
    if (!source.equals("aws.athena")
        || !Objects.equals(detail.get("eventName"), "StartCalculationExecution")) {
      throw new NoOrderException(
          "of CloudTrail's records only Athena's StartCalculationExecution is an order");
    }
    if (!(detail.get("responseElements") instanceof Map<?, ?> answer)) {
      throw new NoOrderException(
          "detail.responseElements is empty: the call was refused, so no calculation was started");
    }
    return new StopOrder.OfCalculation(
        given, calculationId(answer, "detail.responseElements"), null);
  }

  private static StopOrder alarm(Given given, Map<?, ?> detail, Stream<? extends Map<?, ?>> named)
      throws NoOrderException {
    var state = object(detail, "state").get("value");
    if (!Objects.equals(state, "ALARM")) {
      throw new NoOrderException("detail.state.value is not ALARM: only an alarm orders a stop");
    }
    var ids = named.filter(d -> has(d, "sessionId")).toList();
    if (ids.isEmpty()) {
      throw new NoOrderException("the alarm names no SessionId");
    }
    return new StopOrder.OfSession(given, sessionId(ids.getFirst(), "the alarm"));
  }

  private static Stream<Map<?, ?>> dimensions(Map<?, ?> detail) {
    return object(detail, "configuration").get("metrics") instanceof Iterable<?> metrics
        ? StreamSupport.stream(metrics.spliterator(), false)
            .map(m -> m instanceof Map<?, ?> metric ? metric : Map.of())
            .map(m -> object(object(object(m, "metricStat"), "metric"), "dimensions"))
        : Stream.of();
  }

  // Direct

  private Trigger direct() {
    var viewer = event.containsKey("widgetContext");
    var channel = viewer ? Channel.WIDGET : Channel.EVENT;
    var trigger = viewer ? "widget" : "direct";
    try {
      var given = event(trigger, event, event);
      return new Trigger.Stop(
          new StopOrder.OfCalculation(given, calculationId(event, "the event"), null), channel);
    } catch (NoOrderException e) {
      return unusable(e.getMessage(), trigger, channel, null);
    }
  }

  // HTTP: API Gateway's HTTP APIs and function URLs (2.0), and its REST APIs (1.0)

  private Trigger http() {
    var context = object(event, "requestContext");
    var request = object(context, "http");
    var isOld = request.isEmpty();
    var method = text(isOld ? event : request, isOld ? "httpMethod" : "method");
    var path = text(event, isOld ? "path" : "rawPath");
    var domain = text(context, "domainName");
    var trigger =
        isOld
            ? "rest-api"
            : domain != null && domain.contains(".lambda-url.") ? "function-url" : "http-api";
    var caller =
        isOld
            ? text(object(context, "identity"), "userArn")
            : text(object(object(context, "authorizer"), "iam"), "userArn");
    try {
      return switch (method) {
        case "GET" -> {
          var id = inPath(LOOK_PATH, path);
          if (id == null) {
            throw new NoOrderException("GET takes the path /calculations/{" + ID + "}");
          }
          yield new Trigger.Look(id, http(trigger, context, Map.of(), caller), Channel.HTTP);
        }
        case "POST" -> {
          var body = body();
          var inPath = inPath(STOP_PATH, path);
          var id = inPath == null ? calculationId(body, "the path and the body") : inPath;
          yield new Trigger.Stop(
              new StopOrder.OfCalculation(http(trigger, context, body, caller), id, null),
              Channel.HTTP);
        }
        case null, default ->
            throw new NoOrderException("the method is " + method + "; " + ACCEPTED);
      };
    } catch (NoOrderException e) {
      return unusable(e.getMessage(), trigger, Channel.HTTP, text(context, "requestId"));
    }
  }

  private @Nullable CalculationId inPath(Pattern pattern, @Nullable String path)
      throws NoOrderException {
    var parameters = object(event, "pathParameters");
    if (has(parameters, ID)) {
      return calculationId(parameters, "the path");
    }
    var matcher = pattern.matcher(path == null ? "" : path);
    return matcher.find() ? calculationId(Map.of(ID, matcher.group(1)), "the path") : null;
  }

  private Map<?, ?> body() throws NoOrderException {
    var sent = event.get("body");
    if (sent == null) {
      return Map.of();
    }
    if (!(sent instanceof String body)) {
      throw new NoOrderException("the body is not a text, as HTTP's are");
    }
    try {
      var text =
          Objects.equals(event.get("isBase64Encoded"), true)
              ? new String(Base64.getDecoder().decode(body), StandardCharsets.UTF_8)
              : body;
      return text.isBlank() ? Map.of() : Json.object(text);
    } catch (IllegalArgumentException e) {
      throw new NoOrderException("the body is said to be base64, and is not");
    } catch (IOException e) {
      throw new NoOrderException("the body is not a JSON object");
    }
  }

  // What the shapes share

  /** A caller who waits gives the order now, whatever an event says of its time. */
  private Given http(String trigger, Map<?, ?> context, Map<?, ?> body, @Nullable String caller)
      throws NoOrderException {
    return given(
        trigger, text(context, "requestId"), arrival.now(), settings.httpBudget(), body, caller);
  }

  private Given event(String trigger, Map<?, ?> envelope, Map<?, ?> order) throws NoOrderException {
    var time = instant(envelope, "time");
    // Nobody may reach beyond what was submitted until now.
    var at = time == null ? arrival.asked() : time.isAfter(arrival.now()) ? arrival.now() : time;
    return given(trigger, text(envelope, "id"), at, settings.confirm(), order, null);
  }

  private Given given(
      String trigger,
      @Nullable String orderId,
      Instant at,
      Duration budget,
      Map<?, ?> order,
      @Nullable String caller)
      throws NoOrderException {
    return new Given(
        orderId == null || orderId.isBlank() ? arrival.requestId() : UserText.clean(orderId),
        trigger,
        at,
        arrival.within(budget),
        arrival.place(),
        isDryRun(order),
        text(order, "reason"),
        caller,
        text(order, "requestedBy"));
  }

  /** What is known of an input that is no order. */
  private Trigger unusable(String why, String trigger, Channel channel, @Nullable String orderId) {
    return new Trigger.Unusable(
        why,
        new Given(
            orderId == null || orderId.isBlank() ? arrival.requestId() : UserText.clean(orderId),
            trigger,
            arrival.now(),
            arrival.within(settings.httpBudget()),
            arrival.place(),
            false,
            null,
            null,
            null),
        channel);
  }

  private static CalculationId calculationId(Map<?, ?> fields, String where)
      throws NoOrderException {
    return id(fields, ID, where, CalculationId.RULE, CalculationId::new);
  }

  private static SessionId sessionId(Map<?, ?> fields, String where) throws NoOrderException {
    return id(fields, "sessionId", where, SessionId.RULE, SessionId::new);
  }

  private static <T> T id(
      Map<?, ?> fields, String name, String where, String rule, Function<String, T> parse)
      throws NoOrderException {
    if (!has(fields, name)) {
      throw new NoOrderException(
          "%s is missing in %s: it takes %s; %s".formatted(name, where, rule, ACCEPTED));
    }
    var value = value(fields, name);
    if (!(value instanceof String text)) {
      throw new NoOrderException(
          "%s in %s takes a string of %s, and is %s".formatted(name, where, rule, kind(value)));
    }
    try {
      return parse.apply(text);
    } catch (IllegalArgumentException e) {
      throw new NoOrderException(
          "%s in %s takes %s, and is %s (%d characters)"
              .formatted(name, where, rule, UserText.quoted(text), text.length()));
    }
  }

  private static String kind(@Nullable Object value) {
    return switch (value) {
      case null -> "null";
      case Number _ -> "a number";
      case Boolean _ -> "a boolean";
      case Map<?, ?> _ -> "an object";
      default -> "a list";
    };
  }

  /** Not to be read as "no": who asks for a dry run in the wrong way must not get a wet one. */
  private static boolean isDryRun(Map<?, ?> order) throws NoOrderException {
    return switch (value(order, "dryRun")) {
      case null -> false;
      case Boolean dryRun -> dryRun;
      case String text when text.equals("true") || text.equals("false") -> text.equals("true");
      default -> throw new NoOrderException("dryRun takes true or false");
    };
  }

  private static @Nullable Instant instant(Map<?, ?> fields, String name) throws NoOrderException {
    var text = text(fields, name);
    try {
      return text == null ? null : Instant.parse(text);
    } catch (DateTimeParseException e) {
      throw new NoOrderException(
          "%s takes an instant such as 2026-11-22T09:30:00Z, and is %s"
              .formatted(name, UserText.quoted(text)));
    }
  }

  private static @Nullable Number number(Map<?, ?> fields, String name) {
    return value(fields, name) instanceof Number number ? number : null;
  }

  private static @Nullable String text(Map<?, ?> fields, String name) {
    return value(fields, name) instanceof String text ? text : null;
  }

  private static Map<?, ?> object(Map<?, ?> fields, String name) {
    return value(fields, name) instanceof Map<?, ?> object ? object : Map.of();
  }

  private static boolean has(Map<?, ?> fields, String name) {
    return fields.containsKey(name) || fields.containsKey(upper(name));
  }

  /** Names come in lower and in upper camel case: AWS uses both. */
  private static @Nullable Object value(Map<?, ?> fields, String name) {
    return fields.containsKey(name) ? fields.get(name) : fields.get(upper(name));
  }

  private static String upper(String name) {
    return Character.toUpperCase(name.charAt(0)) + name.substring(1);
  }

  /** The input is no order; the message says what is wrong with it. */
  private static final class NoOrderException extends Exception {
    private final String message;

    NoOrderException(String message) {
      super(message, null, false, false);
      this.message = message;
    }

    @Override
    public String getMessage() {
      return message;
    }
  }
}
