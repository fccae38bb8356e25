package io.github.calculationguard.spark;

import org.jspecify.annotations.Nullable;

/**
 * Athena throttled the call, failed or did not answer in time, even after the SDK's retries. A
 * later retry may help.
 */
public final class AthenaUnavailableException extends AthenaSparkException {

  /** What happened to the request. */
  public enum Reason {
    /** Athena rejected it, because there were too many. */
    THROTTLED,
    /** It may have reached Athena and taken effect, although no answer arrived. */
    ANSWER_LOST,
    /** It did not take effect, as far as AWS tells. */
    FAILED
  }

  private final Reason reason;

  public AthenaUnavailableException(String message) {
    this(message, Reason.FAILED, null, null);
  }

  public AthenaUnavailableException(
      String message, Reason reason, @Nullable AwsError awsError, @Nullable Throwable cause) {
    super(message, awsError, cause);
    this.reason = reason;
  }

  /** What happened to the request. */
  public Reason reason() {
    return reason;
  }
}
