package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.CALCULATION;
import static io.github.calculationguard.lambda.GuardedWorld.NOW;
import static io.github.calculationguard.lambda.GuardedWorld.SESSION;
import static io.github.calculationguard.lambda.GuardedWorld.detail;
import static io.github.calculationguard.lambda.GuardedWorld.json;
import static io.github.calculationguard.lambda.GuardedWorld.line;
import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static org.assertj.core.api.Assertions.assertThat;

import module java.base;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.Course.OnStop;
import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.Faults;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.report.Handover;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The table of docs/orders-and-outcomes.md: every cell, over every channel, with the calls that
 * each makes. Events go through the front door, by the real SDK, to the local Athena.
 */
class OutcomeTableTest {

  /**
   * The calls of the first invocation, in the order of their first use. A finding's tags are read
   * before anything else: see {@link #afterTags}.
   */
  private static final String CALLS =
      """
      | Request | It finds | World | Channel | Escalation | Calls |
      | calculation | it runs | any | eventbridge, direct | any | StopCalculationExecution, GetCalculationExecution, GetSession, ListExecutors, ListTagsForResource, ListCalculationExecutions, Publish |
      | calculation | it runs | any | http, rest, page, sweep | any | StopCalculationExecution, GetCalculationExecution, GetSession, ListExecutors, ListTagsForResource, Publish |
      | calculation | it does not cancel | any | eventbridge, direct | NONE | StopCalculationExecution, GetCalculationExecution, GetSession, ListExecutors, ListTagsForResource, ListCalculationExecutions, Publish |
      | calculation | it does not cancel | any | http, rest, page | any | StopCalculationExecution, GetCalculationExecution, GetSession, ListExecutors, ListTagsForResource, Publish, PutEvents |
      | calculation | it does not cancel | any | eventbridge, direct, sweep | TERMINATE_SESSION | StopCalculationExecution, GetCalculationExecution, ListCalculationExecutions, TerminateSession, GetSession, ListTagsForResource, Publish |
      | calculation | it does not cancel | any | sweep | NONE | StopCalculationExecution, GetCalculationExecution, GetSession, ListExecutors, ListTagsForResource, Publish |
      | calculation | it does not cancel; other work is in the session | any | eventbridge, direct | NONE | StopCalculationExecution, GetCalculationExecution, GetSession, ListExecutors, ListTagsForResource, ListCalculationExecutions, Publish |
      | calculation | it does not cancel; other work is in the session | any | http, rest, page | any | StopCalculationExecution, GetCalculationExecution, GetSession, ListExecutors, ListTagsForResource, Publish, PutEvents |
      | calculation | it does not cancel; other work is in the session | any | eventbridge, direct, sweep | TERMINATE_SESSION | StopCalculationExecution, GetCalculationExecution, ListCalculationExecutions, GetSession, ListExecutors, ListTagsForResource, Publish |
      | calculation | it does not cancel; other work is in the session | any | sweep | NONE | StopCalculationExecution, GetCalculationExecution, GetSession, ListExecutors, ListTagsForResource, Publish |
      | calculation | it had ended | any | any | any | StopCalculationExecution, GetCalculationExecution, GetSession, ListExecutors, ListTagsForResource, Publish |
      | calculation | unknown ID | any | any | any | StopCalculationExecution, GetCalculationExecution, Publish |
      | calculation | AWS denies access | Stop | any | any | StopCalculationExecution, GetCalculationExecution, GetSession, ListExecutors, ListTagsForResource, Publish |
      | calculation | AWS denies access | every call | any | any | StopCalculationExecution, GetCalculationExecution, Publish |
      | work in a session | work runs | any | any | any | GetSession, ListCalculationExecutions, StopCalculationExecution, GetCalculationExecution, ListExecutors, ListTagsForResource, Publish |
      | work in a session | only later work | any | any | any | GetSession, ListCalculationExecutions, ListExecutors, ListTagsForResource, Publish |
      | work in a session | the session had ended | any | any | any | GetSession, ListCalculationExecutions, ListTagsForResource, Publish |
      | work in a session | unknown ID | any | any | any | GetSession, Publish |
      | work in a session | AWS denies Stop | any | any | any | GetSession, ListCalculationExecutions, StopCalculationExecution, ListExecutors, ListTagsForResource, Publish |
      | work in a session | AWS denies every call | any | any | any | GetSession, Publish |
      | work in a session | it is a session of Spark 3.5 | any | any | any | GetSession, ListExecutors, ListTagsForResource, Publish |
      | endSession | it is active | any | any | NONE | GetSession, ListExecutors, ListTagsForResource, Publish |
      | endSession | it is active | idle PySpark 3, busy PySpark 3 | any | TERMINATE_SESSION | GetSession, ListCalculationExecutions, TerminateSession, ListTagsForResource, Publish |
      | endSession | it is active | Spark 3.5 | any | TERMINATE_SESSION | GetSession, TerminateSession, ListTagsForResource, Publish |
      | endSession | later work (on Spark 3.5: a later start) | PySpark 3 | any | NONE | GetSession, ListExecutors, ListTagsForResource, Publish |
      | endSession | later work (on Spark 3.5: a later start) | Spark 3.5 | any | any | GetSession, ListExecutors, ListTagsForResource, Publish |
      | endSession | later work (on Spark 3.5: a later start) | PySpark 3 | any | TERMINATE_SESSION | GetSession, ListCalculationExecutions, ListExecutors, ListTagsForResource, Publish |
      | endSession | it had ended | any | any | any | GetSession, ListTagsForResource, Publish |
      | endSession | unknown ID | any | any | any | GetSession, Publish |
      | endSession | AWS denies TerminateSession | any | any | NONE | GetSession, ListExecutors, ListTagsForResource, Publish |
      | endSession | AWS denies TerminateSession | PySpark 3 | any | TERMINATE_SESSION | GetSession, ListCalculationExecutions, TerminateSession, ListExecutors, ListTagsForResource, Publish |
      | endSession | AWS denies TerminateSession | Spark 3.5 | any | TERMINATE_SESSION | GetSession, TerminateSession, ListExecutors, ListTagsForResource, Publish |
      | endSession | AWS denies every call | any | any | any | GetSession, Publish |
      """;

