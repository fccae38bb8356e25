package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.CALCULATION;
import static io.github.calculationguard.lambda.GuardedWorld.detail;
import static io.github.calculationguard.lambda.GuardedWorld.json;
import static io.github.calculationguard.lambda.GuardedWorld.line;
import static io.github.calculationguard.lambda.GuardedWorld.metrics;
import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.athenasparklocal.Course;
import io.github.calculationguard.report.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is no order is answered, logged and counted; Athena is not asked, nobody is told, and
 * nothing is thrown, since the same input would be no order the next time.
 */
class BadInputTest {

  private static final String ID = "calculationExecutionId";

  /** JSON that is no id. */
  static Stream<String> noIds() {
    return Stream.of(
        "\"\"",
        "\"" + "a".repeat(37) + "\"",
        "\"82c1ebb4/bd08\"",
        "\"../82c1ebb4\"",
        "\"82c1'ebb4\"",
        "\"82c1\\\"ebb4\"",
        "\"82c1ebb4\\n\"",
        "\"82c1\\u2028ebb4\"",
        "\"82c1\\u0000ebb4\"",
        "\"82c1\\u001bebb4\"",
        "\"82c1\\u007febb4\"",
        "\"82c1 ebb4\"",
        "\"82c1.ebb4\"",
        "\"82c1\\u202eebb4\"",
        "\"82c1\\ud800ebb4\"",
        "\"\\u0661\\u0662\"",
        "\"82c1äebb4\"",
        "7",
        "82e1",
        "[\"82c1ebb4\"]",
        "[]",
        "{\"S\": \"82c1ebb4\"}",
        "true",
        "false",
        "null");
  }

  private final GuardedWorld guarded = GuardedWorld.running(Course.USUAL);

  @AfterEach
  void close() {
    guarded.close();
  }

