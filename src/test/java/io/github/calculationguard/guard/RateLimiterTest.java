package io.github.calculationguard.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.athenasparklocal.HandClock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class RateLimiterTest {

  private static final Instant START = Instant.parse("2026-11-22T09:00:00Z");

  private final HandClock clock = new HandClock(START);
  private final RateLimiter limiter = new RateLimiter(5, 60, clock, clock::advance);

  private Duration took(int calls) {
    var begin = clock.instant();
    for (var call = 0; call < calls; call++) {
      limiter.before("ListSessions");
    }
    return Duration.between(begin, clock.instant());
  }

  @Test
  void allowsItsBurstAtOnceAndThenItsPace() {
    assertThat(took(60)).isZero();
    assertThat(took(10)).isEqualTo(Duration.ofSeconds(2));
  }

  @Test
  void refillsAtItsPaceAndHoldsNoMoreThanTheBurst() {
    took(60);
    clock.advance(Duration.ofSeconds(4));
    assertThat(took(20)).isZero();
    assertThat(took(1)).isEqualTo(Duration.ofMillis(200));
    clock.advance(Duration.ofHours(1));
    assertThat(took(61)).isEqualTo(Duration.ofMillis(200));
  }

  @Test
  void tellsHowManyCallsNeedNotWait() {
    assertThat(limiter.callsBy(START)).isEqualTo(60);
    took(59);
    assertThat(limiter.callsBy(START)).isEqualTo(1);
    took(1);
    assertThat(limiter.callsBy(START)).isZero();
    assertThat(limiter.callsBy(START.plusMillis(1999))).isEqualTo(9);
    assertThat(limiter.callsBy(START.plusSeconds(2))).isEqualTo(10);
  }

  @Test
  void hasNoBurstForAMinuteAfterAThrottle() {
    took(60);
    limiter.slowDown();
    assertThat(limiter.isSlowedDown()).isTrue();
    assertThat(limiter.callsBy(START.plusSeconds(2))).isEqualTo(10);
    assertThat(took(10)).isEqualTo(Duration.ofSeconds(2));
    clock.advance(Duration.ofSeconds(57));
    assertThat(took(2)).isEqualTo(Duration.ofMillis(200));
    clock.advance(Duration.ofSeconds(1));
    assertThat(limiter.isSlowedDown()).isFalse();
    assertThat(took(60)).isZero();
  }

  @Test
  void hasNoBurstUnlessToldSo() {
    var even = new RateLimiter(5, 1, clock, clock::advance);
    even.slowDown();
    for (var call = 0; call < 11; call++) {
      even.before("ListSessions");
    }
    assertThat(clock.instant()).isEqualTo(START.plusSeconds(2));
  }

  @Test
  void letsNoCallWaitForLongerThanItHasTime() {
    took(60);

    assertThat(limiter.before("ListSessions", Duration.ofMillis(150))).isFalse();
    assertThat(clock.instant()).isEqualTo(START.plusMillis(150));
    assertThat(limiter.before("ListSessions", Duration.ofMillis(50))).isTrue();
    assertThat(clock.instant()).isEqualTo(START.plusMillis(200));
    assertThat(limiter.drainCalls()).containsOnly(Map.entry("ListSessions", 61));
  }

  @Test
  void countsAndPacesTheCallsOfManyThreads() {
    try (var threads = Executors.newFixedThreadPool(8)) {
      for (var call = 0; call < 160; call++) {
        threads.execute(() -> limiter.before(Thread.currentThread().getName()));
      }
    }
    var calls = limiter.drainCalls().values().stream().mapToInt(Integer::intValue).sum();
    assertThat(Map.of(calls, Duration.between(START, clock.instant())))
        .isEqualTo(Map.of(160, Duration.ofSeconds(20)));
  }
}
