package io.github.calculationguard.guard;

import module java.base;

/**
 * Limits the calls to Athena to a burst and then an even pace, and counts them. Athena's limits are
 * unpublished, and the whole account shares them.
 */
public final class RateLimiter {

  /** For how long a limiter that was throttled allows no burst. */
  private static final Duration WITHOUT_BURST = Duration.ofMinutes(1);

  private final Duration interval;
  private final Duration burst;
  private final InstantSource clock;
  private final Consumer<Duration> sleep;
  private final Map<String, Integer> calls = new TreeMap<>();

  /** When the next call is due at an even pace. A burst runs ahead of it. */
  private Instant due = Instant.MIN;

  private Instant burstAgain = Instant.MIN;

  /**
   * @param burst how many calls may be made at once after a pause; 1 for an even pace
   */
  public RateLimiter(int callsPerSecond, int burst, InstantSource clock, Consumer<Duration> sleep) {
    this.interval = Duration.ofSeconds(1).dividedBy(callsPerSecond);
    this.burst = interval.multipliedBy(burst - 1L);
    this.clock = clock;
    this.sleep = sleep;
  }

  /** Waits until the next call may be made, and counts it. Retries and pages are calls too. */
  public void before(String operation) {
    before(operation, Instant.MAX);
  }

  /**
   * The same, but waits no longer than this. If the call may not be made, it still waits until the
   * time is over, so that its caller reports a lack of time and not a failure.
   *
   * @return whether the call may be made
   */
  public boolean before(String operation, Duration left) {
    return before(operation, clock.instant().plus(left));
  }

  private synchronized boolean before(String operation, Instant end) {
    var now = clock.instant();
    var turn = due(now);
    var allowed = turn.minus(ahead(now));
    var isInTime = !allowed.isAfter(end);
    var until = isInTime ? allowed : end;
    if (now.isBefore(until)) {
      // With the lock, so that those who wait take turns.
      sleep.accept(Duration.between(now, until));
    }
    if (isInTime) {
      due = turn.plus(interval);
      calls.merge(operation, 1, Integer::sum);
    }
    return isInTime;
  }

  /** How many calls need to wait until this instant at most. */
  synchronized int callsBy(Instant instant) {
    var now = clock.instant();
    var spare = Duration.between(due(now).minus(ahead(now)), instant);
    return spare.isNegative() ? 0 : (int) spare.dividedBy(interval) + 1;
  }

  /** Allows no burst for a minute, because Athena throttled or failed a call. */
  public synchronized void slowDown() {
    var now = clock.instant();
    burstAgain = now.plus(WITHOUT_BURST);
    // Calls that were made ahead of the pace are not charged.
    due = due.isAfter(now.plus(interval)) ? now.plus(interval) : due;
  }

  synchronized boolean isSlowedDown() {
    return clock.instant().isBefore(burstAgain);
  }

  private Instant due(Instant now) {
    return due.isBefore(now) ? now : due;
  }

  private Duration ahead(Instant now) {
    return now.isBefore(burstAgain) ? Duration.ZERO : burst;
  }

  /** The calls by operation, in alphabetical order, since this was called the last time. */
  synchronized SortedMap<String, Integer> drainCalls() {
    var drained = new TreeMap<>(calls);
    calls.clear();
    return drained;
  }
}
