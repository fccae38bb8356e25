package io.github.calculationguard.spark;

import java.time.Duration;
import java.time.Instant;

/**
 * The instant by which a call, with all its tries, must be over.
 *
 * @param at the first instant that is too late
 */
public record Deadline(Instant at) {

  /** What is left at an instant; zero, never less, once it has passed. */
  public Duration left(Instant now) {
    var left = Duration.between(now, at);
    return left.isNegative() ? Duration.ZERO : left;
  }

  /** Whether nothing is left. */
  public boolean hasPassed(Instant now) {
    return !now.isBefore(at);
  }

  /** This deadline, moved so much earlier. */
  public Deadline minus(Duration reserve) {
    return new Deadline(at.minus(reserve));
  }

  /** When this share of the time that is left has passed, from 0 to 1. */
  public Deadline share(double share, Instant now) {
    return new Deadline(now.plusMillis(Math.round(left(now).toMillis() * share)));
  }

  /** The earlier of the two. */
  public Deadline orSooner(Deadline other) {
    return other.at.isBefore(at) ? other : this;
  }
}
