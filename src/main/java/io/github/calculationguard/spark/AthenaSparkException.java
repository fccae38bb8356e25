package io.github.calculationguard.spark;

/** Athena did not do what it was asked. Its cases are what a caller does differently. */
public abstract sealed class AthenaSparkException extends RuntimeException
    permits NoSuchThingException, DeniedException, AthenaUnavailableException {

  AthenaSparkException(String message) {
    // These are answers, not bugs: who reads them needs AWS's words and no stack.
    super(message, null, false, false);
  }
}
