package io.github.calculationguard.spark;

import java.util.regex.Pattern;

/**
 * A workgroup for Spark: the unit by which people are permitted, limited and billed.
 *
 * @param name as Athena says it
 */
public record WorkGroup(String name) {

  /** Whether a pattern of IAM covers it: * stands for any text, ? for any character. */
  public boolean matches(String pattern) {
    var regex = Pattern.quote(pattern).replace("*", "\\E.*\\Q").replace("?", "\\E.\\Q");
    return name.matches(regex);
  }
}
