package io.github.calculationguard.stop;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Why the sweep asks for a stop.
 *
 * @param rule such as max-calculation-minutes
 * @param limit in the rule's unit
 * @param observed in the same unit
 * @param expiresAt from then on the finding is stale, and the next sweep judges anew
 */
public record LimitViolation(
    String rule, @Nullable Number limit, @Nullable Number observed, Instant expiresAt) {}
