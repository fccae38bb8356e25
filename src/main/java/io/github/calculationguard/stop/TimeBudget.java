package io.github.calculationguard.stop;

import module java.base;

import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.Deadline;

/**
 * The time of one delivery of a request, divided so that some is left to describe what happened and
 * to publish it.
 *
 * @param stopBy when polling ends
 * @param describeBy by when what happened must be described
 */
record TimeBudget(StopService service, Deadline stopBy, Deadline describeBy) {

  private static final Duration MAX_TO_PUBLISH = Duration.ofSeconds(5);
  private static final Duration MAX_TO_PUBLISH_ONE_MORE = Duration.ofMillis(100);
  private static final Duration MAX_TO_DESCRIBE = Duration.ofSeconds(3);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  static TimeBudget of(StopService service, Deadline deadline, int resultsToPublish) {
    var total = deadline.left(service.clock().instant());
    var publish = MAX_TO_PUBLISH.plus(MAX_TO_PUBLISH_ONE_MORE.multipliedBy(resultsToPublish - 1));
    var describeBy = deadline.minus(shorter(publish, total.dividedBy(4)));
    var stopBy = describeBy.minus(shorter(MAX_TO_DESCRIBE, total.dividedBy(8)));
    return new TimeBudget(service, stopBy, describeBy);
  }

  Instant now() {
    return service.clock().instant();
  }

  /**
   * Repeats a step until it is done or the time to stop ends. Pauses double, except while a Stop is
   * not accepted yet.
   */
  void poll(BooleanSupplier step, BooleanSupplier isStarting) {
    for (var pause = FIRST_PAUSE; !step.getAsBoolean() && sleep(pause); ) {
      pause = isStarting.getAsBoolean() ? FIRST_PAUSE : longer(pause);
    }
  }

  /** Repeats a call while Athena is unavailable, until the time to stop ends. */
  <T> T retry(Supplier<T> call) {
    for (var pause = FIRST_PAUSE; ; pause = longer(pause)) {
      try {
        return call.get();
      } catch (AthenaUnavailableException e) {
        if (!sleep(pause)) {
          throw e;
        }
      }
    }
  }

  /** Whether time is left after the pause. */
  private boolean sleep(Duration pause) {
    var left = stopBy.left(now());
    if (left.compareTo(FIRST_PAUSE) <= 0) {
      return false;
    }
    service.sleep().accept(shorter(pause, left.minus(FIRST_PAUSE.dividedBy(2))));
    return !Thread.currentThread().isInterrupted();
  }

  private static Duration longer(Duration pause) {
    return shorter(pause.multipliedBy(2), LONGEST_PAUSE);
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}
