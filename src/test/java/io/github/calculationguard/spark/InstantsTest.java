package io.github.calculationguard.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InstantsTest {

  @ParameterizedTest
  @CsvSource({
    "2030-01-31T18:00:00Z, 2030-01-31T18:00:00Z",
    "2030-01-31T18:00:00.123+01:00, 2030-01-31T17:00:00.123Z",
    "2000-01-01T00:00:00Z, 2000-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z, 9999-12-31T23:59:59.999999999Z",
  })
  void readsInstantsInRange(String text, Instant instant) {
    assertThat(Instants.parse(text)).contains(instant);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "tomorrow",
        "2030-01-31",
        "2030-01-31T18:00:00",
        "1999-12-31T23:59:59.999Z",
        "2000-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "+10000-01-01T00:00:00Z",
        "+999999999-12-31T23:59:59-18:00",
        "-999999999-01-01T00:00:00+18:00",
        "+1000000000-12-31T23:59:59Z",
        "0000-00-00T00:00:00Z",
      })
  void readsNothingElse(String text) {
    assertThat(Instants.parse(text)).isEmpty();
  }

  @Test
  void knowsWhichInstantsAreInRange() {
    assertThat(Instants.isInRange(Instant.EPOCH)).isFalse();
    assertThat(Instants.isInRange(Instant.MIN)).isFalse();
    assertThat(Instants.isInRange(Instant.MAX)).isFalse();
    assertThat(Instants.isInRange(Instant.parse("2026-11-22T09:00:00Z"))).isTrue();
  }
}
