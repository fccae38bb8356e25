package io.github.calculationguard.spark;

/** AWS refuses, in its own words. Repeating does not help until somebody changes a permission. */
public final class DeniedException extends AthenaSparkException {

  public DeniedException(String message) {
    super(message);
  }
}
