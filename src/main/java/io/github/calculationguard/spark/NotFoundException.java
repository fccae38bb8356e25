package io.github.calculationguard.spark;

/** This account and Region has none by that id. Repeating does not help. */
public final class NotFoundException extends AthenaSparkException {

  public NotFoundException(String message) {
    super(message);
  }
}
