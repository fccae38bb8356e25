package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.NOW;
import static io.github.calculationguard.lambda.GuardedWorld.json;
import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.athenasparklocal.HandClock;
import io.github.calculationguard.Template;
import io.github.calculationguard.guard.Finding;
import io.github.calculationguard.guard.Inventory.Scope;
import io.github.calculationguard.guard.Limits;
import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.guard.Sweep;
import io.github.calculationguard.guard.SweepReport.Disposition;
import io.github.calculationguard.guard.SweepReport.Judged;
import io.github.calculationguard.guard.Verdict;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.CalculationState;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.InternalBus.Event;
import io.github.calculationguard.spark.Return;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.spark.SessionState;
import io.github.calculationguard.spark.Snapshot;
import io.github.calculationguard.standin.LocalWorld;
import io.github.calculationguard.stop.Request;
import io.github.calculationguard.stop.Source;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the sweep writes is what the stop function reads. */
class FindingTest {

  private static final Instant FOUND = NOW.minusMillis(583);
  private static final Instant IDLE_SINCE = Instant.parse("2026-11-22T07:57:46.123Z");

  private final HandClock clock = new HandClock(NOW);
  private final LocalWorld world = new LocalWorld(clock);

  @AfterEach
  void close() {
    world.close();
  }

  private static Event finding(Rule rule, double limit, double observed) {
    var session =
        new Session(
            new SessionId("s-1"),
            "etl",
            new SessionState("IDLE"),
            null,
            null,
            NOW.minus(ofMinutes(400)),
            IDLE_SINCE,
            null,
            20,
            null,
            null);
    var calculation =
        new Calculation(
            new CalculationId("c-1"),
            session.id(),
            new CalculationState("RUNNING"),
            null,
            NOW.minus(ofMinutes(200)),
            null,
            Duration.ofMinutes(738),
            Calculation.NO_OUTPUT);
    var tags = Map.of(Limits.PREFIX + rule, "1");
    var limits =
        new Limits(Limits.Mode.ENFORCE, Map.of(), 80)
            .withSessionTags("arn", tags, null, Duration.ofHours(36), NOW);
    var judged =
        new Judged(
            new Snapshot(
                isAboutCalculations(rule) ? calculation : null, session, null, List.of(), FOUND),
            limits,
            new Verdict.Exceeded(new Verdict.Usage(rule, limit, observed, null), "over \"it\""),
            Disposition.ORDERED,
            new Return("s-0", isAboutCalculations(rule)));
    var scope = new Scope("*", limits, Duration.ofHours(36), "owner");
    var policy = new Sweep.Policy(scope, true, 10, 0.35);
    return new Finding(judged, policy, FOUND.plus(ofMinutes(10))).event();
  }

  private static boolean isAboutCalculations(Rule rule) {
    return switch (rule) {
      case MAX_CALCULATION_MINUTES, MAX_CALCULATION_DPU_HOURS -> true;
      case MAX_SESSION_IDLE_MINUTES, MAX_SESSION_HOURS, MAX_SESSION_DPU_HOURS -> false;
    };
  }

  /** Over the bus and the template's rule, as the stop function reads it. */
  private Request.StopRequest carried(Event finding) {
    world.eventBridge().addBus("guard");
    var environment = new HashMap<>(world.environment());
    environment.putAll(Map.of("BUS_NAME", "guard", "TOPIC_ARN", world.sns().addTopic("guard")));
    InProcess.tellTheSdk(environment);
    var configuration = new Configuration(environment);
    try (var clients = configuration.clients()) {
      var refused =
          clients
              .eventBridge("guard", clock)
              .put(List.of(finding), new Deadline(NOW.plusSeconds(30)));
      assertThat(refused).isEmpty();
    }
    var event = world.eventBridge().events().getLast().json();
    assertThat(Template.read().takes("StopFunction", "Findings", event)).isTrue();
    clock.advance(Duration.ofSeconds(1));
    var invocations = new Invocation.Factory(configuration, clock);
    var invocation = invocations.next(new TestContext("request-1"), null);
    var parser = new RequestParser(json(event), invocation, configuration.budgets());
    return (Request.StopRequest) parser.parse();
  }

  @ParameterizedTest
  @CsvSource({
    "MAX_CALCULATION_MINUTES, 120, 187.5",
    "MAX_CALCULATION_DPU_HOURS, 0.5, 12.3",
    "MAX_SESSION_IDLE_MINUTES, 60, 92.25",
    "MAX_SESSION_HOURS, 24, 25",
    "MAX_SESSION_DPU_HOURS, 99.9999, 100",
  })
  void isReadAsItWasWritten(Rule rule, double limit, double observed) {
    var order = carried(finding(rule, limit, observed));

    assertThat(order.metadata().source()).isEqualTo(Source.SWEEP);
    var returned = new Return("s-0", isAboutCalculations(rule));
    assertThat(order.metadata().reason()).isEqualTo("over \"it\"; " + returned.inWords());
    assertThat(order.metadata().dryRun()).isFalse();
    assertThat(order.metadata().at()).isBetween(FOUND.minusMillis(999), FOUND);
    var broken = Objects.requireNonNull(order.violation());
    assertThat(broken.rule()).isEqualTo(rule.toString());
    assertThat(number(broken.limit())).isEqualTo(limit);
    assertThat(number(broken.observed())).isEqualTo(observed);
    assertThat(broken.setBy()).isEqualTo("session-tag");
    assertThat(broken.session()).isEqualTo(new SessionId("s-1"));
    assertThat(broken.workGroup()).isEqualTo("etl");
    assertThat(broken.maxExempt()).isEqualTo(Duration.ofHours(36));
    assertThat(broken.returned()).isEqualTo(returned);
    assertThat(broken.expiresAt()).isEqualTo(FOUND.plus(ofMinutes(10)));
    switch (order) {
      case Request.StopCalculation it -> {
        assertThat(isAboutCalculations(rule)).isTrue();
        assertThat(it.calculation()).isEqualTo(new CalculationId("c-1"));
      }
      case Request.EndSession it -> {
        assertThat(isAboutCalculations(rule)).isFalse();
        assertThat(it.session()).isEqualTo(new SessionId("s-1"));
        assertThat(it.onlyIfIdleSince())
            .isEqualTo(rule == Rule.MAX_SESSION_IDLE_MINUTES ? IDLE_SINCE : null);
      }
      case Request.StopSession it -> throw new AssertionError(it);
    }
  }

  private static @Nullable Double number(@Nullable Number number) {
    return number == null ? null : Double.valueOf(number.doubleValue());
  }
}
