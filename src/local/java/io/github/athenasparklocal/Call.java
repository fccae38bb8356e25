package io.github.athenasparklocal;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One request that arrived.
 *
 * @param operation such as StopCalculationExecution; empty where the request named none
 * @param nth the how-manieth of its operation, from 1
 * @param body as it was sent: JSON, or SNS's form
 * @param at by the world's clock
 * @param accessKeyId who signed it; absent where nobody did
 */
public record Call(
    String operation, int nth, String body, Instant at, @Nullable String accessKeyId) {}
