package io.github.calculationguard.stop;

import io.github.calculationguard.spark.Deadline;
import java.time.Duration;
import java.time.Instant;

/**
 * An order's time, shared out so that whatever Athena does there is some left to describe what
 * happened, and then some to tell it.
 *
 * @param climb by when the stop must be seen to hold, or given up for now
 * @param describe by when what happened must be described
 */
record TimeBudget(Deadline climb, Deadline describe) {

  private static final Duration MOST_TO_TELL = Duration.ofSeconds(5);
  private static final Duration MOST_TO_DESCRIBE = Duration.ofSeconds(3);

  static TimeBudget of(Deadline order, Instant now) {
    var total = order.left(now);
    var describe = order.minus(atMost(MOST_TO_TELL, total.dividedBy(4)));
    return new TimeBudget(describe.minus(atMost(MOST_TO_DESCRIBE, total.dividedBy(8))), describe);
  }

  private static Duration atMost(Duration most, Duration duration) {
    return duration.compareTo(most) < 0 ? duration : most;
  }
}
