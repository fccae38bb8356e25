package io.github.calculationguard.spark;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One session: the driver and the workers that Athena bills from its start to its end, busy or
 * idle.
 *
 * @param description its user's own words: show them with care
 * @param engineVersion free text, such as "PySpark engine version 3"
 * @param startedAt absent where Athena did not say
 * @param idleSince when the last calculation ended; absent while one runs
 * @param endedAt absent while it is active
 * @param maxDpus the most DPUs that it may hold at once; absent in lists
 * @param dpuTime DPU × time, as Athena reports it; absent in lists, and perhaps while it runs
 */
public record Session(
    SessionId id,
    String workGroup,
    SessionState state,
    @Nullable String description,
    @Nullable String engineVersion,
    @Nullable Instant startedAt,
    @Nullable Instant idleSince,
    @Nullable Instant endedAt,
    @Nullable Integer maxDpus,
    @Nullable Duration dpuTime) {

  /** The same in a newer state. */
  public Session in(SessionState newer) {
    return new Session(
        id,
        workGroup,
        newer,
        description,
        engineVersion,
        startedAt,
        idleSince,
        endedAt,
        maxDpus,
        dpuTime);
  }

  /** How long it has lived, or lived; absent where Athena did not say when it started. */
  public @Nullable Duration age(Instant now) {
    if (startedAt == null) {
      return null;
    }
    var age = Duration.between(startedAt, endedAt == null ? now : endedAt);
    return age.isNegative() ? Duration.ZERO : age;
  }
}
