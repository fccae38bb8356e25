package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.CALCULATION;
import static io.github.calculationguard.lambda.GuardedWorld.NOW;
import static io.github.calculationguard.lambda.GuardedWorld.SESSION;
import static io.github.calculationguard.lambda.GuardedWorld.detail;
import static io.github.calculationguard.lambda.GuardedWorld.json;
import static io.github.calculationguard.lambda.GuardedWorld.line;
import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.Course.OnStop;
import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.report.Handover;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Plays each row of the table in the documentation over each channel. */
class OutcomeTableTest {

  private static final Pattern CELL =
      Pattern.compile("`([A-Z_]+)` (\\d+)((?: Stop)?(?: Terminate)?)");
  private static final Duration HOUR = Duration.ofHours(1);

  /** One cell, and the channel by which it plays. */
  record Play(String request, String state, boolean mayTerminate, String channel, String cell) {

    boolean isConnect() {
      return request.contains("Spark 3.5");
    }

    boolean ends() {
      return request.contains("endSession");
    }

    boolean isOfCalculation() {
      return request.equals("calculation");
    }

    boolean isHttp() {
      return List.of("http", "rest").contains(channel);
    }
  }

  static Stream<Play> plays() throws IOException {
    var page = Files.readString(Path.of("docs", "orders-and-outcomes.md"));
    var table = page.split("### Every request", 2)[1].split("\n## ", 2)[0];
    return Pattern.compile(
            "(?m)^\\| ((?:calculation|session)[^|]*) \\| ([^|]*) \\| ([^|]*) \\| ([^|]*) \\|")
        .matcher(table)
        .results()
        .flatMap(
            row ->
                Stream.of("eventbridge", "http", "rest", "direct", "page", "sweep")
                    .flatMap(
                        channel ->
                            Stream.of(
                                new Play(row.group(1), row.group(2), false, channel, row.group(3)),
                                new Play(row.group(1), row.group(2), true, channel, row.group(4)))))
        .filter(OutcomeTableTest::isPossible);
  }

  private static boolean isPossible(Play play) {
    var isLate = play.state().contains("later");
    var isForWhatRuns = !play.isOfCalculation() && !play.ends();
    // An order over HTTP is made when it arrives.
    return !(play.isHttp() && (isLate || isForWhatRuns))
        && !(play.channel().equals("sweep") && isForWhatRuns);
  }

  @ParameterizedTest
  @MethodSource("plays")
  void holds(Play play) {
    var cell = CELL.matcher(play.cell());
    assertThat(cell.matches()).as(play.cell()).isTrue();
    try (var guarded = world(play)) {
      var first = context(play, "request-1");
      var answer = guarded.play(order(play), first);
      if (play.isHttp()) {
        assertThat(GuardedWorld.reply(answer).getStatusCode())
            .isEqualTo(Integer.parseInt(cell.group(2)));
      }
      var last = first;
      for (var event : guarded.world.eventBridge().events(Handover.DETAIL_TYPE)) {
        last = new TestContext("request-2");
        guarded.play(json(event.json()), last);
      }

      assertThat(line(last)).containsEntry("outcome", cell.group(1));
      var calls = new TreeSet<String>();
      for (var call : guarded.athenaCalls()) {
        if (call.matches("StopCalculationExecution|TerminateSession")) {
          calls.add(call.replaceAll("CalculationExecution|Session", ""));
        }
      }
      assertThat(String.join(" ", calls)).isEqualTo(cell.group(3).strip());
    }
  }

  private static GuardedWorld world(Play play) {
    var guarded = new GuardedWorld();
    guarded.with("ESCALATION", play.mayTerminate() ? "TERMINATE_SESSION" : "NONE");
    if (play.state().equals("is unknown")) {
      return guarded;
    }
    var workGroup = play.isConnect() ? "connect" : "analytics-spark";
    guarded.model().addWorkGroup("connect", SparkModel.SPARK_35, Map.of());
    var startedAt =
        play.state().equals("was started later")
            ? NOW.minusSeconds(2)
            : NOW.minus(HOUR.multipliedBy(4));
    var session = SessionSetup.in(workGroup).id(SESSION).startedAt(startedAt);
    var isOver = play.state().equals("is over");
    guarded
        .model()
        .add(isOver && !play.isOfCalculation() ? session.terminatedAt(NOW.minus(HOUR)) : session);
    var stubborn = Course.onStop(new OnStop.Ignored());
    var calculation = GuardedWorld.calculation();
    if (play.isOfCalculation()) {
      guarded
          .model()
          .add(
              calculation.course(
                  play.state().startsWith("does not cancel")
                      ? stubborn
                      : isOver ? Course.lasting(HOUR) : Course.USUAL));
      if (play.state().contains("other work")) {
        guarded.model().add(CalculationSetup.in(SESSION).submittedAt(NOW).course(Course.USUAL));
      }
    } else if (play.state().contains("later work")) {
      guarded.model().add(calculation.submittedAt(NOW.minusSeconds(2)));
    } else if (!isOver && !play.isConnect()) {
      guarded.model().add(calculation.course(Course.USUAL));
    }
    if (play.state().equals("is denied")) {
      guarded
          .world
          .athena()
          .faults(
              call ->
                  call.operation().matches("StopCalculationExecution|TerminateSession")
                      ? Fault.Refusal.DENIED
                      : null);
    }
    return guarded;
  }

  private static Map<String, Object> order(Play play) {
    return switch (play.channel()) {
      case "eventbridge" -> {
        var event = sample("eventbridge-end-session.json");
        name(play, detail(event));
        yield event;
      }
      case "http" -> sample(play.ends() ? "http-api-end-session.json" : "http-api-stop.json");
      case "rest" -> {
        var event = sample("rest-api-stop.json");
        if (play.ends()) {
          event.put("path", "/sessions/" + SESSION + "/terminate");
          event.put("pathParameters", Map.of("sessionId", SESSION));
        }
        yield event;
      }
      case "sweep" -> {
        var event = sample(play.ends() ? "finding-session.json" : "finding-calculation.json");
        event.put("time", "2026-11-22T09:30:00Z");
        detail(event).remove("onlyIfIdleSince");
        yield event;
      }
      default -> {
        var event = sample("direct-end-session.json");
        name(play, event);
        if (play.channel().equals("page")) {
          event.put("widgetContext", Map.of());
        }
        yield event;
      }
    };
  }

  private static void name(Play play, Map<String, Object> order) {
    if (!play.ends()) {
      order.remove("endSession");
    }
    if (play.isOfCalculation()) {
      order.remove("sessionId");
      order.put("calculationExecutionId", CALCULATION);
    }
  }

  private static TestContext context(Play play, String requestId) {
    // By its trace, a direct order was made when the others were.
    var trace = "Root=1-%08x-0123456789abcdef01234567".formatted(NOW.getEpochSecond() - 5);
    var context = new TestContext(requestId, Duration.ofSeconds(90), trace);
    return List.of("direct", "page").contains(play.channel())
        ? context.at("guard-StopFunction:direct")
        : context;
  }
}