  @Test
  void saysWhatIsAcceptedWhereNothingComes() {
    assertThat(refused(null)).contains("an empty event").contains("accepted are");
    assertThat(refused(Map.of())).contains("an empty event").contains("accepted are");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Athena Calculation Stop Requested",
        "Athena Spark Finding",
        "StartCalculationExecution",
        "CloudWatch Alarm State Change",
        "CloudWatch Alarm Contributor State Change",
        "POST /calculations/{calculationExecutionId}/stop",
        "GET /calculations/{calculationExecutionId}",
        "POST /sessions/{sessionId}/terminate",
        "GET /sessions/{sessionId}",
        "Athena Calculation Stop Handover",
        "endSession",
        "an object with calculationExecutionId at its top"
      })
  void listsEveryAcceptedShape(String shape) {
    assertThat(refused(json("{\"hello\": \"world\"}"))).contains(shape);
  }

  @ParameterizedTest
  @MethodSource("noIds")
  void takesNoIdThatIsNone(String value) {
    var id = parsed(value);

    assertThat(refused(with(Map.of(), ID, id))).contains(ID);
    assertThat(refused(with(Map.of(), "CalculationExecutionId", id))).contains(ID);
    assertThat(refused(inDetail("eventbridge-stop-requested.json", ID, id))).contains(ID);
    assertThat(refused(inDetail("finding-calculation.json", ID, id))).contains(ID);
    assertThat(
            refused(
                inDetail(
                    "cloudtrail-start-calculation.json",
                    "responseElements",
                    with(Map.of(), ID, id))))
        .contains(ID);
    for (var sample : List.of("http-api-stop.json", "rest-api-stop.json")) {
      assertThat(refusedOverHttp(with(sample(sample), "pathParameters", with(Map.of(), ID, id))))
          .contains(ID);
    }
    assertThat(
            refusedOverHttp(
                with(sample("http-api-describe.json"), "pathParameters", with(Map.of(), ID, id))))
        .contains(ID);
    assertThat(
            refusedOverHttp(
                with(
                    with(
                        with(sample("http-api-stop.json"), "pathParameters", null), "rawPath", "/"),
                    "body",
                    "{\"%s\": %s}".formatted(ID, value))))
        .contains(ID);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"\"", "7", "[]", "null", "\"a/b\"", "\"a:b\"", "\"a\\nb\"", "{}"})
  void takesNoSessionIdThatIsNone(String value) {
    var id = parsed(value);
    var order = sample("eventbridge-stop-requested.json");
    order.put("detail", with(Map.of(), "sessionId", id));

    assertThat(refused(order)).contains("sessionId");
    assertThat(refused(inDetail("finding-session.json", "sessionId", id))).contains("sessionId");
    assertThat(
            refused(
                inDetail(
                    "alarm-contributor.json",
                    "alarmContributor",
                    Map.of("attributes", with(Map.of(), "SessionId", id)))))
        .contains("sessionId");
  }

  @Test
  void takesNoSessionIdThatIsTooLong() {
    var order = sample("eventbridge-stop-requested.json");
    order.put("detail", Map.of("sessionId", "a".repeat(257)));
    assertThat(refused(order)).contains("257 characters");
  }

  @Test
  void saysThatTheIdIsMissing() {
    assertThat(refused(with(sample("eventbridge-stop-requested.json"), "detail", Map.of())))
        .contains(ID + " is missing in detail");
    var post = with(with(sample("http-api-stop.json"), "pathParameters", null), "rawPath", "/");
    assertThat(refusedOverHttp(post)).contains(ID + " is missing in the path and the body");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "no JSON",
        "{",
        "{\"reason\": }",
        "[1]",
        "[]",
        "\"text\"",
        "7",
        "true",
        "null",
        "{} {}",
        "{\"dryRun\": true, \"dryRun\": false}",
        "{\"a\": [{\"b\": 1, \"b\": 1}]}",
        "{} oops",
        "\u0000",
        "reason=because"
      })
  void takesNoBodyButAnObject(String body) {
    for (var sample : List.of("http-api-stop.json", "rest-api-stop.json")) {
      assertThat(refusedOverHttp(with(sample(sample), "body", body)))
          .contains("the body is not a JSON object");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"dryRun\": true}", "%%%", "e30", "e30=\n", "bm8gSlNPTg==", "W10="})
  void takesNoBodyThatIsNotWhatItIsSaidToBe(String body) {
    var post = with(with(sample("http-api-stop.json"), "body", body), "isBase64Encoded", true);
    if (body.equals("e30")) {
      // Without its padding it is base64 still, of an empty object.
      assertThat(guarded.reply(post, new TestContext("request-1")).getStatusCode()).isEqualTo(200);
      return;
    }
    assertThat(refusedOverHttp(post)).contains("the body is");
  }

  /** A dry run that is asked for where nobody reads it would be a wet one. */
  @Test
  void doesNotPassOverABodyThatIsNoText() {
    for (var body : List.of(Map.of("dryRun", true), List.of(), 7, true)) {
      assertThat(refusedOverHttp(with(sample("http-api-stop.json"), "body", body)))
          .contains("the body is");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"yes\"", "\"TRUE\"", "1", "0", "[]", "{}", "\"\""})
  void takesNoDryRunThatIsNeitherTrueNorFalse(String dryRun) {
    assertThat(refused(with(sample("direct-stop.json"), "dryRun", parsed(dryRun))))
        .contains("dryRun");
    assertThat(refused(inDetail("eventbridge-stop-requested.json", "dryRun", parsed(dryRun))))
        .contains("dryRun");
    assertThat(
            refusedOverHttp(
                with(sample("http-api-stop.json"), "body", "{\"dryRun\": %s}".formatted(dryRun))))
        .contains("dryRun");
  }

  @Test
  void takesNoEventThatSaysSomethingTwice() {
    Map<String, Object> event =
        new EventSerializer()
            .fromJson("{\"%s\": \"%s\", \"%1$s\": \"%2$s\"}".formatted(ID, CALCULATION), Map.class);
    assertThat(refused(event))
        .contains("no JSON object")
        .contains("Duplicate field '" + ID + "'")
        .contains("line 1, column");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e999", "-1e999"})
  void takesNoFindingWhoseLimitIsInfinite(String limit) {
    Map<String, Object> event =
        new EventSerializer()
            .fromJson(
                Json.line(inDetail("finding-calculation.json", "limit", "LIMIT"))
                    .replace("\"LIMIT\"", limit),
                Map.class);

    assertThat(refused(event)).contains("limit takes a number");
    assertThat(guarded.world.sns().messages()).hasSize(1);
  }

  @Test
  void announcesAMistypedRequestOnceAnHour() {
    var mistyped = sample("eventbridge-stop-requested.json");
    mistyped.put("detail", Map.of("calculationId", CALCULATION));
    var other = sample("eventbridge-stop-requested.json");
    other.put("detail", Map.of("sessionId", "a b"));

    assertThat(guarded.log(mistyped)).containsEntry("announced", true);
    assertThat(guarded.log(mistyped)).doesNotContainKey("announced");
    assertThat(guarded.log(other)).containsEntry("announced", true);
    guarded.clock.advance(Duration.ofMinutes(61));
    assertThat(guarded.log(mistyped)).containsEntry("announced", true);

    assertThat(guarded.world.sns().messages()).hasSize(3);
    assertThat(guarded.world.sns().messages().getFirst().subject()).startsWith("INVALID");
    assertThat(guarded.world.sns().messages().getFirst().text("email"))
        .contains("calculationExecutionId is missing in detail")
        .contains("send it again");
  }

  @ParameterizedTest
  @ValueSource(strings = {"no JSON", "{\n \"reason\": }", "{} oops"})
  void saysWhereABodyIsNoJson(String body) {
    assertThat(refusedOverHttp(with(sample("http-api-stop.json"), "body", body)))
        .contains("the body is not a JSON object: ")
        .containsAnyOf("line 1, column", "line 2, column", "text follows");
  }

  // Channels

  /** Whoever may invoke the function directly could write anything into such an event. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "eventbridge-stop-requested.json",
        "finding-calculation.json",
        "finding-session.json",
        "cloudtrail-start-calculation.json",
        "alarm-state-change.json",
        "alarm-contributor.json",
        "eventbridge-end-session.json",
        "handover.json",
        "http-api-stop.json",
        "http-api-describe.json",
        "http-api-end-session.json",
        "http-api-describe-session.json",
        "rest-api-stop.json",
        "function-url-stop.json"
      })
  void takesNothingFromPeopleThatOnlyServicesSend(String sample) {
    for (var alias : List.of("guard-StopFunction:direct", "guard-StopFunction")) {
      var invocation = new TestContext("request-1").at(alias);
      guarded.play(sample(sample), invocation);
      assertThat(line(invocation))
          .containsEntry("outcome", "INVALID")
          .doesNotContainKeys("requested_by", "announced")
          .hasEntrySatisfying(
              "reason",
              why -> assertThat((String) why).contains("accepted only from AWS services"));
    }
    assertThat(guarded.athenaCalls()).isEmpty();
    assertThat(guarded.world.sns().calls()).isEmpty();
  }

  @Test
  void takesADirectRequestFromPeople() {
    var invocation = new TestContext("request-1").at("guard-StopFunction:direct");
    guarded.play(sample("direct-stop.json"), invocation);
    assertThat(line(invocation)).containsEntry("outcome", "CANCELED");
  }

  // Keep-alive

  @Test
  void answersAKeepAliveEventAndDoesNothing() {
    var invocation = new TestContext("request-1");
    guarded.play(Map.of("keepAlive", true), invocation);

    assertThat(invocation.lines).as("no metric").hasSize(1);
    assertThat(line(invocation))
        .containsEntry("event", "keep_alive")
        .containsEntry("level", "INFO")
        .doesNotContainKeys("outcome", "announced");
    assertThat(guarded.athenaCalls()).isEmpty();
    assertThat(guarded.world.sns().calls()).isEmpty();
  }

  @Test
  void takesNoKeepAliveEventThatAlsoNamesACalculation() {
    assertThat(refused(Map.of("keepAlive", true, ID, CALCULATION))).contains("keep-alive");
    assertThat(refused(Map.of("keepAlive", "true"))).contains("keep-alive");
  }

  @Test
  void knowsThatACallThatWasRefusedStartedNothing() {
    assertThat(refused(inDetail("cloudtrail-start-calculation.json", "responseElements", null)))
        .contains("responseElements");
  }

  @Test
  void answersARestEventWithoutAPath() {
    var rest = sample("rest-api-stop.json");
    rest.keySet().removeAll(List.of("path", "pathParameters", "resource", "body"));
    assertThat(refusedOverHttp(rest)).contains(ID + " is missing");
    assertThat(refusedOverHttp(with(rest, "httpMethod", "GET")))
        .contains("is missing in GET's path /calculations/{id}");
    assertThat(refusedOverHttp(with(rest, "httpMethod", null))).contains("the method is null");
    assertThat(refusedOverHttp(with(rest, "httpMethod", "DELETE")))
        .contains("the method is DELETE");
  }

  @ParameterizedTest
  @ValueSource(strings = {"OK", "INSUFFICIENT_DATA", ""})
  void stopsNothingForAnAlarmThatIsNone(String state) {
    for (var sample : List.of("alarm-state-change.json", "alarm-contributor.json")) {
      assertThat(refused(inDetail(sample, "state", Map.of("value", state)))).contains("ALARM");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "target, soon",
    "expiresAt, soon",
    "sessionId, ''",
    "workGroup,",
    "rule,",
    "limit, soon",
    "observed, soon",
    "limitSetBy,"
  })
  void takesNoFindingThatLacksWhatItNeeds(String name, @Nullable String wrong) {
    for (var sample : List.of("finding-session.json", "finding-calculation.json")) {
      assertThat(refused(inDetail(sample, name, null))).contains(name);
      assertThat(refused(inDetail(sample, name, wrong == null ? 7 : wrong))).contains(name);
    }
  }

  @Test
  void takesFindingsOfTheSweepOnly() {
    assertThat(refused(with(sample("finding-session.json"), "source", "com.example")))
        .contains("calculation-guard");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "yesterday",
        "2026-11-22",
        "2026-11-22T09:30:00",
        "-1000000000-01-01T00:00:00Z",
        "+1000000000-12-31T23:59:59Z",
        ""
      })
  void takesNoTimeThatIsNone(String time) {
    assertThat(refused(with(sample("eventbridge-stop-requested.json"), "time", time)))
        .contains("time");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"{}\"", "[]", "null", "7"})
  void takesNoDetailThatIsNoObject(String value) {
    for (var sample :
        List.of(
            "eventbridge-stop-requested.json",
            "finding-session.json",
            "cloudtrail-start-calculation.json",
            "alarm-state-change.json",
            "alarm-contributor.json")) {
      refused(with(sample(sample), "detail", parsed(value)));
    }
  }

  static Stream<Path> strangers() throws IOException {
    try (var files = Files.list(Path.of("src/test/resources/strangers"))) {
      return files.sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("strangers")
  void takesNoEventOfAnotherService(Path file) throws IOException {
    var event = json(Files.readString(file));
    if (event.get("requestContext") instanceof Map) {
      refusedOverHttp(event);
    } else {
      refused(event);
    }
  }

  // Through the front door

  /** Plays what is no order as an event, and returns why it is none. */
  private String refused(@Nullable Map<String, Object> event) {
    var invocation = new TestContext("request-1");
    var answer = play(event, invocation);

    assertThat(answer).isEqualTo(line(invocation));
    return reason(invocation);
  }

  /** The same over HTTP. */
  private String refusedOverHttp(Map<String, Object> event) {
    var invocation = new TestContext("request-1");
    var reply = GuardedWorld.reply(play(event, invocation));

    assertThat(reply.getStatusCode()).isEqualTo(400);
    assertThat(reply.getHeaders()).containsEntry("Content-Type", "application/problem+json");
    assertThat(json(reply.getBody()))
        .containsEntry("status", 400)
        .containsEntry("title", "Invalid request")
        .containsEntry("detail", reason(invocation))
        .containsAllEntriesOf(line(invocation));
    return reason(invocation);
  }

  private Object play(@Nullable Map<String, Object> event, TestContext invocation) {
    var published = guarded.world.sns().calls().size();
    var answer = guarded.play(event, invocation);
    assertThat(invocation.lines).as("the log line and the metrics line").hasSize(2);
    assertThat(line(invocation))
        .containsEntry("event", "stop")
        .containsEntry("outcome", "INVALID")
        .containsEntry("level", "WARN")
        .doesNotContainKeys("state", "calculation_id", "session_id");
    assertThat(metrics(invocation))
        .containsEntry("StopRequests", 1)
        .containsEntry("StopOther", 1)
        .doesNotContainKey("StopFailures");
    assertThat(guarded.athenaCalls()).isEmpty();
    if (!isAddressedToTheGuard(event)) {
      assertThat(line(invocation)).doesNotContainKey("announced");
      assertThat(guarded.world.sns().calls()).hasSize(published);
    }
    assertThat(guarded.model().calculationState(CALCULATION)).isEqualTo("RUNNING");
    return answer;
  }

  /** By its detail-type, which nobody else has, so that somebody waits for a stop. */
  private static boolean isAddressedToTheGuard(@Nullable Map<String, Object> event) {
    return event != null
        && List.of("Athena Calculation Stop Requested", "Athena Spark Finding")
            .contains(String.valueOf(event.get("detail-type")));
  }

  private static String reason(TestContext invocation) {
    return (String) Objects.requireNonNull(line(invocation).get("reason"));
  }

  private static @Nullable Object parsed(String value) {
    return json("{\"value\": " + value + "}").get("value");
  }

  /** With one entry set, which in JSON may be null. */
  @SuppressWarnings("NullAway")
  private static Map<String, Object> with(
      Map<String, Object> object, String name, @Nullable Object value) {
    var changed = new HashMap<>(object);
    changed.put(name, value);
    return changed;
  }

  private static Map<String, Object> inDetail(String sample, String name, @Nullable Object value) {
    var event = sample(sample);
    event.put("detail", with(detail(event), name, value));
    return event;
  }
}
