package io.github.calculationguard.spark;

/**
 * The ID of a session, which is a part of the session's ARN.
 *
 * @param value as {@link #RULE} says
 */
public record SessionId(String value) {

  public static final String RULE = "1 to 256 letters, digits and hyphens";

  /** Throws IllegalArgumentException if the value breaks the {@link #RULE}. */
  public SessionId {
    if (!value.matches("[0-9A-Za-z-]{1,256}")) {
      throw new IllegalArgumentException("the ID of a session is " + RULE);
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
