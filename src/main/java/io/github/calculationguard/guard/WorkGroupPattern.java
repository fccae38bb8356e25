package io.github.calculationguard.guard;

import io.github.calculationguard.spark.WorkGroup;
import java.util.regex.Pattern;

/**
 * Says which workgroups are the guard's affair, as IAM's resources do: {@code *} stands for
 * anything, {@code ?} for any one character.
 */
public record WorkGroupPattern(String value) {

  /** Whether a workgroup is the guard's affair. */
  public boolean matches(WorkGroup workGroup) {
    var regex = Pattern.quote(value).replace("*", "\\E.*\\Q").replace("?", "\\E.\\Q");
    return workGroup.name().matches(regex);
  }
}
