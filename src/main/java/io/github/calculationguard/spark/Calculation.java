package io.github.calculationguard.spark;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One calculation, as Athena described it.
 *
 * @param sessionId the session that it runs in
 * @param description its user's own words: show them with care
 * @param stateReason why it is in its state, in Athena's words
 * @param submittedAt absent where Athena did not say
 * @param completedAt absent while it runs
 * @param dpuTime DPU × time, as Athena reports it; absent in lists, and perhaps while it runs
 */
public record Calculation(
    CalculationId id,
    SessionId sessionId,
    CalculationState state,
    @Nullable String stateReason,
    @Nullable String description,
    @Nullable Instant submittedAt,
    @Nullable Instant completedAt,
    @Nullable Duration dpuTime) {

  /** How long it has run, or ran; absent where Athena did not say when it was submitted. */
  public @Nullable Duration age(Instant now) {
    if (submittedAt == null) {
      return null;
    }
    var age = Duration.between(submittedAt, completedAt == null ? now : completedAt);
    return age.isNegative() ? Duration.ZERO : age;
  }
}
