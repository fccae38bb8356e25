package io.github.calculationguard.guard;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * The pace of the calls to Athena: keeps them apart, and counts them. Athena's limits are
 * unpublished and shared with everybody in the account, so a sweep is slow on purpose.
 *
 * <p>For one thread. Whoever puts a call on the wire says so here first, tries and pages included.
 */
public final class RateLimiter {

  private final Duration apart;
  private final InstantSource clock;
  private final Consumer<Duration> pause;
  private final Map<String, Integer> counted = new TreeMap<>();
  private Instant next = Instant.MIN;

  /**
   * @param aSecond how many calls a second are allowed, from 1 on
   * @param pause waits for so long
   */
  public RateLimiter(int aSecond, InstantSource clock, Consumer<Duration> pause) {
    this.apart = Duration.ofSeconds(1).dividedBy(aSecond);
    this.clock = clock;
    this.pause = pause;
  }

  /** Waits until the next call may be made, and counts it. */
  public void before(String operation) {
    var now = clock.instant();
    if (now.isBefore(next)) {
      pause.accept(Duration.between(now, next));
      now = next;
    }
    next = now.plus(apart);
    counted.merge(operation, 1, Integer::sum);
  }

  /** The calls since this was asked last, by Athena's operations. */
  Map<String, Integer> take() {
    var taken = Map.copyOf(counted);
    counted.clear();
    return taken;
  }
}