  private static final Pattern CELL = Pattern.compile("([A-Z_]+) (–|\\d+)((?: \\w+)*)");
  private static final Instant LONG_AGO = NOW.minus(Duration.ofHours(9));

  /** One cell of the table, in one of the worlds that it is about, over one channel. */
  record Case(
      String request, String finds, String world, String channel, String escalation, String cell) {

    /** The outcome (1), the HTTP status (2), and the calls that change something (3). */
    String cell(int part) {
      var it = CELL.matcher(cell);
      assertThat(it.matches()).as(cell).isTrue();
      return it.group(part).strip();
    }

    boolean isOfCalculation() {
      return request.equals("calculation");
    }

    boolean endsSession() {
      return request.equals("endSession");
    }

    boolean isConnect() {
      return world.equals("Spark 3.5");
    }

    boolean isHttp() {
      return channel.equals("http") || channel.equals("rest");
    }

    boolean finds(String words) {
      return finds.contains(words);
    }

    /** Whether a row of the calls is about it. */
    boolean isIn(List<String> row) {
      var own = List.of(request, finds, world, channel, escalation);
      return IntStream.range(0, own.size()).allMatch(i -> names(row.get(i), own.get(i)));
    }

    private static boolean names(String cell, String name) {
      return cell.equals("any") || List.of(cell.split(", ")).contains(name);
    }

    @Override
    public String toString() {
      return String.join(", ", request, finds, world, channel, escalation);
    }
  }

  static List<Case> cases() throws IOException {
    var page = Files.readString(Path.of("docs", "orders-and-outcomes.md"));
    return rows(page.split("### By request", 2)[1].split("\n##", 2)[0]).stream()
        .flatMap(
            row ->
                Stream.concat(
                    cases(row.get(0), row.get(1), "NONE", row.get(2)),
                    cases(row.get(0), row.get(1), "TERMINATE_SESSION", row.get(3))))
        .toList();
  }

