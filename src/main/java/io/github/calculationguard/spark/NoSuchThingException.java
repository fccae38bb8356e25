package io.github.calculationguard.spark;

/** This account and Region has none by that id. Repeating does not help. */
public final class NoSuchThingException extends AthenaSparkException {

  public NoSuchThingException(String message) {
    super(message);
  }
}
