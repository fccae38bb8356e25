package io.github.athenasparklocal;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One request that arrived.
 *
 * @param operation such as StopCalculationExecution; empty where the request named none
 * @param nth its number among the requests of its operation, from 1
 * @param body as it was sent, at most its first 100,000 characters
 * @param at by the service's clock
 * @param accessKeyId the signer's; absent if it was not signed
 */
public record Call(
    String operation, int nth, String body, Instant at, @Nullable String accessKeyId) {}
