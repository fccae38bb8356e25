package io.github.calculationguard.spark;

/**
 * The ID of a calculation. It looks like a UUID but is none, even in AWS's own samples.
 *
 * @param value as {@link #RULE} says
 */
public record CalculationId(String value) {

  public static final String RULE = "1 to 36 letters, digits and hyphens";

  /** Throws IllegalArgumentException if the value breaks the {@link #RULE}. */
  public CalculationId {
    if (!value.matches("[0-9A-Za-z-]{1,36}")) {
      throw new IllegalArgumentException("the ID of a calculation is " + RULE);
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
