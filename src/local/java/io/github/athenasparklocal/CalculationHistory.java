package io.github.athenasparklocal;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What was asked for in one calculation's life, and when.
 *
 * @param stopAskedAt the first Stop
 */
record CalculationHistory(
    String id,
    String sessionId,
    @Nullable String description,
    String code,
    Course course,
    Instant submittedAt,
    @Nullable Instant stopAskedAt) {

  CalculationHistory stopped(Instant now) {
    return new CalculationHistory(id, sessionId, description, code, course, submittedAt, now);
  }
}
