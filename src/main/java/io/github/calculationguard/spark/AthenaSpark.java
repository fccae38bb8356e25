package io.github.calculationguard.spark;

/**
 * The Spark operations of Athena in one account and Region, for callers that may stop. Errors and
 * deadlines are those of {@link AthenaSparkView}.
 */
public interface AthenaSpark extends AthenaSparkView {

  /**
   * Requests cancellation of a calculation, and returns without waiting for it to end. Best effort:
   * Athena may run the calculation to completion all the same. Stopping twice is harmless.
   *
   * @return the state that Athena reports; terminal if the calculation had already ended
   */
  CalculationState stop(CalculationId id, Deadline deadline);

  /**
   * Terminates a session and, by force, whatever runs in it. Does nothing to a session that has
   * ended.
   *
   * @return the state that Athena reports
   */
  SessionState terminate(SessionId id, Deadline deadline);
}
