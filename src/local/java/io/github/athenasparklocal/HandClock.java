package io.github.athenasparklocal;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;

/** A clock that moves only when told to. */
public final class HandClock implements InstantSource {

  private final AtomicReference<Instant> now;

  /** Starts at an instant. */
  public HandClock(Instant now) {
    this.now = new AtomicReference<>(now);
  }

  @Override
  public Instant instant() {
    return now.get();
  }

  /** Moves the clock. */
  public void advance(Duration time) {
    now.updateAndGet(instant -> instant.plus(time));
  }
}
