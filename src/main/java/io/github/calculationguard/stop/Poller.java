package io.github.calculationguard.stop;

import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.function.Supplier;

/** Repeats things, with growing pauses, until the time to confirm ends. */
record Poller(InstantSource clock, Sleeper sleeper) {

  private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /** What one step of a repetition achieved. */
  enum Progress {
    DONE,
    /** Something is on its way; the pauses grow. */
    WAITING,
    /** Something could not be started; the next pause is short. */
    STARTING
  }

  /** Repeats a step until it is done. */
  void poll(TimeBudget budget, Supplier<Progress> step) {
    var pause = FIRST_PAUSE;
    for (var progress = step.get(); progress != Progress.DONE; progress = step.get()) {
      if (!sleep(pause, budget)) {
        return;
      }
      pause = progress == Progress.STARTING ? FIRST_PAUSE : longer(pause);
    }
  }

  /**
   * Repeats a call while Athena is unavailable.
   *
   * @throws AthenaUnavailableException if Athena still is when the time ends
   */
  <T> T retry(TimeBudget budget, Supplier<T> call) {
    for (var pause = FIRST_PAUSE; ; pause = longer(pause)) {
      try {
        return call.get();
      } catch (AthenaUnavailableException e) {
        if (!sleep(pause, budget)) {
          throw e;
        }
      }
    }
  }

  private static Duration longer(Duration pause) {
    return TimeBudget.shorter(pause.multipliedBy(2), LONGEST_PAUSE);
  }

  /** Whether time is left after the pause. */
  private boolean sleep(Duration pause, TimeBudget budget) {
    var left = budget.confirm().left(clock.instant());
    if (left.compareTo(FIRST_PAUSE) <= 0) {
      return false;
    }
    try {
      sleeper.sleep(TimeBudget.shorter(pause, left.minus(FIRST_PAUSE.dividedBy(2))));
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
