package io.github.calculationguard.spark;

import module java.base;

import org.jspecify.annotations.Nullable;

/**
 * One calculation as Athena describes it. An instant out of range counts as absent.
 *
 * @param sessionId the session that it runs in; absent if Athena did not describe it
 * @param description the user's own text, which may contain anything
 * @param completedAt absent while it runs
 * @param dpuTime DPU × time, as Athena reports it; absent in lists, and perhaps while it runs
 * @param output where its files are in S3, by name; empty in lists, and where Athena names none
 */
public record Calculation(
    CalculationId id,
    @Nullable SessionId sessionId,
    CalculationState state,
    @Nullable String description,
    @Nullable Instant submittedAt,
    @Nullable Instant completedAt,
    @Nullable Duration dpuTime,
    SequencedMap<String, String> output) {

  /** Of a calculation whose files are not known. */
  public static final SequencedMap<String, String> NO_OUTPUT = Collections.emptySortedMap();

  public Calculation {
    submittedAt = Instants.orNull(submittedAt);
    completedAt = Instants.orNull(completedAt);
  }

  /** A calculation of which only the ID is known. */
  public static Calculation unknown(CalculationId id) {
    return new Calculation(id, null, CalculationState.UNKNOWN, null, null, null, null, NO_OUTPUT);
  }

  /** The same calculation in a newer state. */
  public Calculation withState(CalculationState newer) {
    return new Calculation(
        id, sessionId, newer, description, submittedAt, completedAt, dpuTime, output);
  }

  /** How long it has run, or ran. */
  public @Nullable Duration age(Instant now) {
    var end = completedAt == null ? now : completedAt;
    return submittedAt == null ? null : Instants.between(submittedAt, end);
  }
}
