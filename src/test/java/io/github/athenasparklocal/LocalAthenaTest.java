package io.github.athenasparklocal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.athena.model.CalculationExecutionState;
import software.amazon.awssdk.services.athena.model.InvalidRequestException;
import software.amazon.awssdk.services.athena.model.SessionState;

class LocalAthenaTest extends AthenaTest {

  private static final String CODE = "sum()\n# local: runs 14400s";
  private static final String TOKEN = "0123456789abcdef0123456789abcdef";

  @Test
  void tellsTheStoryOfASessionAndItsCalculation() {
    var started =
        client.startSession(
            request ->
                request
                    .workGroup("spark")
                    .description("for Ada")
                    .sessionIdleTimeoutInMinutes(30)
                    .engineConfiguration(e -> e.maxConcurrentDpus(3)));
    assertThat(started.state()).isEqualTo(SessionState.CREATING);
    var session = started.sessionId();
    pass(2);
    var calculation =
        client.startCalculationExecution(
            request -> request.sessionId(session).description("sum").codeBlock(CODE));
    assertThat(calculation.state()).isEqualTo(CalculationExecutionState.CREATING);
    var id = calculation.calculationExecutionId();
    assertThat(id).matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    clock.advance(Duration.ofMillis(200));
    assertThat(stateOf(id)).isEqualTo("QUEUED");
    assertThat(stateOfSession(session)).as("and takes no other").isEqualTo("BUSY");
    clock.advance(Duration.ofMillis(500));
    assertThat(stateOf(id)).isEqualTo("RUNNING");
    assertThat(stateOfSession(session)).isEqualTo("BUSY");

    pass(60);
    var described = client.getCalculationExecution(request -> request.calculationExecutionId(id));
    assertThat(described.sessionId()).isEqualTo(session);
    assertThat(described.description()).isEqualTo("sum");
    assertThat(described.status().submissionDateTime()).isEqualTo(NOON.plusSeconds(2));
    assertThat(described.status().completionDateTime()).isNull();
    // The driver for a minute, a worker but for 2 seconds, another but for 4.
    assertThat(described.statistics().dpuExecutionInMillis()).isEqualTo(60_000 + 58_000 + 56_000);
    assertThat(described.result()).isNull();
    assertThat(
            client
                .getCalculationExecutionCode(request -> request.calculationExecutionId(id))
                .codeBlock())
        .isEqualTo(CODE);

    assertThat(stop(id)).isEqualTo("CANCELING");
    assertThat(stop(id)).as("twice is harmless").isEqualTo("CANCELING");
    pass(2);
    assertThat(stateOf(id)).isEqualTo("CANCELED");
    assertThat(stop(id)).as("over is over").isEqualTo("CANCELED");
    var over = client.getCalculationExecution(request -> request.calculationExecutionId(id));
    assertThat(over.status().completionDateTime()).isEqualTo(clock.instant());
    assertThat(over.status().stateChangeReason()).isNotBlank();

    var idle = client.getSession(request -> request.sessionId(session));
    assertThat(idle.workGroup()).isEqualTo("spark");
    assertThat(idle.description()).isEqualTo("for Ada");
    assertThat(idle.engineVersion()).isEqualTo("PySpark engine version 3");
    assertThat(idle.engineConfiguration().maxConcurrentDpus()).isEqualTo(3);
    assertThat(idle.engineConfiguration().coordinatorDpuSize()).isEqualTo(1);
    assertThat(idle.sessionConfiguration().sessionIdleTimeoutInMinutes()).isEqualTo(30);
    assertThat(idle.status().state()).isEqualTo(SessionState.IDLE);
    assertThat(idle.status().startDateTime()).isEqualTo(NOON);
    assertThat(idle.status().idleSinceDateTime()).isEqualTo(clock.instant());
    assertThat(idle.status().endDateTime()).isNull();
    assertThat(idle.statistics().dpuExecutionInMillis()).isEqualTo(64_700 + 60_000 + 58_000);

    var terminated = client.terminateSession(request -> request.sessionId(session));
    assertThat(terminated.state()).isEqualTo(SessionState.TERMINATING);
    pass(3);
    assertThat(client.terminateSession(request -> request.sessionId(session)).state())
        .isEqualTo(SessionState.TERMINATED);
    assertThat(client.getSession(request -> request.sessionId(session)).status().endDateTime())
        .isEqualTo(clock.instant());
  }

  @Test
  void runsOneCalculationAtATimeInASession() {
    var session = session();
    var first = calculation(session, "# local: runs 60s");
    var second = queued(session, "# local: runs 10s");
    var third = queued(session, "# local: runs 14400s");
    pass(5);
    assertThat(List.of(stateOf(first), stateOf(second), stateOf(third)))
        .containsExactly("RUNNING", "QUEUED", "QUEUED");
    assertThat(stop(third)).isEqualTo("CANCELING");
    pass(1);
    assertThat(stateOf(third)).as("canceled before it ran").isEqualTo("CANCELED");
    pass(56);
    assertThat(List.of(stateOf(first), stateOf(second))).containsExactly("COMPLETED", "RUNNING");
    pass(10);
    assertThat(stateOf(second)).isEqualTo("COMPLETED");
    assertThat(stateOfSession(session)).isEqualTo("IDLE");
    var result =
        client.getCalculationExecution(request -> request.calculationExecutionId(second)).result();
    assertThat(result.resultType()).isEqualTo("application/vnd.aws.athena.v1+json");
  }

