package io.github.calculationguard.spark;

import org.jspecify.annotations.Nullable;

/** A call to Athena failed; the message quotes AWS. Each subclass needs a reaction of its own. */
public abstract sealed class AthenaSparkException extends RuntimeException {

  private final transient @Nullable AwsError awsError;

  private AthenaSparkException(
      String message, @Nullable AwsError error, @Nullable Throwable cause) {
    super(message, cause);
    awsError = error;
  }

  /** How AWS names the error; absent where the guard gave up before it called AWS. */
  public @Nullable AwsError awsError() {
    return awsError;
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }

  /**
   * How AWS, or its SDK, names an error.
   *
   * @param service whose call failed, such as Athena or Sns
   * @param type AWS's error code, or the SDK's exception where AWS did not answer
   * @param requestId what AWS Support asks for; absent where AWS did not answer
   */
  public record AwsError(String service, String type, @Nullable String requestId) {}

  /** The account and Region have nothing with this ID. A retry does not help. */
  public static final class NotFoundException extends AthenaSparkException {

    public NotFoundException(String message, @Nullable AwsError error, @Nullable Throwable cause) {
      super(message, error, cause);
    }
  }

  /** AWS denied access. A retry does not help until somebody changes a permission. */
  public static final class DeniedException extends AthenaSparkException {

    public DeniedException(String message, @Nullable AwsError error, @Nullable Throwable cause) {
      super(message, error, cause);
    }
  }

  /**
   * Athena throttled the call, failed or did not answer in time, even after the SDK's retries. A
   * later retry may help.
   */
  public static final class AthenaUnavailableException extends AthenaSparkException {

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
        String message, Reason reason, @Nullable AwsError error, @Nullable Throwable cause) {
      super(message, error, cause);
      this.reason = reason;
    }

    public Reason reason() {
      return reason;
    }
  }
}
