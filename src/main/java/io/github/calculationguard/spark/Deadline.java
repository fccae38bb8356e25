package io.github.calculationguard.spark;

import module java.base;

/** The instant before which a call, retries included, must have ended. */
public record Deadline(Instant at) {

  /** The time that is left; zero once the deadline has passed. */
  public Duration left(Instant now) {
    return Instants.between(now, at);
  }

  public boolean hasPassed(Instant now) {
    return !now.isBefore(at);
  }

  /** This deadline, earlier by a reserve. */
  public Deadline minus(Duration reserve) {
    return new Deadline(at.minus(reserve));
  }

  /** The deadline after a fraction, from 0 to 1, of the time that is left. */
  public Deadline fraction(double fraction, Instant now) {
    return new Deadline(now.plusMillis(Math.round(left(now).toMillis() * fraction)));
  }

  public Deadline orEarlier(Deadline other) {
    return other.at.isBefore(at) ? other : this;
  }
}
