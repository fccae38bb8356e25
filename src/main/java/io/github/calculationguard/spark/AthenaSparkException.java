package io.github.calculationguard.spark;

import org.jspecify.annotations.Nullable;

/**
 * A call to Athena failed; the message quotes AWS. There is one subclass for each reaction of the
 * caller.
 */
public abstract sealed class AthenaSparkException extends RuntimeException
    permits NotFoundException, DeniedException, AthenaUnavailableException {

  private final transient @Nullable AwsError awsError;

  AthenaSparkException(String message, @Nullable AwsError awsError, @Nullable Throwable cause) {
    super(message, cause);
    this.awsError = awsError;
  }

  /** How AWS names the error; absent where the guard gave up before it called AWS. */
  public @Nullable AwsError awsError() {
    return awsError;
  }

  /** The message, which an AthenaSparkException always has. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
