package io.github.calculationguard.spark;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One calculation, as Athena described it.
 *
 * @param sessionId the session that it runs in; absent only where Athena would not describe it
 * @param description its user's own words: show them with care
 * @param stateReason why it is in its state, in Athena's words
 * @param submittedAt absent where Athena did not say
 * @param completedAt absent while it runs
 * @param dpuTime DPU × time, as Athena reports it; absent in lists, and perhaps while it runs
 */
public record Calculation(
    CalculationId id,
    @Nullable SessionId sessionId,
    CalculationState state,
    @Nullable String stateReason,
    @Nullable String description,
    @Nullable Instant submittedAt,
    @Nullable Instant completedAt,
    @Nullable Duration dpuTime) {

  /** An instant out of range counts as absent: nobody could compute with it. */
  public Calculation {
    submittedAt = Instants.orNull(submittedAt);
    completedAt = Instants.orNull(completedAt);
  }

  /** What is known from Stop's answer alone. */
  public static Calculation undescribed(CalculationId id, CalculationState state) {
    return new Calculation(id, null, state, null, null, null, null, null);
  }

  /** The same in a newer state. */
  public Calculation in(CalculationState newer) {
    return new Calculation(
        id, sessionId, newer, stateReason, description, submittedAt, completedAt, dpuTime);
  }

  /** How long it has run, or ran; absent where Athena did not say when it was submitted. */
  public @Nullable Duration age(Instant now) {
    if (submittedAt == null) {
      return null;
    }
    var age = Duration.between(submittedAt, completedAt == null ? now : completedAt);
    return age.isNegative() ? Duration.ZERO : age;
  }
}
