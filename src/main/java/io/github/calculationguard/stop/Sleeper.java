package io.github.calculationguard.stop;

import java.time.Duration;

/** Waits between polls. */
@FunctionalInterface
public interface Sleeper {

  /** Returns after about this time. */
  void sleep(Duration duration) throws InterruptedException;
}
