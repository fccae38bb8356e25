package io.github.calculationguard.standin;

import static io.github.calculationguard.Template.list;
import static io.github.calculationguard.Template.map;

import module java.base;

/**
 * A resource's policy, evaluated as IAM does for a caller of another account: something must allow
 * the call, and nothing may deny it.
 */
public record ResourcePolicy(Map<String, Object> document) {

  /**
   * Whether it lets somebody call.
   *
   * @param context the values of each condition key; a key without a value is absent
   */
  public boolean allows(String action, Map<String, List<String>> context) {
    var effects =
        list(document.get("Statement")).stream()
            .map(statement -> map(statement))
            .filter(statement -> list(statement.get("Action")).contains(action))
            .filter(statement -> holds(map(statement.get("Condition")), context))
            .map(statement -> String.valueOf(statement.get("Effect")))
            .toList();
    return effects.contains("Allow") && !effects.contains("Deny");
  }

  private static boolean holds(Map<String, Object> condition, Map<String, List<String>> context) {
    return condition.entrySet().stream()
        .allMatch(
            operator ->
                map(operator.getValue()).entrySet().stream()
                    .allMatch(
                        key -> {
                          var wanted = list(key.getValue()).stream().map(String::valueOf).toList();
                          var found = context.getOrDefault(key.getKey(), List.of());
                          return holds(operator.getKey(), wanted, found);
                        }));
  }

  private static boolean holds(String operator, List<String> wanted, List<String> found) {
    return switch (operator) {
      case "StringEquals" -> found.size() == 1 && wanted.contains(found.getFirst());
      case "ArnLike", "ArnEquals" -> found.size() == 1 && isLike(wanted, found.getFirst());
      // A negated operator is true if the key is absent.
      case "ArnNotLike", "ArnNotEquals" -> found.stream().noneMatch(each -> isLike(wanted, each));
      case "ForAllValues:StringEquals" -> wanted.containsAll(found);
      case "ForAnyValue:StringNotEquals" -> found.stream().anyMatch(each -> !wanted.contains(each));
      case "Null" -> wanted.equals(List.of(String.valueOf(found.isEmpty())));
      default -> throw new IllegalArgumentException("unknown operator: " + operator);
    };
  }

  private static boolean isLike(List<String> patterns, String arn) {
    return patterns.stream()
        .anyMatch(pattern -> arn.matches(Pattern.quote(pattern).replace("*", "\\E.*\\Q")));
  }
}