  private static Stream<Case> cases(String request, String finds, String escalation, String cell) {
    var channels =
        cell.contains("–")
            ? List.of("eventbridge", "direct", "page")
            : List.of("eventbridge", "http", "rest", "direct", "page", "sweep");
    return worlds(request, finds).stream()
        .flatMap(
            world ->
                channels.stream().map(it -> new Case(request, finds, world, it, escalation, cell)));
  }

  /** The rows of a table, without its title. */
  private static List<List<String>> rows(String table) {
    return table
        .lines()
        .filter(line -> line.startsWith("| "))
        .skip(1)
        .map(line -> line.replace("`", "").split("\\|"))
        .map(cells -> Stream.of(cells).skip(1).map(String::strip).toList())
        .toList();
  }

  private static List<String> worlds(String request, String finds) {
    return switch (request) {
      case "calculation" ->
          finds.equals("AWS denies access") ? List.of("Stop", "every call") : List.of("PySpark 3");
      case "endSession" ->
          finds.equals("it is active")
              ? List.of("idle PySpark 3", "busy PySpark 3", "Spark 3.5")
              : List.of("PySpark 3", "Spark 3.5");
      default -> List.of(finds.contains("Spark 3.5") ? "Spark 3.5" : "PySpark 3");
    };
  }

  @ParameterizedTest
  @MethodSource("cases")
  void endsAsTheTableSays(Case it) {
    try (var guarded = world(it)) {
      var first = context(it, "request-1");
      var answer = guarded.play(order(it), first);
      var calls = calls(guarded);
      var handovers = guarded.world.eventBridge().events(Handover.DETAIL_TYPE);
      var last = first;
      for (var event : handovers) {
        last = new TestContext("request-2");
        guarded.play(json(event.json()), last);
      }

      if (it.isHttp()) {
        assertThat(GuardedWorld.reply(answer).getStatusCode())
            .isEqualTo(Integer.parseInt(it.cell(2)));
      }
      assertThat(line(first))
          .containsEntry("outcome", handovers.isEmpty() ? it.cell(1) : "CANCELING");
      assertThat(line(last)).containsEntry("outcome", it.cell(1));
      assertThat(changes(guarded)).isEqualTo(it.cell(3));
      assertThat(calls).isEqualTo(calls(it));
    }
  }

  @Test
  void hasTheCallsOfEveryCaseOnce() throws IOException {
    assertThat(cases()).hasSizeGreaterThan(250);
    for (var it : cases()) {
      assertThat(rows(CALLS)).filteredOn(it::isIn).as(it.toString()).hasSize(1);
    }
  }

  private static String calls(Case it) {
    var calls = rows(CALLS).stream().filter(it::isIn).findFirst().orElseThrow().getLast();
    return it.channel.equals("sweep") ? afterTags(calls) : calls;
  }

  private static String afterTags(String calls) {
    return "ListTagsForResource, " + calls.replace("ListTagsForResource, ", "");
  }

  /** Each operation once, in the order of its first call. */
  private static String calls(GuardedWorld guarded) {
    var calls = new ArrayList<>(guarded.athenaCalls().stream().distinct().toList());
    guarded.world.sns().messages().forEach(_ -> calls.add("Publish"));
    guarded.world.eventBridge().events(Handover.DETAIL_TYPE).forEach(_ -> calls.add("PutEvents"));
    return String.join(", ", calls);
  }

  private static String changes(GuardedWorld guarded) {
    return guarded.athenaCalls().stream()
        .filter(call -> call.matches("StopCalculationExecution|TerminateSession"))
        .map(call -> call.replaceAll("CalculationExecution|Session", ""))
        .distinct()
        .sorted()
        .collect(Collectors.joining(" "));
  }

