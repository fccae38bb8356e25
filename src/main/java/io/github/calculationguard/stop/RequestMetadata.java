package io.github.calculationguard.stop;

import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.Deadline;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How, when and by whom an order was given.
 *
 * @param orderId the same in every delivery of the same order
 * @param trigger what carried it, such as eventbridge or http-api
 * @param at when it was given, which may be long before it arrived
 * @param deadline by when it must be acted on, announced and answered
 * @param dryRun look only, and say what would have been stopped
 * @param reason why, in the words of whoever asked
 * @param requestedBy who asked, where AWS vouches for it
 * @param claimedBy who asked, by their own word
 */
public record RequestMetadata(
    String orderId,
    String trigger,
    Instant at,
    Deadline deadline,
    AccountRegion place,
    boolean dryRun,
    @Nullable String reason,
    @Nullable String requestedBy,
    @Nullable String claimedBy) {}
