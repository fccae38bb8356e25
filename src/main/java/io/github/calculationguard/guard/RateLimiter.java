package io.github.calculationguard.guard;

import module java.base;

/**
 * Spaces out the calls to Athena, and counts them. Athena's limits are unpublished, and the whole
 * account shares them. Not thread-safe.
 */
public final class RateLimiter {

  private final Duration interval;
  private final InstantSource clock;
  private final Consumer<Duration> sleep;
  private final Map<String, Integer> calls = new TreeMap<>();
  private Instant next = Instant.MIN;

  public RateLimiter(int callsPerSecond, InstantSource clock, Consumer<Duration> sleep) {
    this.interval = Duration.ofSeconds(1).dividedBy(callsPerSecond);
    this.clock = clock;
    this.sleep = sleep;
  }

  /** Waits until the next call may be made, and counts it. Retries and pages are calls too. */
  public void before(String operation) {
    var now = clock.instant();
    if (now.isBefore(next)) {
      sleep.accept(Duration.between(now, next));
      now = next;
    }
    next = now.plus(interval);
    calls.merge(operation, 1, Integer::sum);
  }

  /** The calls by operation, in alphabetical order, since this was called the last time. */
  SortedMap<String, Integer> drainCalls() {
    var drained = new TreeMap<>(calls);
    calls.clear();
    return drained;
  }
}
