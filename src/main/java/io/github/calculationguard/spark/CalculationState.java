package io.github.calculationguard.spark;

/** The state of a calculation, verbatim, so that one newer than this program survives. */
public record CalculationState(String name) {

  /** Athena accepted the cancellation, which has not taken effect. */
  public static final CalculationState CANCELING = new CalculationState("CANCELING");

  /** The state could not be read yet. */
  public static final CalculationState UNKNOWN = new CalculationState("UNKNOWN");

  /** Whether the calculation has ended. A state that is not listed here counts as active. */
  public boolean hasEnded() {
    return isCanceled() || isCompleted() || isFailed();
  }

  /** Whether the calculation ended by itself, and did what it was submitted for. */
  public boolean isCompleted() {
    return name.equals("COMPLETED");
  }

  /** Whether the calculation ended by an error, or with its session. */
  public boolean isFailed() {
    return name.equals("FAILED");
  }

  /**
   * Whether the calculation was canceled. STOPPED is in the API's text only, and not in its enum.
   */
  public boolean isCanceled() {
    return name.equals("CANCELED") || name.equals("STOPPED");
  }
}
