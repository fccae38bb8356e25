package io.github.calculationguard.stop;

import io.github.calculationguard.spark.Deadline;
import java.time.Duration;
import java.time.Instant;

/**
 * A request's time, divided so that some is left to describe what happened and to publish it.
 *
 * @param confirm by when the stop must be confirmed, or given up for now
 * @param describe by when what happened must be described
 */
record TimeBudget(Deadline confirm, Deadline describe) {

  private static final Duration MAX_TO_PUBLISH = Duration.ofSeconds(5);
  private static final Duration MAX_TO_PUBLISH_ONE_MORE = Duration.ofMillis(100);
  private static final Duration MAX_TO_DESCRIBE = Duration.ofSeconds(3);

  /**
   * @param results how many results will be published
   */
  static TimeBudget of(Deadline end, int results, Instant now) {
    var total = end.left(now);
    var publish = MAX_TO_PUBLISH.plus(MAX_TO_PUBLISH_ONE_MORE.multipliedBy(results - 1));
    var describe = end.minus(shorter(publish, total.dividedBy(4)));
    return new TimeBudget(describe.minus(shorter(MAX_TO_DESCRIBE, total.dividedBy(8))), describe);
  }

  static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}
