package io.github.calculationguard.spark;

/** Athena did not do what it was asked. Its cases are what a caller does differently. */
public abstract sealed class AthenaSparkException extends RuntimeException
    permits NoSuchThingException, DeniedException, AthenaUnavailableException {

  private final String message;

  AthenaSparkException(String message) {
    // These are answers, not bugs: who reads them needs AWS's words and no stack.
    super(message, null, false, false);
    this.message = message;
  }

  /** AWS's own words. */
  @Override
  public String getMessage() {
    return message;
  }
}
