package io.github.calculationguard.spark;

/**
 * Work that started soon after something like it was stopped. Its client probably submits it again.
 *
 * @param after the ID of the session or calculation that was stopped
 * @param isCertain whether the guard itself had that one stopped
 */
public record Return(String after, boolean isCertain) {

  /** Such as "may have returned after 9cc1ebb2-aac5-b1ca-8247-5d827bd8232f". */
  public String inWords() {
    return (isCertain ? "returned after " : "may have returned after ") + after;
  }
}