  private static GuardedWorld world(Case it) {
    var guarded = new GuardedWorld().with("MAX_ATTEMPTS", "1").with("ESCALATION", it.escalation);
    var athena = guarded.world.athena();
    if (it.finds("every call") || it.world.equals("every call")) {
      athena.faults(Faults.always(Fault.Refusal.DENIED));
    } else if (it.finds("AWS denies")) {
      athena.faults(
          call ->
              call.operation().matches("StopCalculationExecution|TerminateSession")
                  ? Fault.Refusal.DENIED
                  : null);
    }
    if (it.finds("unknown ID")) {
      return guarded;
    }
    var model = guarded.model();
    model.addWorkGroup("connect", SparkModel.SPARK_35, Map.of("Owner", "team data"));
    // Over HTTP a request is made when it arrives: later work comes while Athena throttles it.
    var isMadeNow = it.isHttp() || it.channel.equals("page");
    var later = isMadeNow ? NOW.plusMillis(200) : NOW.minusSeconds(1);
    var isLater = it.finds("later");
    var hadEnded = it.finds("had ended");
    var session = SessionSetup.in(it.isConnect() ? "connect" : "analytics-spark").id(SESSION);
    session.startedAt(it.isConnect() && isLater ? later : LONG_AGO);
    session.idleTimeout(Duration.ofHours(12));
    model.add(
        hadEnded && !it.isOfCalculation()
            ? session.terminatedAt(NOW.minus(Duration.ofHours(7)))
            : session);
    if (isLater && isMadeNow) {
      athena.faults(Faults.first(1, "GetSession", Fault.Refusal.THROTTLED));
    }
    if (it.isConnect() || (hadEnded && !it.isOfCalculation()) || it.world.startsWith("idle")) {
      return guarded;
    }
    var calculation = GuardedWorld.calculation();
    if (isLater) {
      calculation.submittedAt(later);
    }
    if (hadEnded) {
      calculation
          .submittedAt(NOW.minus(Duration.ofHours(8)))
          .course(Course.lasting(Duration.ofMinutes(10)));
    } else {
      var isStubborn = it.finds("does not cancel");
      calculation.course(isStubborn ? Course.onStop(new OnStop.Ignored()) : Course.USUAL);
    }
    model.add(calculation);
    if (it.finds("other work")) {
      model.add(CalculationSetup.in(SESSION).id("later").submittedAt(later));
    }
    return guarded;
  }

  private static Map<String, Object> order(Case it) {
    return switch (it.channel) {
      case "eventbridge" -> {
        var event = sample("eventbridge-stop-requested.json");
        detail(event).remove("calculationExecutionId");
        detail(event).putAll(named(it));
        yield event;
      }
      case "http" -> sample(it.endsSession() ? "http-api-end-session.json" : "http-api-stop.json");
      case "rest" -> {
        var event = sample("rest-api-stop.json");
        if (it.endsSession()) {
          event.put("path", "/sessions/" + SESSION + "/terminate");
          event.put("pathParameters", Map.of("sessionId", SESSION));
          event.put("resource", "/sessions/{sessionId}/terminate");
        }
        yield event;
      }
      case "page" -> {
        var event = new HashMap<>(named(it));
        event.put("widgetContext", sample("widget.json").get("widgetContext"));
        yield event;
      }
      case "sweep" -> {
        var event = sample(it.endsSession() ? "finding-session.json" : "finding-calculation.json");
        if (it.endsSession()) {
          // For its hours, so that it counts whether or not it is idle.
          detail(event).remove("onlyIfIdleSince");
          detail(event).put("rule", "max-session-hours");
        }
        yield event;
      }
      default -> new HashMap<>(named(it));
    };
  }

  private static Map<String, Object> named(Case it) {
    if (it.isOfCalculation()) {
      return Map.of("calculationExecutionId", CALCULATION);
    }
    return it.endsSession()
        ? Map.of("sessionId", SESSION, "endSession", true)
        : Map.of("sessionId", SESSION);
  }

  private static TestContext context(Case it, String requestId) {
    if (it.channel.equals("direct")) {
      // By its trace, it was made when the events were.
      var trace = "Root=1-%08x-0123456789abcdef01234567".formatted(NOW.getEpochSecond() - 5);
      return new TestContext(requestId, Duration.ofSeconds(90), trace)
          .at("guard-StopFunction:direct");
    }
    var context = new TestContext(requestId);
    return it.channel.equals("page") ? context.at("guard-StopFunction:direct") : context;
  }
}
