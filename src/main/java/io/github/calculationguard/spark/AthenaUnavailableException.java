package io.github.calculationguard.spark;

/**
 * Athena throttled us, failed or did not answer in time, after the SDK's own tries. Repeating may
 * help.
 */
public final class AthenaUnavailableException extends AthenaSparkException {

  public AthenaUnavailableException(String message) {
    super(message);
  }
}
