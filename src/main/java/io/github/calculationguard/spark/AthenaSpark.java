package io.github.calculationguard.spark;

/** The Spark operations of Athena in one account and Region, for callers that may stop. */
public interface AthenaSpark extends AthenaSparkReader {

  /**
   * Requests cancellation of a calculation, and returns without waiting for it to end. Best effort:
   * Athena may run the calculation to completion all the same. Stopping twice is harmless.
   *
   * @return the state that Athena reports; terminal if the calculation had already ended
   */
  CalculationState stop(CalculationId id, Deadline deadline);

  /** Terminates a session, and whatever runs in it, by force. No effect if it has ended. */
  SessionState terminate(SessionId id, Deadline deadline);
}
