package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.CALCULATION;
import static io.github.calculationguard.lambda.GuardedWorld.NOW;
import static io.github.calculationguard.lambda.GuardedWorld.SESSION;
import static io.github.calculationguard.lambda.GuardedWorld.detail;
import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.Course.OnStop;
import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.Faults;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.report.Handover;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The table of calls in docs/orders-and-outcomes.md, row by row: events through the front door, the
 * real SDK, and the local Athena.
 */
class EveryCaseTest {

  private static final Path PAGE = Path.of("docs", "orders-and-outcomes.md");
  private static final String HEADING = "## Calls on the wire";

  private static final Instant LONG_AGO = NOW.minus(Duration.ofHours(9));

  /** What the order names. */
  enum Target {
    CALCULATION("calculation"),
    PYSPARK_3("PySpark 3 session"),
    SPARK_35("3.5 session");

    private final String words;

    Target(String words) {
      this.words = words;
    }
  }

  /** How the order comes. */
  enum Channel {
    EVENTBRIDGE("EventBridge"),
    HTTP("HTTP"),
    REST("REST"),
    DIRECT("direct"),
    PAGE("page"),
    SWEEP("sweep");

    private final String words;

    Channel(String words) {
      this.words = words;
    }

    boolean isHttp() {
      return this == HTTP || this == REST;
    }

    /** Whether the time of the order is that of its arrival. */
    boolean isMadeNow() {
      return this != EVENTBRIDGE && this != SWEEP;
    }
  }

  /** How the order finds what it names. */
  enum State {
    ALIVE,
    OVER,
    BUSY_AGAIN,
    UNKNOWN,
    DENIED;

    private String words() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  /** One cell of the table. */
  record Case(Target target, Channel channel, boolean mayTerminate, State state) {

    @Override
    public String toString() {
      var escalation = mayTerminate ? "TERMINATE_SESSION" : "NONE";
      return String.join(", ", target.words, state.words(), channel.words, escalation);
    }
  }

  /** What the table says of a case, or what became of it. */
  private record Result(String outcome, String status, String calls) {}

