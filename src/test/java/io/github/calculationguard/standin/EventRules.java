package io.github.calculationguard.standin;

import static io.github.calculationguard.Template.list;
import static io.github.calculationguard.Template.map;

import module java.base;

import io.github.calculationguard.Template;
import org.jspecify.annotations.Nullable;
import software.amazon.event.ruler.Ruler;

/**
 * The rules of a template, as EventBridge applies them: its own engine matches, and an input
 * transformer makes what a target gets.
 *
 * @param template with resources of type {@code AWS::Events::Rule}
 * @param values of what the rules refer to: parameters, pseudo parameters and resources
 */
public record EventRules(Template template, Map<String, String> values) {

  /**
   * What a rule sends to one of its targets.
   *
   * @param properties the target as the template declares it
   * @param text what the target gets
   */
  public record Delivery(String rule, Map<String, Object> properties, String text) {

    /** The target's ID, which only its rule has to know. */
    public String target() {
      return String.valueOf(properties.get("Id"));
    }
  }

  private static final Pattern VARIABLE = Pattern.compile("<(\\w+)>");
  private static final Pattern SUBSTITUTED = Pattern.compile("\\$\\{([^}]+)}");

  /** What every rule that matches sends. */
  public List<Delivery> deliveries(String event) {
    var all = new ArrayList<Delivery>();
    for (var rule : template.resources("AWS::Events::Rule").keySet()) {
      var properties = map(resolve(template.properties(rule)));
      if (matches(properties, event)) {
        for (var target : list(properties.get("Targets"))) {
          var of = map(target);
          var transformer = of.get("InputTransformer");
          var text = transformer == null ? event : transformed(map(transformer), event);
          all.add(new Delivery(rule, of, text));
        }
      }
    }
    return all;
  }

  private static boolean matches(Map<String, Object> rule, String event) {
    try {
      return Ruler.matchesRule(event, Json.text(map(rule.get("EventPattern"))));
    } catch (Exception e) { // The engine declares no narrower one.
      throw new IllegalArgumentException("no event, or no pattern", e);
    }
  }

  /**
   * A variable without a value is an empty text. Others are inserted as JSON, and texts without
   * their quotation marks, so that a template with texts in quotation marks stays JSON.
   */
  private static String transformed(Map<String, Object> transformer, String event) {
    var paths = map(transformer.get("InputPathsMap"));
    return VARIABLE
        .matcher(String.valueOf(transformer.get("InputTemplate")))
        .replaceAll(
            found -> {
              var path = paths.get(found.group(1));
              if (path == null) {
                throw new IllegalArgumentException("no path for " + found.group());
              }
              return Matcher.quoteReplacement(inserted(valueAt(event, String.valueOf(path))));
            });
  }

  private static @Nullable Object valueAt(String event, String path) {
    Object value = Json.object(event);
    for (var key : path.substring("$.".length()).split("\\.", -1)) {
      value = value instanceof Map<?, ?> object ? object.get(key) : null;
    }
    return value;
  }

  private static String inserted(@Nullable Object value) {
    var json = Json.text(Map.of("value", value == null ? "" : value));
    var text = json.substring("{\"value\":".length(), json.length() - 1);
    return value == null || value instanceof String ? text.substring(1, text.length() - 1) : text;
  }

  /** Puts values in for references, of the forms that the rules and policies use. */
  public Object resolve(Object node) {
    return switch (node) {
      case Map<?, ?> map when map.get("Ref") instanceof String name -> value(name);
      case Map<?, ?> map when map.get("Fn::Sub") instanceof String text ->
          SUBSTITUTED
              .matcher(text)
              .replaceAll(found -> Matcher.quoteReplacement(value(found.group(1))));
      case Map<?, ?> map when map.get("Fn::GetAtt") instanceof List<?> names ->
          value(names.getFirst() + "." + names.getLast());
      case Map<?, ?> map -> {
        var resolved = new LinkedHashMap<String, Object>();
        map.forEach((key, of) -> resolved.put(String.valueOf(key), resolve(of)));
        yield resolved;
      }
      case List<?> list -> list.stream().map(this::resolve).toList();
      default -> node;
    };
  }

  private String value(String name) {
    return values.getOrDefault(name, name);
  }
}
