package io.github.calculationguard.spark;

/**
 * Athena did not do what it was asked, in AWS's own words. Its cases are what a caller does
 * differently.
 */
public abstract sealed class AthenaSparkException extends PlainException
    permits NotFoundException, DeniedException, AthenaUnavailableException {

  AthenaSparkException(String message) {
    super(message);
  }
}
