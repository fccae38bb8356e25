package io.github.athenasparklocal;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The states that something has gone through, and will go through if nobody interferes.
 *
 * @param steps in order of time; never empty
 */
record Timeline(List<Step> steps) {

  /**
   * Into a state.
   *
   * @param reason why, in words for people
   */
  record Step(Instant from, String state, @Nullable String reason) {

    Step(Instant from, String state) {
      this(from, state, null);
    }
  }

  Timeline {
    steps = List.copyOf(steps);
  }

  /** The step that holds at an instant; the first one for any instant before it. */
  Step at(Instant now) {
    var current = steps.getFirst();
    for (var step : steps) {
      if (step.from().isAfter(now)) {
        break;
      }
      current = step;
    }
    return current;
  }
}
