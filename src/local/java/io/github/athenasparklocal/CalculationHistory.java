package io.github.athenasparklocal;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What was asked for in one calculation's life, and when.
 *
 * @param stopAskedAt the first Stop
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

  /** The same, now that it really ran and ended. */
  CalculationHistory ended(Course actual, Output actualOutput) {
    return new CalculationHistory(
        id, sessionId, description, code, actual, submittedAt, stopAskedAt, actualOutput);
  }

  CalculationHistory stopped(Instant now) {
    return new CalculationHistory(id, sessionId, description, code, course, submittedAt, now, output);
  }
}
