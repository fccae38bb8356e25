package io.github.calculationguard.spark;

import org.jspecify.annotations.Nullable;

/**
 * How AWS, or its SDK, names an error.
 *
 * @param service whose call failed, such as Athena or Sns
 * @param type AWS's error code, or the SDK's exception where AWS did not answer
 * @param requestId what AWS Support asks for; absent where AWS did not answer
 */
public record AwsError(String service, String type, @Nullable String requestId) {}
