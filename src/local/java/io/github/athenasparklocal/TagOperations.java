package io.github.athenasparklocal;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The operations on the tags of workgroups and sessions. */
final class TagOperations {

  private static final Pattern TAG = Pattern.compile("[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*");
  private static final int MAX_TAGS = 50;

  private final SparkModel model;

  TagOperations(SparkModel model) {
    this.model = model;
  }

  Map<String, Object> list(Members request) {
    var tags = of(request.get("ResourceARN"));
    if (request.find("NextToken") != null) {
      // A resource has fewer tags than the smallest page, so there never is a token.
      throw Refused.invalid("The NextToken is not valid");
    }
    return Members.of(
        "Tags",
        tags.entrySet().stream()
            .map(tag -> Members.of("Key", tag.getKey(), "Value", tag.getValue()))
            .toList());
  }

  Map<String, Object> tag(Members request) {
    var tags = of(request.get("ResourceARN"));
    var merged = new TreeMap<>(tags);
    merge(merged, request.list("Tags"));
    tags.putAll(merged);
    return Map.of();
  }

  Map<String, Object> untag(Members request) {
    Set<?> keys = Set.copyOf(request.list("TagKeys"));
    of(request.get("ResourceARN")).keySet().removeIf(keys::contains);
    return Map.of();
  }

  /** The tags of a resource, to read and to change. */
  Map<String, String> of(String arn) {
    var parts = arn.split(":", 6);
    if (parts.length < 6 || !parts[0].equals("arn") || !parts[2].equals("athena")) {
      throw Refused.invalid("%s is not an ARN of Athena".formatted(Validator.cut(arn)));
    }
    var tags = model.tags(arn);
    if (tags == null) {
      throw Refused.notFound(
          arn, "Resource %s was not found".formatted(Validator.cut(arn)));
    }
    return tags;
  }

  /** Adds a request's tags. */
  static void merge(Map<String, String> tags, List<?> more) {
    var seen = new HashSet<String>();
    for (var element : more) {
      var tag = (Map<?, ?>) element;
      if (!(tag.get("Key") instanceof String key)) {
        throw Refused.invalid("A tag needs a key");
      }
      var value = tag.get("Value") instanceof String text ? text : "";
      if (!seen.add(key)) {
        throw Refused.invalid("Duplicate tag key: %s".formatted(key));
      }
      if (key.regionMatches(true, 0, "aws:", 0, 4)) {
        throw Refused.invalid("Tag keys that begin with aws: are reserved: %s".formatted(key));
      }
      if (!TAG.matcher(key).matches() || !TAG.matcher(value).matches()) {
        throw Refused.invalid("Tag %s holds a character that is not allowed".formatted(key));
      }
      tags.put(key, value);
    }
    if (tags.size() > MAX_TAGS) {
      throw Refused.invalid("A resource has at most %d tags".formatted(MAX_TAGS));
    }
  }

  /** A map as a list of tags is read. */
  static Map<String, String> copy(Map<?, ?> tags) {
    return tags.entrySet().stream()
        .collect(
            Collectors.toMap(
                tag -> String.valueOf(tag.getKey()), tag -> String.valueOf(tag.getValue())));
  }
}
