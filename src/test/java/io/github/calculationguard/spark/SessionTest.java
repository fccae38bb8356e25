package io.github.calculationguard.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SessionTest {

  private static final Instant STARTED = Instant.parse("2026-11-22T06:00:00Z");
  private static final Instant IDLE_SINCE = Instant.parse("2026-11-22T07:00:00Z");
  private static final Instant ENDED = Instant.parse("2026-11-22T08:00:00Z");

  private static Session session(
      String state,
      @Nullable String engineVersion,
      @Nullable Instant startedAt,
      @Nullable Instant idleSince) {
    return new Session(
        new SessionId("s-1"),
        "etl",
        new SessionState(state),
        null,
        engineVersion,
        startedAt,
        idleSince,
        null,
        20,
        null,
        null);
  }

  private static Calculation calculation(@Nullable Instant completedAt) {
    return new Calculation(
        new CalculationId("c-1"),
        new SessionId("s-1"),
        new CalculationState("COMPLETED"),
        null,
        STARTED,
        completedAt,
        null,
        Calculation.NO_OUTPUT);
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "PySpark engine version 3, true",
        "Apache Spark version 3.5, false",
        "Apache Spark version 3.2, true",
        "Spark 4.0, false",
        "AUTO, true",
        "'', true",
        "-, true",
      })
  void knowsWhetherItsEngineHasCalculations(@Nullable String engineVersion, boolean supports) {
    assertThat(session("BUSY", engineVersion, STARTED, null).supportsCalculations())
        .isEqualTo(supports);
  }

  @Test
  void isIdleSinceItsLastKnownChange() {
    var calculations = List.of(calculation(ENDED), calculation(null), calculation(IDLE_SINCE));

    assertThat(session("IDLE", null, STARTED, IDLE_SINCE).idleSinceLastOf(calculations).idleSince())
        .isEqualTo(IDLE_SINCE);
    assertThat(session("IDLE", null, STARTED, null).idleSinceLastOf(calculations).idleSince())
        .isEqualTo(ENDED);
    assertThat(session("IDLE", null, STARTED, null).idleSinceLastOf(List.of()).idleSince())
        .isEqualTo(STARTED);
    assertThat(session("IDLE", null, null, null).idleSinceLastOf(List.of()).idleSince()).isNull();
    assertThat(session("BUSY", null, STARTED, null).idleSinceLastOf(calculations).idleSince())
        .isNull();
  }

  @Test
  void takesAnInstantOutOfRangeForNone() {
    var session = session("IDLE", null, Instant.MIN, Instant.MAX);

    assertThat(session.startedAt()).isNull();
    assertThat(session.idleSince()).isNull();
  }
}
