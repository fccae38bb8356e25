package io.github.calculationguard.spark;

/** How much a person should care. */
public enum Severity {
  /** Nothing is left to do. */
  INFO,
  /** Money may still be spent, or somebody should look. */
  WARNING,
  /** Something was not done. */
  ERROR;

  /** Lambda's log level. */
  public String level() {
    return this == WARNING ? "WARN" : name();
  }
}
