package io.github.calculationguard.spark;

import java.util.regex.Pattern;

/**
 * Names one session in an account and Region.
 *
 * @param value 1 to 256 letters, digits and hyphens; it becomes a part of an ARN
 */
public record SessionId(String value) {

  /** What an id is, in words for people. */
  public static final String RULE = "1 to 256 letters, digits and hyphens";

  private static final Pattern VALID = Pattern.compile("[0-9A-Za-z-]{1,256}");

  /**
   * @throws IllegalArgumentException if the value is anything but {@link #RULE}
   */
  public SessionId {
    if (!VALID.matcher(value).matches()) {
      throw new IllegalArgumentException("a session id is " + RULE);
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
