package io.github.calculationguard.spark;

/** An answer rather than a bug: who reads it needs its words, and no stack. */
public abstract class PlainException extends RuntimeException {

  private final String message;

  protected PlainException(String message) {
    super(message, null, false, false);
    this.message = message;
  }

  @Override
  public String getMessage() {
    return message;
  }
}
