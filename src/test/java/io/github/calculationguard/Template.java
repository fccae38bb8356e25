package io.github.calculationguard;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.AbstractConstruct;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import software.amazon.event.ruler.Ruler;

/**
 * The project's {@code template.yaml}, with CloudFormation's short forms ({@code !Ref X}) read as
 * the long ones ({@code {"Ref": "X"}}).
 */
public final class Template {

  /** The template, relative to the project's root, where tests run. */
  public static final Path FILE = Path.of("template.yaml");

  private static final Pattern SUBSTITUTED = Pattern.compile("\\$\\{([^!}.]+)[^}]*}");

  private static final Pattern EQUALITY = Pattern.compile("\\$\\.(\\w+) = \"(\\w*)\"");
  private static final Pattern INNERMOST = Pattern.compile("\\(([^()]*)\\)");

  private final Map<String, Object> root;

  private Template(Map<String, Object> root) {
    this.root = root;
  }

  /** Reads the template of the project whose root is the working directory. */
  public static Template read() {
    return read(FILE);
  }

  /** Reads another template, such as the hub's. */
  public static Template read(Path file) {
    try {
      return new Template(map(new Yaml(new ShortForms()).load(Files.readString(file))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The metadata for the console. */
  public Map<String, Object> metadata() {
    return map(root.get("Metadata"));
  }

  /** The conditions. */
  public Map<String, Object> conditions() {
    return map(root.get("Conditions"));
  }

  /** The outputs. */
  public Map<String, Map<String, Object>> outputs() {
    return section("Outputs");
  }

  /** All resources, by logical ID, in order. */
  public Map<String, Map<String, Object>> allResources() {
    return section("Resources");
  }

  /** The parameters and their declarations, in order. */
  public Map<String, Map<String, Object>> parameters() {
    return section("Parameters");
  }

  /** The resources of a type, by logical ID, in order. */
  public Map<String, Map<String, Object>> resources(String type) {
    var found = new LinkedHashMap<>(section("Resources"));
    found.values().removeIf(resource -> !type.equals(resource.get("Type")));
    return found;
  }

  /** The functions, by logical ID. */
  public Map<String, Map<String, Object>> functions() {
    return resources("AWS::Serverless::Function");
  }

  /** The properties of a resource, with what a function has of the Globals. */
  public Map<String, Object> properties(String logicalId) {
    var resource = section("Resources").get(logicalId);
    if (resource == null) {
      throw new IllegalArgumentException("no such resource: " + logicalId);
    }
    var own = map(resource.get("Properties"));
    return "AWS::Serverless::Function".equals(resource.get("Type"))
        ? merged(map(map(root.get("Globals")).get("Function")), own)
        : own;
  }

  /** The variables of a function's environment. */
  public Map<String, Object> variables(String function) {
    return map(map(properties(function).get("Environment")).get("Variables"));
  }

  /** The options of the stop function's JVM, beside Lambda's own. */
  public String javaOptions() {
    return String.valueOf(variables("StopFunction").get("JAVA_TOOL_OPTIONS"));
  }

  /** Merges as SAM does: mappings are merged, anything else is replaced. */
  private static Map<String, Object> merged(Map<String, Object> global, Map<String, Object> own) {
    var merged = new LinkedHashMap<>(global);
    own.forEach(
        (key, value) ->
            merged.merge(
                key,
                value,
                (general, special) ->
                    general instanceof Map && special instanceof Map
                        ? merged(map(general), map(special))
                        : special));
    return merged;
  }

  /** The pattern of a rule of a function. */
  public Map<String, Object> pattern(String function, String event) {
    var events = map(properties(function).get("Events"));
    return map(map(map(events.get(event)).get("Properties")).get("Pattern"));
  }

  /**
   * Whether a rule of a function matches an event, by EventBridge's own engine.
   *
   * @param json the event in its envelope
   */
  public boolean takes(String function, String event, String json) {
    try {
      return Ruler.matchesRule(json, JSON.std.asString(pattern(function, event)));
    } catch (Exception e) { // The engine declares no narrower one.
      throw new IllegalArgumentException("no event, or no pattern", e);
    }
  }

  /**
   * Whether a filter pattern of CloudWatch Logs matches a record. It supports equality of strings,
   * {@code &&}, {@code ||} and parentheses.
   */
  public static boolean matches(String pattern, Map<String, String> record) {
    var rest =
        EQUALITY
            .matcher(pattern.substring(1, pattern.length() - 1))
            .replaceAll(found -> String.valueOf(found.group(2).equals(record.get(found.group(1)))));
    while (rest.contains("(")) {
      rest = INNERMOST.matcher(rest).replaceAll(found -> String.valueOf(holds(found.group(1))));
    }
    return holds(rest);
  }

  private static boolean holds(String condition) {
    return Stream.of(condition.split("\\|\\|", -1))
        .anyMatch(any -> Stream.of(any.split("&&", -1)).allMatch(all -> isTrue(all.strip())));
  }

  private static boolean isTrue(String value) {
    return switch (value) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException("unknown in a filter pattern: " + value);
    };
  }

  /**
   * The actions that a function's role allows, including those that Lambda itself needs.
   *
   * @param conditions the values of the template's conditions; false unless named
   */
  public Set<String> grantedActions(String function, Map<String, Boolean> conditions) {
    return statementsOf(function, conditions).stream()
        .filter(statement -> "Allow".equals(statement.get("Effect")))
        .flatMap(statement -> list(statement.get("Action")).stream())
        .map(String.class::cast)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** The statements of a function's role. */
  public List<Map<String, Object>> statementsOf(String function, Map<String, Boolean> conditions) {
    var role = String.valueOf(list(map(properties(function).get("Role")).get("Fn::GetAtt")).get(0));
    return list(properties(role).get("Policies")).stream()
        .map(policy -> map(map(policy).get("PolicyDocument")))
        .flatMap(document -> list(resolve(list(document.get("Statement")), conditions)).stream())
        .map(Template::map)
        .toList();
  }

  /** Evaluates each {@code Fn::If} and removes {@code AWS::NoValue}. */
  public static Object resolve(Object node, Map<String, Boolean> conditions) {
    return switch (node) {
      case Map<?, ?> map when map.get("Fn::If") instanceof List<?> choice ->
          resolve(choice.get(conditions.getOrDefault(choice.get(0), false) ? 1 : 2), conditions);
      case Map<?, ?> map -> {
        var resolved = new LinkedHashMap<Object, Object>();
        map.forEach(
            (key, value) -> {
              var of = resolve(value, conditions);
              if (!isNoValue(of)) {
                resolved.put(key, of);
              }
            });
        yield resolved;
      }
      case List<?> list ->
          list.stream()
              .map(item -> resolve(item, conditions))
              .filter(item -> !isNoValue(item))
              .toList();
      default -> node;
    };
  }

  /** The parameters that a part of the template refers to, directly or in a condition. */
  public Set<String> parametersIn(@Nullable Object node) {
    var names = new TreeSet<String>();
    collectNames(node, names::add);
    names.retainAll(parameters().keySet());
    return names;
  }

  private void collectNames(@Nullable Object node, Consumer<String> names) {
    switch (node) {
      case Map<?, ?> map ->
          map.forEach(
              (key, value) -> {
                switch (String.valueOf(key)) {
                  case "Ref" -> names.accept((String) value);
                  case "Fn::Sub" ->
                      SUBSTITUTED
                          .matcher(String.valueOf(value instanceof List<?> l ? l.get(0) : value))
                          .results()
                          .forEach(found -> names.accept(found.group(1)));
                  case "Fn::If" ->
                      collectNames(map(root.get("Conditions")).get(list(value).get(0)), names);
                  case "Condition" -> {
                    if (value instanceof String condition) {
                      collectNames(map(root.get("Conditions")).get(condition), names);
                    }
                  }
                  default -> {}
                }
                collectNames(value, names);
              });
      case List<?> list -> list.forEach(item -> collectNames(item, names));
      case null, default -> {}
    }
  }

  /** Casts a node to a mapping. */
  @SuppressWarnings("unchecked") // YAML's keys are texts here.
  public static Map<String, Object> map(@Nullable Object node) {
    if (!(node instanceof Map)) {
      throw new IllegalArgumentException("not a mapping: " + node);
    }
    return (Map<String, Object>) node;
  }

  /** A node as a list; a single value counts as a list of one. */
  public static List<?> list(@Nullable Object node) {
    return node instanceof List<?> list ? list : List.of(Objects.requireNonNull(node));
  }

  private Map<String, Map<String, Object>> section(String name) {
    var section = new LinkedHashMap<String, Map<String, Object>>();
    map(root.get(name)).forEach((key, value) -> section.put(key, map(value)));
    return section;
  }

  private static boolean isNoValue(@Nullable Object node) {
    return node instanceof Map<?, ?> map && "AWS::NoValue".equals(map.get("Ref"));
  }

  private static final class ShortForms extends SafeConstructor {

    ShortForms() {
      super(new LoaderOptions());
      yamlMultiConstructors.put(
          "!",
          new AbstractConstruct() {
            @Override
            public Object construct(Node node) {
              var form = node.getTag().getValue().substring(1);
              var name = form.equals("Ref") || form.equals("Condition") ? form : "Fn::" + form;
              return new LinkedHashMap<>(Map.of(name, value(form, node)));
            }
          });
    }

    private Object value(String form, Node node) {
      return switch (node) {
        case ScalarNode scalar when form.equals("GetAtt") ->
            new ArrayList<>(Arrays.asList(scalar.getValue().split("\\.", 2)));
        case ScalarNode scalar -> scalar.getValue();
        case SequenceNode sequence -> constructSequence(sequence);
        case MappingNode mapping -> constructMapping(mapping);
        default -> throw new IllegalArgumentException("unexpected: " + node);
      };
    }
  }
}
