package io.github.athenasparklocal;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Past states, and future ones if no further request comes.
 *
 * @param steps in order of time; never empty
 */
record Timeline(List<Step> steps) {

  /**
   * A change of state.
   *
   * @param reason for people
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
