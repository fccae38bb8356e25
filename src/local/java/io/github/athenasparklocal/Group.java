package io.github.athenasparklocal;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A workgroup.
 *
 * @param engineVersion in effect, such as {@link SparkModel#PYSPARK_3}
 * @param configuration as it was given, by the API model's names
 */
record Group(
    String name,
    String engineVersion,
    @Nullable String description,
    boolean enabled,
    Map<String, Object> configuration,
    Instant createdAt) {

  private static final String DEFAULT_LOCATION = "s3://athena-spark-local/";

  boolean runsSpark() {
    return engineVersion.contains("Spark");
  }

  /** Where its sessions write, with a slash at the end. */
  String outputLocation() {
    var location =
        configuration.get("ResultConfiguration") instanceof Map<?, ?> result
                && result.get("OutputLocation") instanceof String text
                && text.startsWith("s3://")
            ? text
            : DEFAULT_LOCATION;
    return location.endsWith("/") ? location : location + "/";
  }
}