  @Test
  void endsASessionThatIdlesTooLong() {
    var session = session();
    pass(20 * 60 - 1);
    assertThat(stateOfSession(session)).isEqualTo("IDLE");
    pass(1);
    assertThat(stateOfSession(session)).isEqualTo("TERMINATING");
    pass(3);
    assertThat(stateOfSession(session)).isEqualTo("TERMINATED");
  }

  @Test
  void doesToAStopWhatTheCalculationIsLike() {
    var model = athena.model();
    var asked = clock.instant();
    var stubborn = place(Course.onStop(new Course.OnStop.Ignored()));
    var slow = place(Course.onStop(new Course.OnStop.Cancels(Duration.ofSeconds(30))));
    var finishes = place(Course.onStop(new Course.OnStop.Finishes(Duration.ofSeconds(5))));
    var failing = place(new Course(Duration.ofHours(5), true, Course.USUAL.onStop()));
    var finished = place(Course.lasting(Duration.ofMinutes(10)));
    for (var each : List.of(stubborn, slow, finishes)) {
      assertThat(stop(each)).isEqualTo("CANCELING");
    }
    assertThat(stop(finished)).isEqualTo("COMPLETED");
    assertThat(model.calculationState(failing)).isEqualTo("RUNNING");
    pass(5);
    assertThat(stateOf(finishes)).isEqualTo("COMPLETED");
    assertThat(stateOf(slow)).isEqualTo("CANCELING");
    pass(25);
    assertThat(stateOf(slow)).isEqualTo("CANCELED");
    pass(3 * 3600);
    assertThat(stateOf(failing)).isEqualTo("FAILED");
    assertThat(stop(failing)).isEqualTo("FAILED");
    assertThat(stateOf(stubborn)).as("for hours").isEqualTo("CANCELING");
    var session =
        client
            .getCalculationExecution(request -> request.calculationExecutionId(stubborn))
            .sessionId();
    client.terminateSession(request -> request.sessionId(session));
    assertThat(stateOf(stubborn)).isEqualTo("CANCELING");
    pass(3);
    assertThat(stateOf(stubborn)).isEqualTo("FAILED");
    assertThat(Duration.between(asked, clock.instant())).isGreaterThan(Duration.ofHours(3));
  }

  /** A calculation of a session of its own, submitted three hours ago. */
  private String place(Course course) {
    var session =
        athena
            .model()
            .add(SessionSetup.in("spark").startedAt(clock.instant().minus(Duration.ofHours(5))));
    return athena
        .model()
        .add(
            CalculationSetup.in(session)
                .submittedAt(clock.instant().minus(Duration.ofHours(3)))
                .course(course));
  }

  @Test
  void knowsNoCalculationsInASessionOfSparkConnect() {
    var session = athena.model().add(SessionSetup.in("connect").startedAt(NOON.minusSeconds(90)));
    var work = athena.model().add(CalculationSetup.in(session).submittedAt(NOON.minusSeconds(60)));
    var described = client.getSession(request -> request.sessionId(session));
    assertThat(described.engineVersion()).isEqualTo("Apache Spark version 3.5");
    assertThat(described.status().state()).isEqualTo(SessionState.BUSY);
    for (var attempt :
        List.<Runnable>of(
            () -> client.listCalculationExecutions(request -> request.sessionId(session)),
            () -> calculation(session, ""),
            () -> stop(work),
            () -> stateOf(work))) {
      assertThatThrownBy(attempt::run).isInstanceOf(InvalidRequestException.class);
    }
    client.terminateSession(request -> request.sessionId(session));
    assertThat(stateOfSession(session)).isEqualTo("TERMINATING");
  }

  @Test
  void answersARepeatedRequestOnce() {
    var session = session();
    var again =
        client.startCalculationExecution(
            request -> request.sessionId(session).codeBlock("a").clientRequestToken(TOKEN));
    pass(5);
    var repeated =
        client.startCalculationExecution(
            request -> request.sessionId(session).codeBlock("a").clientRequestToken(TOKEN));
    assertThat(repeated.calculationExecutionId()).isEqualTo(again.calculationExecutionId());
    assertThat(repeated.state()).as("the same answer").isEqualTo(again.state());
    assertThatThrownBy(
            () ->
                client.startCalculationExecution(
                    request -> request.sessionId(session).codeBlock("b").clientRequestToken(TOKEN)))
        .isInstanceOf(InvalidRequestException.class);
    assertThat(client.listCalculationExecutions(r -> r.sessionId(session)).calculations())
        .hasSize(1);
    var first = startWith(TOKEN);
    assertThat(startWith(TOKEN)).isEqualTo(first);
    assertThat(startWith(UUID.randomUUID().toString())).isNotEqualTo(first);
  }

  private String startWith(String token) {
    return client
        .startSession(
            request ->
                request
                    .workGroup("spark")
                    .engineConfiguration(e -> e.maxConcurrentDpus(5))
                    .clientRequestToken(token))
        .sessionId();
  }

  @Test
  void remembersWhoAskedForWhat() {
    var session = session();
    athena.forgetCalls();
    var calculation = calculation(session, "");
    assertThat(stop(calculation)).isEqualTo("CANCELING");
    assertThat(athena.calls())
        .last()
        .isEqualTo(
            new Call(
                "StopCalculationExecution",
                1,
                "{\"CalculationExecutionId\":\"%s\"}".formatted(calculation),
                clock.instant(),
                "AKIALOCAL"));
    assertThat(athena.counts())
        .isEqualTo(Map.of("StartCalculationExecution", 1, "StopCalculationExecution", 1));
  }
}
