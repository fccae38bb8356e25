package io.github.athenasparklocal;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;

/** A clock that stands still until it is moved by hand. */
public final class HandClock implements InstantSource {

  private final AtomicReference<Instant> now;

  /** Stands at the given instant. */
  public HandClock(Instant now) {
    this.now = new AtomicReference<>(now);
  }

  @Override
  public Instant instant() {
    return now.get();
  }

  /** Moves on. */
  public void advance(Duration time) {
    now.updateAndGet(instant -> instant.plus(time));
  }
}
