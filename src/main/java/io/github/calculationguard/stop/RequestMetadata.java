package io.github.calculationguard.stop;

import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.Deadline;
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

  /** Whether the calculation was submitted before the request was made, as far as Athena tells. */
  boolean covers(Calculation calculation) {
    return calculation.submittedAt() != null && !calculation.submittedAt().isAfter(at);
  }

  /** Whether something that happened then happened after the request was made. */
  boolean isBefore(@Nullable Instant instant) {
    return instant != null && !instant.isBefore(at);
  }

  /** Whether something that happened then may be the work of an earlier delivery. */
  boolean mayBeBefore(@Nullable Instant instant) {
    return instant == null || !instant.isBefore(earliestAt);
  }
}
