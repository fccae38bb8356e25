package io.github.calculationguard.stop;

import module java.base;

import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.AthenaSparkReader.CalculationList;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Snapshot;

/**
 * One delivery of a request: its time, divided so that some is left to describe what happened and
 * to publish it.
 *
 * @param confirm by when the stop must be confirmed, or given up for now
 * @param describe by when what happened must be described
 */
record Delivery(
    StopService service, RequestMetadata metadata, Deadline confirm, Deadline describe) {

  private static final Duration MAX_TO_PUBLISH = Duration.ofSeconds(5);
  private static final Duration MAX_TO_PUBLISH_ONE_MORE = Duration.ofMillis(100);
  private static final Duration MAX_TO_DESCRIBE = Duration.ofSeconds(3);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /**
   * @param results how many results will be published
   */
  static Delivery of(StopService service, RequestMetadata metadata, int results) {
    var total = metadata.deadline().left(service.clock().instant());
    var publish = MAX_TO_PUBLISH.plus(MAX_TO_PUBLISH_ONE_MORE.multipliedBy(results - 1));
    var describe = metadata.deadline().minus(shorter(publish, total.dividedBy(4)));
    var confirm = describe.minus(shorter(MAX_TO_DESCRIBE, total.dividedBy(8)));
    return new Delivery(service, metadata, confirm, describe);
  }

  Instant now() {
    return service.clock().instant();
  }

  Snapshot snapshot(Calculation calculation) {
    return service.reader().read(calculation, metadata.place(), describe);
  }

  Snapshot snapshot(Session session) {
    return service.reader().read(session, metadata.place(), describe);
  }

  /**
   * Repeats a step until it is done, or the time to confirm ends. The pauses grow, except while
   * something could not be started.
   */
  void poll(BooleanSupplier step, BooleanSupplier isStarting) {
    for (var pause = FIRST_PAUSE; !step.getAsBoolean() && sleep(pause); ) {
      pause = isStarting.getAsBoolean() ? FIRST_PAUSE : longer(pause);
    }
  }

  /**
   * Repeats a call while Athena is unavailable.
   *
   * @throws AthenaUnavailableException if Athena still is when the time to confirm ends
   */
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

  /**
   * The calculations that are active, or ended since; none where the engine has no calculations.
   */
  CalculationList calculations(Session session, Instant endedSince) {
    return session.supportsCalculations()
        ? retry(() -> service.athena().calculations(session.id(), endedSince, confirm))
        : CalculationList.of(List.of());
  }

  /** Whether time is left after the pause. */
  private boolean sleep(Duration pause) {
    var left = confirm.left(now());
    if (left.compareTo(FIRST_PAUSE) <= 0) {
      return false;
    }
    try {
      service.sleeper().sleep(shorter(pause, left.minus(FIRST_PAUSE.dividedBy(2))));
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static Duration longer(Duration pause) {
    return shorter(pause.multipliedBy(2), LONGEST_PAUSE);
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}
