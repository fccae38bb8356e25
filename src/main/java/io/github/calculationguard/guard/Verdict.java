package io.github.calculationguard.guard;

import io.github.calculationguard.spark.Cost;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What the judge finds, with a reason in words. */
public sealed interface Verdict {

  /** Why, in words for people. */
  String reason();

  /** Within its limits, or over already. */
  record Leave(String reason) implements Verdict {}

  /**
   * Near a limit, or over one on grounds that don't suffice to stop anything.
   *
   * @param stopAt when it will be over the limit, if it goes on so; absent where it won't be
   *     stopped
   */
  record Warn(Usage usage, @Nullable Cost cost, @Nullable Instant stopAt, String reason)
      implements Verdict {}

  /** Over a limit, and to be stopped. */
  record Over(Usage usage, @Nullable Cost cost, String reason) implements Verdict {}

  /**
   * How much of a limit is used.
   *
   * @param limit in the rule's unit
   * @param observed in the rule's unit
   * @param basis of what was observed; absent where it is a time, which is certain
   */
  record Usage(Rule rule, double limit, double observed, Cost.@Nullable Basis basis) {

    /** Whether the truth may be far less than what was observed. */
    public boolean isUpperBound() {
      return basis == Cost.Basis.UPPER_BOUND;
    }

    /** Whether it is more than the limit allows; exactly at the limit it isn't. */
    public boolean isOver() {
      return observed > limit;
    }
  }
}
