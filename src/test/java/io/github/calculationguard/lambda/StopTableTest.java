package io.github.calculationguard.lambda;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every way an order can go, against the local Athena by the real SDK. */
class StopTableTest {

  private static final List<String> OUTCOMES =
      List.of(
          "CANCELED",
          "CANCELING",
          "FINISHED_ANYWAY",
          "ALREADY_OVER",
          "SESSION_TERMINATED",
          "LEFT_ALONE",
          "NOT_FOUND",
          "DENIED",
          "INVALID",
          "DRY_RUN");

  static Stream<Arguments> plots() {
    return Plot.all().stream()
        .flatMap(plot -> Stream.of(Arguments.of(plot, false), Arguments.of(plot, true)));
  }

  @ParameterizedTest(name = "{0}, escalation {1}")
  @MethodSource("plots")
  void endsAsItShould(Plot plot, boolean mayTerminate) {
    try (var guarded = plot.world(mayTerminate)) {
      var invocation = new TestContext("request-1");
      guarded.play(plot.order(), invocation);
      var calls = guarded.athenaCalls();

      var lines = invocation.lines.stream().map(GuardedWorld::json).toList();
      var outcomes = lines.stream().filter(line -> line.containsKey("outcome")).toList();
      assertThat(outcomes)
          .isNotEmpty()
          .allSatisfy(
              line -> assertThat(line).containsEntry("outcome", plot.outcome(mayTerminate)));
      assertThat(guarded.world.sns().messages()).hasSize(outcomes.size());
      if (plot.isToStopFirst()) {
        // Its owner may have answered since the sweep found it.
        var isFound = "Athena Spark Finding".equals(plot.order().get("detail-type"));
        assertThat(isFound ? calls.subList(2, calls.size()) : calls)
            .first()
            .isEqualTo("StopCalculationExecution");
      }
      if (!mayTerminate) {
        assertThat(calls).doesNotContain("TerminateSession");
      }
      if (List.of("DRY_RUN", "LEFT_ALONE").contains(plot.outcome(mayTerminate))) {
        assertThat(calls).doesNotContain("StopCalculationExecution", "TerminateSession");
      }
      assertThat(Duration.between(GuardedWorld.NOW, guarded.clock.instant()))
          .isLessThan(Duration.ofSeconds(60));
    }
  }

  @Test
  void reachesEveryOutcome() {
    assertThat(plots().map(plot -> ((Plot) plot.get()[0]).outcome((boolean) plot.get()[1])))
        .containsAll(OUTCOMES)
        .isSubsetOf(OUTCOMES);
  }
}
