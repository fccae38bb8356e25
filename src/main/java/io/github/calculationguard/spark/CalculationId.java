package io.github.calculationguard.spark;

import java.util.regex.Pattern;

/**
 * Names one calculation in an account and Region.
 *
 * <p>It looks like a UUID and is none (AWS's own samples carry no valid version), so it is never
 * parsed as one.
 *
 * @param value 1 to 36 letters, digits and hyphens
 */
public record CalculationId(String value) {

  /** What an id is, in words for people. */
  public static final String RULE = "1 to 36 letters, digits and hyphens";

  private static final Pattern VALID = Pattern.compile("[0-9A-Za-z-]{1,36}");

  /**
   * @throws IllegalArgumentException if the value is anything but {@link #RULE}
   */
  public CalculationId {
    if (!VALID.matcher(value).matches()) {
      throw new IllegalArgumentException("a calculation id is " + RULE);
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
