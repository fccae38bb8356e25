package io.github.calculationguard.spark;

/** How much a person should care. */
public enum Severity {
  /** Nothing is left to do. */
  INFO,
  /** Money may still be spent, or somebody should look. */
  WARNING,
  /** Something was not done. */
  ERROR;

  /** This severity, but at least a warning. */
  public Severity atLeastWarning() {
    return this == INFO ? WARNING : this;
  }

  /** Lambda's log level. */
  public String level() {
    return this == WARNING ? "WARN" : name();
  }
}
