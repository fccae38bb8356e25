package io.github.calculationguard.spark;

/** This account and Region has none by that id. Repeating does not help. */
public final class NoSuchThingException extends AthenaSparkException {

  /**
   * @param message AWS's own words
   */
  public NoSuchThingException(String message) {
    super(message);
  }
}
