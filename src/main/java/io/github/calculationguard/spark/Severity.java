package io.github.calculationguard.spark;

/** How much a person should care. */
public enum Severity {
  /** It is over. */
  INFO("INFO"),
  /** Money may still be spent, or somebody should look. */
  WARNING("WARN"),
  /** It was not done. */
  ERROR("ERROR");

  private final String level;

  Severity(String level) {
    this.level = level;
  }

  /** Lambda's name of it. */
  public String level() {
    return level;
  }
}
