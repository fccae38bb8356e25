package io.github.calculationguard.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FormatTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0.00 USD",
    "0.0099, less than 0.01 USD",
    "0.01, 0.01 USD",
    "4.305, 4.31 USD",
    "1234.5, 1234.50 USD",
    "1e300, 1.0E300 USD",
    "NaN, NaN USD"
  })
  void writesDollars(double usd, String text) {
    assertThat(Format.usd(usd)).isEqualTo(text);
    assertThat(Format.usdPerHour(usd)).isEqualTo(text + " an hour");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0.00 DPU-hours",
    "9.994, 9.99 DPU-hours",
    "9.995, 10.0 DPU-hours",
    "140, 140.0 DPU-hours"
  })
  void writesDpuHours(double dpuHours, String text) {
    assertThat(Format.dpuHours(dpuHours)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "PT-5S, 0 s",
    "PT0S, 0 s",
    "PT0.999S, 0 s",
    "PT59.999S, 59 s",
    "PT1M, 1 min",
    "PT59M1S, 59 min 1 s",
    "PT1H, 1 h",
    "PT1H1S, 1 h",
    "PT3H7M8S, 3 h 7 min",
    "P1D, 1 d",
    "P1DT2M, 1 d 2 min",
    "P2DT4H, 2 d 4 h",
    "PT2562047788015215H30M, 106751991167300 d 15 h 30 min"
  })
  void writesDurations(Duration duration, String text) {
    assertThat(Format.duration(duration)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "2026-11-22T09:30:05.999Z, 2026-11-22 09:30:05 UTC",
    "0001-01-01T00:00:00Z, 0001-01-01 00:00:00 UTC",
    "0000-12-31T23:59:59Z, before the year 1",
    "9999-12-31T23:59:59.999Z, 9999-12-31 23:59:59 UTC",
    "+10000-01-01T00:00:00Z, after the year 9999"
  })
  void writesInstants(Instant instant, String text) {
    assertThat(Format.time(instant)).isEqualTo(text);
  }

  @Test
  void writesInstantsThatNoCalendarCanShow() {
    assertThat(Format.time(Instant.MIN)).isEqualTo("before the year 1");
    assertThat(Format.time(Instant.MAX)).isEqualTo("after the year 9999");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "10, 10",
    "100, 100",
    "2.50, 2.5",
    "2.25, 2.25",
    "2.005, 2.01",
    "1e300, 1.0E300",
    "Infinity, Infinity"
  })
  void writesNumbers(double number, String text) {
    assertThat(Format.number(number)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"0, 0 sessions", "1, 1 session", "2, 2 sessions"})
  void counts(int count, String text) {
    assertThat(Format.count(count, "session")).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"1.00004, 1.0", "1.00006, 1.0001", "-0.5, -0.5", "1e300, 1e300"})
  void rounds(double number, double rounded) {
    assertThat(Format.rounded(number)).isEqualTo(rounded);
  }
}