  static List<Case> cases() {
    var cases = new ArrayList<Case>();
    for (var target : Target.values()) {
      for (var state : State.values()) {
        for (var channel : Channel.values()) {
          for (var mayTerminate : List.of(false, true)) {
            cases.add(new Case(target, channel, mayTerminate, state));
          }
        }
      }
    }
    return cases;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void endsAsTheTableSays(Case it) throws IOException {
    assertThat(play(it)).isEqualTo(table().get(it));
  }

  @Test
  void isInTheTableOnce() throws IOException {
    assertThat(table().keySet()).containsExactlyInAnyOrderElementsOf(cases());
  }

  /** The table's rows, each for all cases that it names. */
  private static Map<Case, Result> table() throws IOException {
    var rows =
        Files.readString(PAGE)
            .split(HEADING + "\n", 2)[1]
            .split("\n## ", 2)[0]
            .lines()
            .filter(line -> line.startsWith("| "))
            .skip(1)
            .map(line -> Arrays.stream(line.split("\\|")).skip(1).map(String::strip).toList())
            .toList();
    var table = new LinkedHashMap<Case, Result>();
    for (var row : rows) {
      for (var it : cases()) {
        var status = it.channel.isHttp() ? row.get(5) : "";
        var calls = it.channel == Channel.SWEEP ? afterTags(row.get(6)) : row.get(6);
        var result = new Result(row.get(4).replace("`", ""), status, calls);
        var names = new ArrayList<>(List.of(it.target.words, it.state.words(), it.channel.words));
        names.add(it.mayTerminate ? "TERMINATE_SESSION" : "NONE");
        if (Stream.of(0, 1, 2, 3).allMatch(i -> names(row.get(i), names.get(i)))) {
          assertThat(table.put(it, result)).as("stands twice: " + it).isNull();
        }
      }
    }
    return table;
  }

  /** Before a finding is carried out, its tags are read once more. */
  private static String afterTags(String calls) {
    return "ListTagsForResource, " + calls.replace("ListTagsForResource, ", "");
  }

  private static boolean names(String cell, String name) {
    return cell.equals("any") || Arrays.asList(cell.replace("`", "").split(", ")).contains(name);
  }

  private static Result play(Case it) {
    try (var guarded = new GuardedWorld()) {
      guarded.with("MAX_ATTEMPTS", "1");
      guarded.with("ESCALATION", it.mayTerminate ? "TERMINATE_SESSION" : "NONE");
      settle(guarded, it);
      var alias = it.channel == Channel.DIRECT || it.channel == Channel.PAGE ? "direct" : "live";
      var invocation = new TestContext("request-1").at("guard-StopFunction:" + alias);
      var answer = guarded.play(event(it), invocation);
      var status =
          it.channel.isHttp() ? String.valueOf(GuardedWorld.reply(answer).getStatusCode()) : "";
      var outcome = String.valueOf(GuardedWorld.line(invocation).get("outcome"));
      return new Result(outcome, status, calls(guarded));
    }
  }

  /** Each operation once, in the order of its first call. */
  private static String calls(GuardedWorld guarded) {
    var calls = new ArrayList<>(guarded.athenaCalls().stream().distinct().toList());
    guarded.world.sns().messages().forEach(_ -> calls.add("Publish"));
    guarded.world.eventBridge().events(Handover.DETAIL_TYPE).forEach(_ -> calls.add("PutEvents"));
    return String.join(", ", calls);
  }

  private static void settle(GuardedWorld guarded, Case it) {
    var athena = guarded.world.athena();
    if (it.state == State.DENIED) {
      athena.faults(Faults.always(Fault.Refusal.DENIED));
    }
    if (it.state == State.UNKNOWN) {
      return;
    }
    var model = guarded.model();
    model.addWorkGroup("connect", SparkModel.SPARK_35, Map.of("Owner", "team data"));
    // Later than an event that is on its way; later than a call, while Athena throttles it.
    var later = it.channel.isMadeNow() ? NOW.plusMillis(200) : NOW.minusSeconds(1);
    var isAgain = it.state == State.BUSY_AGAIN;
    var session = SessionSetup.in(it.target == Target.SPARK_35 ? "connect" : "analytics-spark");
    session.id(SESSION).startedAt(it.target == Target.SPARK_35 && isAgain ? later : LONG_AGO);
    session.idleTimeout(Duration.ofHours(12));
    if (it.state == State.OVER && it.target != Target.CALCULATION) {
      session.terminatedAt(NOW.minus(Duration.ofHours(7)));
    }
    model.add(session);
    if (it.target == Target.CALCULATION) {
      var course = isAgain ? Course.onStop(new OnStop.Ignored()) : Course.USUAL;
      var isOver = it.state == State.OVER;
      var lasting = isOver ? Course.lasting(Duration.ofMinutes(10)) : course;
      var submitted = isOver ? NOW.minus(Duration.ofHours(8)) : NOW.minus(Duration.ofHours(3));
      model.add(GuardedWorld.calculation().submittedAt(submitted).course(lasting));
    }
    if (isAgain && it.target != Target.SPARK_35) {
      model.add(CalculationSetup.in(SESSION).id("later").submittedAt(later));
    }
    if (isAgain && it.target != Target.CALCULATION && it.channel.isMadeNow()) {
      athena.faults(Faults.first(1, "GetSession", Fault.Refusal.THROTTLED));
    }
  }

  private static Map<String, Object> event(Case it) {
    var isSession = it.target != Target.CALCULATION;
    return switch (it.channel) {
      case EVENTBRIDGE ->
          sample(isSession ? "eventbridge-end-session.json" : "eventbridge-stop-requested.json");
      case HTTP -> sample(isSession ? "http-api-end-session.json" : "http-api-stop.json");
      case REST -> isSession ? restEnd() : sample("rest-api-stop.json");
      case DIRECT -> direct(isSession);
      case PAGE -> {
        var event = direct(isSession);
        event.put("widgetContext", sample("widget.json").get("widgetContext"));
        yield event;
      }
      case SWEEP -> {
        var event = sample(isSession ? "finding-session.json" : "finding-calculation.json");
        if (isSession) {
          // For its hours, so that it counts whether or not it is idle.
          detail(event).remove("onlyIfIdleSince");
          detail(event).put("rule", "max-session-hours");
        }
        yield event;
      }
    };
  }

  private static Map<String, Object> direct(boolean isSession) {
    return new HashMap<>(
        isSession
            ? Map.of("sessionId", SESSION, "endSession", true)
            : Map.of("calculationExecutionId", CALCULATION));
  }

  private static Map<String, Object> restEnd() {
    var event = sample("rest-api-stop.json");
    event.put("path", "/sessions/" + SESSION + "/terminate");
    event.put("pathParameters", Map.of("sessionId", SESSION));
    event.put("resource", "/sessions/{sessionId}/terminate");
    return event;
  }
}
