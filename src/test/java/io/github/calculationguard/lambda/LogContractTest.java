package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.CALCULATION;
import static io.github.calculationguard.lambda.GuardedWorld.NOW;
import static io.github.calculationguard.lambda.GuardedWorld.SESSION;
import static io.github.calculationguard.lambda.GuardedWorld.detail;
import static io.github.calculationguard.lambda.GuardedWorld.json;
import static io.github.calculationguard.lambda.GuardedWorld.line;
import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.Faults;
import io.github.athenasparklocal.SessionSetup;
import io.github.calculationguard.lambda.StopHandler.RequestFailedException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The log line: one line of JSON whatever comes in, with the documented keys and no others. */
class LogContractTest {

  /** In the order of the table in docs/messages-and-log.md. */
  static final List<String> KEYS =
      List.of(
          "timestamp",
          "level",
          "event",
          "guard_version",
          "account_id",
          "region",
          "order_id",
          "trigger",
          "requested_by",
          "claimed_by",
          "outcome",
          "reason",
          "state",
          "calculation_id",
          "session_id",
          "work_group",
          "owner",
          "description",
          "rule",
          "limit",
          "observed",
          "limit_set_by",
          "returned_after",
          "submitted_at",
          "age_seconds",
          "dpu_hours",
          "cost_usd",
          "cost_basis",
          "still_costs",
          "confirm_millis",
          "stops_sent",
          "announced",
          "event_sent",
          "repeat",
          "request_id",
          "cold_start",
          "handed_over",
          "error_type",
          "aws_service",
          "aws_request_id");

  private static final List<String> ALWAYS =
      List.of(
          "timestamp",
          "level",
          "event",
          "guard_version",
          "account_id",
          "region",
          "order_id",
          "trigger",
          "request_id",
          "cold_start");

  /** Everything that could break a line, or a parser. */
  private static final String HOSTILE =
      "a\nb\r\nc\u2028d\u2029e\u0085f\u0000g\u001b[31mh\u007fi\u202ej\ufeffk\ud800l\udc00m\"n\\o\tp\u000bq\fr</s> 😀 ";

  @ParameterizedTest
  @MethodSource("io.github.calculationguard.lambda.Plot#all")
  void hasTheDocumentedKeysAndNoOthers(Plot plot) {
    for (var mayTerminate : List.of(false, true)) {
      try (var guarded = plot.world(mayTerminate)) {
        var invocation = new TestContext("request-1");
        guarded.play(plot.order(), invocation);
        holdsTheContract(invocation);
      }
    }
  }

