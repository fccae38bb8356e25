package io.github.athenasparklocal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.athena.model.SessionSummary;

/** Sessions and calculations that a test set up, with a history. */
class SetupTest extends AthenaTest {

  @Test
  void letsAStoryBeginInThePast() {
    var session =
        athena
            .model()
            .add(
                SessionSetup.in("spark")
                    .id("5e551011")
                    .description("Ada's")
                    .maxDpus(11)
                    .tags(Map.of("owner", "ada"))
                    .startedAt(NOON.minus(Duration.ofHours(5))));
    var calculation =
        athena
            .model()
            .add(
                CalculationSetup.in(session)
                    .id("82c1ebb4-bd08-e4c3-5631-a662fb2ff2c5")
                    .description("runaway")
                    .submittedAt(NOON.minus(Duration.ofHours(3))));
    assertThat(session).isEqualTo("5e551011");
    assertThat(stateOf(calculation)).isEqualTo("RUNNING");
    var used =
        client
            .getCalculationExecution(request -> request.calculationExecutionId(calculation))
            .statistics()
            .dpuExecutionInMillis();
    assertThat(Duration.ofMillis(used)).isBetween(Duration.ofHours(32), Duration.ofHours(33));
    assertThat(tags("arn:aws:athena:us-east-1:123456789012:workgroup/spark/session/5e551011"))
        .containsExactly(tag("owner", "ada"));
  }

  @Test
  void showsTheExecutorsOfASparkConnectSessionWithTheirSizesAndTimes() {
    var model = athena.model();
    model.addWorkGroup("connect", SparkModel.SPARK_35, Map.of());
    var begin = NOON.minus(Duration.ofHours(14));
    var session = model.add(SessionSetup.in("connect").maxDpus(7).executorDpus(2).startedAt(begin));
    model.add(
        CalculationSetup.in(session)
            .submittedAt(begin.plusSeconds(60))
            .course(Course.lasting(Duration.ofHours(100))));

    var executors = client.listExecutors(request -> request.sessionId(session)).executorsSummary();

    assertThat(executors).extracting(it -> it.executorSize()).containsExactly(2L, 2L, 2L, 1L);
    assertThat(executors)
        .extracting(it -> it.startDateTime())
        .isSortedAccordingTo(Comparator.reverseOrder())
        .allMatch(start -> start >= begin.toEpochMilli() && start < NOON.toEpochMilli());
    assertThat(executors).extracting(it -> it.terminationDateTime()).containsOnlyNulls();
  }

  @Test
  void tellsOfDegradedAndFailedSessionsAndOfThoseWithoutFigures() {
    var model = athena.model();
    var begin = NOON.minus(Duration.ofHours(5));
    var degraded =
        model.add(SessionSetup.in("spark").startedAt(begin).degradedAt(NOON.minusSeconds(9)));
    var failed =
        model.add(SessionSetup.in("spark").startedAt(begin).failedAt(NOON.minusSeconds(5)));
    var gone =
        model.add(SessionSetup.in("spark").startedAt(begin).terminatedAt(NOON.minusSeconds(50)));
    var mute = model.add(SessionSetup.in("spark").startedAt(begin).unmeasured());
    var calculation = model.add(CalculationSetup.in(mute).submittedAt(begin.plusSeconds(60)));
    assertThat(stateOfSession(degraded)).isEqualTo("DEGRADED");
    assertThat(stateOfSession(failed)).isEqualTo("FAILED");
    assertThat(stateOfSession(gone)).isEqualTo("TERMINATED");
    assertThat(stateOfSession(mute)).isEqualTo("IDLE");
    assertThat(stateOf(calculation)).as("after four hours").isEqualTo("COMPLETED");
    assertThat(client.getSession(request -> request.sessionId(mute)).statistics()).isNull();
    assertThat(
            client
                .getCalculationExecution(request -> request.calculationExecutionId(calculation))
                .statistics())
        .isNull();
    assertThat(client.listExecutors(request -> request.sessionId(mute)).executorsSummary())
        .isEmpty();
    assertThat(ids(null)).containsExactly(mute);
    assertThat(ids("DEGRADED")).containsExactly(degraded);
    assertThat(ids("TERMINATED")).containsExactly(gone);
  }

  private List<String> ids(@Nullable String filter) {
    return client
        .listSessions(request -> request.workGroup("spark").stateFilter(filter))
        .sessions()
        .stream()
        .map(SessionSummary::sessionId)
        .toList();
  }
}
