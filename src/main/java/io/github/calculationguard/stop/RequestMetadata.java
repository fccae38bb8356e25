package io.github.calculationguard.stop;

import io.github.calculationguard.spark.*;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How, when and by whom a request was made.
 *
 * @param id the same in every delivery of the request; the log calls it the order_id
 * @param at when the request was made, which may be long before it arrived
 * @param earliestAt equals {@code at} if the event carries its time; otherwise an earlier bound:
 *     what ended after it may be the work of an earlier delivery
 * @param deadline by when it must be carried out, published and answered
 * @param dryRun only report what would be stopped
 * @param reason why, in the requester's words
 * @param requestedBy the requester, where AWS vouches for it
 * @param claimedBy the requester by its own word
 */
public record RequestMetadata(
    String id,
    Source source,
    Instant at,
    Instant earliestAt,
    Deadline deadline,
    AccountRegion place,
    boolean dryRun,
    @Nullable String reason,
    @Nullable String requestedBy,
    @Nullable String claimedBy) {

  /** Whether the request was made after that, as far as Athena tells. */
  boolean isMadeAfter(@Nullable Instant instant) {
    return instant != null && !instant.isAfter(at);
  }

  /** Whether the request was made before that. */
  boolean isMadeBefore(@Nullable Instant instant) {
    return instant != null && !instant.isBefore(at);
  }

  /** Whether the request may have been made before that, so that an earlier delivery may be why. */
  boolean mayBeMadeBefore(@Nullable Instant instant) {
    return instant == null || !instant.isBefore(earliestAt);
  }

  /** Of what ended then, and before this delivery: why nobody knows its cause, if so. */
  @Nullable String whyCauseUnknown(@Nullable Instant instant) {
    return mayBeMadeBefore(instant) && !isMadeBefore(instant)
        ? "it ended before this delivery of the request; it is not known whether an earlier delivery"
            + " or somebody else ended it"
        : null;
  }
}
