package io.github.calculationguard.spark;

import org.jspecify.annotations.Nullable;

/** AWS denied access. A retry does not help until somebody changes a permission. */
public final class DeniedException extends AthenaSparkException {

  public DeniedException(String message) {
    this(message, null, null);
  }

  public DeniedException(String message, @Nullable AwsError awsError, @Nullable Throwable cause) {
    super(message, awsError, cause);
  }
}
