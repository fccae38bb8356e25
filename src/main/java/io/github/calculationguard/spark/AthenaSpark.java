package io.github.calculationguard.spark;

/** Athena's Spark side, for those who may also stop. Errors and deadlines as in the view. */
public interface AthenaSpark extends AthenaSparkView {

  /**
   * Asks for a calculation to be cancelled, and returns without waiting for it to end. Best effort:
   * Athena may run it to its end all the same. Stopping twice is harmless.
   *
   * @return the state that Athena answers, terminal if the calculation was already over
   */
  CalculationState stop(CalculationId id, Deadline deadline);

  /**
   * Ends a session and, by force, whatever runs in it. On a session that is over it does nothing.
   *
   * @return the state that Athena answers
   */
  SessionState terminate(SessionId id, Deadline deadline);
}