  @Test
  void usesEveryKey() {
    var used = new TreeSet<String>();
    for (var plot : Plot.all()) {
      try (var guarded = plot.world(true)) {
        used.addAll(guarded.log(plot.order()).keySet());
      }
    }
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      used.addAll(guarded.log(sample("http-api-stop.json")).keySet());
    }
    try (var guarded = GuardedWorld.running(Course.USUAL).with("MAX_ATTEMPTS", "1")) {
      guarded.world.sns().faults(Faults.always(Fault.Refusal.DENIED));
      var invocation = new TestContext("request-1");
      assertThatExceptionOfType(RequestFailedException.class)
          .isThrownBy(() -> guarded.play(sample("direct-stop.json"), invocation));
      assertThat(line(invocation))
          .containsEntry("announced", false)
          .containsEntry("aws_service", "Sns")
          .hasEntrySatisfying("error_type", type -> assertThat((String) type).isNotBlank());
      used.addAll(line(invocation).keySet());
    }
    try (var guarded = GuardedWorld.running(Course.onStop(new Course.OnStop.Ignored()))) {
      guarded.world.eventBridge().faults(Faults.always(Fault.Refusal.DENIED));
      var invocation = new TestContext("request-1");
      guarded.play(sample("http-api-stop.json"), invocation);
      used.addAll(line(invocation).keySet());
      var failure = invocation.lines.stream().filter(it -> it.contains("\"failure\"")).toList();
      used.addAll(json(failure.getFirst()).keySet());
    }
    assertThat(used).containsExactlyInAnyOrderElementsOf(KEYS);
  }

  @Test
  void holdsForLooksAndFailuresToo() {
    try (var guarded = GuardedWorld.running(Course.USUAL).with("MAX_ATTEMPTS", "1")) {
      var look = new TestContext("request-1");
      guarded.play(sample("http-api-describe.json"), look);
      holdsTheContract(look);
      assertThat(line(look)).containsEntry("event", "describe").doesNotContainKey("announced");

      guarded.world.athena().faults(Faults.always(Fault.Refusal.INTERNAL_ERROR));
      var failure = new TestContext("request-2");
      assertThatExceptionOfType(RequestFailedException.class)
          .isThrownBy(() -> guarded.play(sample("eventbridge-stop-requested.json"), failure));
      holdsTheContract(failure);
      assertThat(line(failure))
          .containsEntry("event", "failure")
          .containsEntry("error_type", "InternalServerException")
          .containsEntry("aws_service", "Athena")
          .containsKey("aws_request_id")
          .doesNotContainKey("outcome");
    }
  }

  @Test
  void staysOneLineWhateverPeopleWrite() {
    try (var guarded = new GuardedWorld()) {
      guarded.model().addWorkGroup("hostile", "PySpark engine version 3", Map.of("owner", HOSTILE));
      guarded
          .model()
          .add(SessionSetup.in("hostile").id(SESSION).startedAt(NOW.minus(Duration.ofHours(4))));
      guarded.model().add(GuardedWorld.calculation().description(HOSTILE.repeat(20)));
      var order = sample("eventbridge-stop-requested.json");
      order.put("id", HOSTILE);
      detail(order).putAll(Map.of("reason", HOSTILE.repeat(20), "requestedBy", HOSTILE));

      var invocation = new TestContext("request-1");
      guarded.play(order, invocation);

      holdsTheContract(invocation);
      assertThat(line(invocation)).containsEntry("outcome", "CANCELED");
      assertThat(line(invocation).keySet())
          .contains("description", "owner", "reason", "claimed_by");
      assertThat(invocation.lines.getFirst().stripTrailing()).matches("[ -~]*");
      assertThat(
              List.of("description", "owner", "reason", "claimed_by", "order_id").stream()
                  .map(key -> String.valueOf(line(invocation).get(key))))
          .allSatisfy(text -> assertThat(text).doesNotContainPattern("[\\p{C}\u2028\u2029]"))
          .allSatisfy(text -> assertThat(text.length()).isLessThanOrEqualTo(200));
    }
  }

  @Test
  void staysOneLineWhateverAnInvalidOrderSays() {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      var order = sample("eventbridge-stop-requested.json");
      order.put("id", HOSTILE);
      detail(order).put("calculationExecutionId", HOSTILE.repeat(100));
      var http = sample("http-api-stop.json");
      http.put("pathParameters", Map.of("calculationExecutionId", HOSTILE));
      for (var event : List.of(order, http, Map.<String, Object>of("detail-type", HOSTILE))) {
        var invocation = new TestContext("request-1");
        guarded.play(event, invocation);
        holdsTheContract(invocation);
        assertThat(line(invocation)).containsEntry("outcome", "INVALID");
      }
    }
  }

  @Test
  void leavesOutWhatIsNotKnown() {
    try (var guarded = new GuardedWorld()) {
      guarded.model().addWorkGroup("plain", "PySpark engine version 3", Map.of());
      guarded.model().add(SessionSetup.in("plain").id(SESSION).startedAt(NOW.minusSeconds(9000)));
      guarded
          .model()
          .add(CalculationSetup.in(SESSION).id(CALCULATION).submittedAt(NOW.minusSeconds(7200)));
      var line = guarded.log(Map.of("calculationExecutionId", CALCULATION));
      assertThat(line)
          .containsEntry("outcome", "CANCELED")
          .doesNotContainKeys(
              "owner",
              "description",
              "reason",
              "requested_by",
              "claimed_by",
              "rule",
              "limit",
              "observed",
              "repeat");
    }
  }

  private static void holdsTheContract(TestContext invocation) {
    assertThat(invocation.lines).isNotEmpty();
    for (var text : invocation.lines) {
      assertThat(text).endsWith("\n");
      assertThat(text.stripTrailing().lines()).hasSize(1);
      var line = json(text);
      if (!line.containsKey("_aws")) {
        assertThat(line.keySet()).isSubsetOf(KEYS).containsAll(ALWAYS);
        assertThat(new ArrayList<>(line.values()))
            .doesNotContainNull()
            .doesNotContain("", "null")
            .allMatch(
                value ->
                    value instanceof String || value instanceof Number || value instanceof Boolean);
        assertThat(line.get("level")).isIn("INFO", "WARN", "ERROR");
        assertThat(line.get("cost_basis")).isIn(null, "REPORTED", "LIVE", "UPPER_BOUND");
        assertThat(Instant.parse((String) line.get("timestamp")))
            .isBetween(NOW, NOW.plusSeconds(90));
      }
    }
  }
}
