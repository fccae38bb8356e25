package io.github.athenasparklocal;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The requests about one calculation, and their times.
 *
 * @param stopAskedAt time of the first Stop
 * @param output absent unless the code really ran
 */
record CalculationHistory(
    String id,
    String sessionId,
    @Nullable String description,
    String code,
    Course course,
    Instant submittedAt,
    @Nullable Instant stopAskedAt,
    @Nullable Output output) {

  /** What the code wrote, if it really ran. */
  record Output(String stdout, String stderr) {}

  /** The same calculation after its code ran. */
  CalculationHistory ended(Course actual, Output actualOutput) {
    return new CalculationHistory(
        id, sessionId, description, code, actual, submittedAt, stopAskedAt, actualOutput);
  }

  CalculationHistory stopped(Instant now) {
    return new CalculationHistory(id, sessionId, description, code, course, submittedAt, now, output);
  }
}
