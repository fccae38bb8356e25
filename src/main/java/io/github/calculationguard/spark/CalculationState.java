package io.github.calculationguard.spark;

import java.util.Set;

/**
 * The state of a calculation, verbatim as Athena says it, so that one newer than this program
 * survives.
 *
 * @param name such as RUNNING or CANCELED
 */
public record CalculationState(String name) {

  /** The cancel was accepted and has not taken hold. */
  public static final CalculationState CANCELING = new CalculationState("CANCELING");

  /** Nothing has told the state yet. */
  public static final CalculationState UNKNOWN = new CalculationState("UNKNOWN");

  // STOPPED stands in the API's prose and not in its enumeration.
  private static final Set<String> CANCELED = Set.of("CANCELED", "STOPPED");
  private static final Set<String> OVER = Set.of("CANCELED", "STOPPED", "COMPLETED", "FAILED");

  /** Whether the calculation has ended, in whatever way. A state that we don't know is not over. */
  public boolean isOver() {
    return OVER.contains(name);
  }

  /** Whether the calculation ended because somebody canceled it. */
  public boolean isCanceled() {
    return CANCELED.contains(name);
  }

  @Override
  public String toString() {
    return name;
  }
}
