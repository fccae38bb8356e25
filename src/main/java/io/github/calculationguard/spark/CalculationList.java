package io.github.calculationguard.spark;

import java.util.List;

/**
 * The calculations of a session as Athena lists them.
 *
 * @param calculations newest first, without statistics
 * @param unreadable how many entries had no valid ID; a retry may show them correctly
 */
public record CalculationList(List<Calculation> calculations, int unreadable) {

  /** A list in which every entry could be read. */
  public static CalculationList of(List<Calculation> calculations) {
    return new CalculationList(calculations, 0);
  }
}
