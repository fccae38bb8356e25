package io.github.calculationguard.spark;

import org.jspecify.annotations.Nullable;

/** The account and Region have nothing with this ID. A retry does not help. */
public final class NotFoundException extends AthenaSparkException {

  public NotFoundException(String message) {
    this(message, null, null);
  }

  public NotFoundException(String message, @Nullable AwsError awsError, @Nullable Throwable cause) {
    super(message, awsError, cause);
  }
}
