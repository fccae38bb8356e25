package io.github.calculationguard.spark;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One node of a session, driver or worker: what is billed.
 *
 * @param dpus its size
 * @param terminatedAt absent while it lives
 */
public record Executor(double dpus, Instant startedAt, @Nullable Instant terminatedAt) {}
