package io.github.athenasparklocal;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** A clock that starts now and runs faster than the real one. */
public final class FastClock implements InstantSource {

  private final InstantSource real;
  private final Instant start;
  private final double speed;

  /**
   * @param speed 1 for real time
   */
  public FastClock(double speed) {
    this(InstantSource.system(), speed);
  }

  FastClock(InstantSource real, double speed) {
    this.real = real;
    this.start = real.instant();
    this.speed = speed;
  }

  @Override
  public Instant instant() {
    var elapsed = Duration.between(start, real.instant());
    return start.plusNanos((long) (elapsed.toNanos() * speed));
  }
}
