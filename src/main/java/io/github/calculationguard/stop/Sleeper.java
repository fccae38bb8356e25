package io.github.calculationguard.stop;

import java.time.Duration;

/** Lets time pass. */
@FunctionalInterface
public interface Sleeper {

  /** Returns after about that long. */
  void forAbout(Duration duration) throws InterruptedException;
}
