package io.github.calculationguard.lambda;

import io.github.calculationguard.aws.AwsClients;
import io.github.calculationguard.guard.Inventory.Scope;
import io.github.calculationguard.guard.Limits;
import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.guard.SweepPolicy;
import io.github.calculationguard.stop.EscalationPolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The configuration of a function, from its environment. Names, units and bounds are those of the
 * template's parameters; what the template does not set is a default that nobody needs to tune, and
 * is a variable for tests only.
 *
 * <p>A handler reads what it needs and then calls {@link #check}.
 */
final class Configuration {

  private static final double MAX_LIMIT = 100_000;

  private final Map<String, String> environment;
  private final List<String> errors = new ArrayList<>();

  Configuration(Map<String, String> environment) {
    this.environment = environment;
  }

  /**
   * @throws InvalidConfigurationException naming every variable that is missing or wrong
   */
  void check() {
    if (!errors.isEmpty()) {
      throw new InvalidConfigurationException(String.join("; ", errors));
    }
  }

  /** A variable of the environment is missing or wrong, so the function can't start. */
  static final class InvalidConfigurationException extends RuntimeException {
    InvalidConfigurationException(String message) {
      super(message, null, false, false);
    }
  }

  // What the handlers read

  /** The topic for notifications. */
  String topicArn() {
    return arn("TOPIC_ARN", "sns");
  }

  /** The internal event bus, for findings. */
  String busName() {
    return required("BUS_NAME", "[A-Za-z0-9./_:-]{1,1600}", "the name or the ARN of an event bus");
  }

  /** What the Stop button invokes; absent where the page has no such button. */
  @Nullable String stopFunctionArn() {
    var value = environment.get("STOP_FUNCTION_ARN");
    return value == null || value.isEmpty() ? null : arn("STOP_FUNCTION_ARN", "lambda");
  }

  /** The stack's name, by which metrics and messages are known. */
  String service() {
    return text("SERVICE", "calculation-guard", ".{1,128}", "1 to 128 characters");
  }

  double usdPerDpuHour() {
    return number("USD_PER_DPU_HOUR", 0.35, 0, 100);
  }

  String ownerTag() {
    return text("OWNER_TAG", "owner", ".{1,128}", "1 to 128 characters");
  }

  /** Whether the SAM CLI runs the function, where there are no aliases. */
  boolean isSamLocal() {
    return "true".equals(environment.get("AWS_SAM_LOCAL"));
  }

  EscalationPolicy escalation() {
    // Stop alone works within seconds, or not at all.
    return new EscalationPolicy(mayTerminate(), seconds("ESCALATE_AFTER_SECONDS", 20, 1, 600));
  }

  /** How long a request may take for which nobody waits. */
  Duration confirm() {
    return seconds("CONFIRM_SECONDS", 60, 1, 600);
  }

  /** How long a caller may have to wait for a reply. */
  Duration httpBudget() {
    return seconds("HTTP_BUDGET_SECONDS", 5, 2, 25);
  }

  AwsClients clients() {
    return new AwsClients(
        Duration.ofMillis(whole("ATTEMPT_TIMEOUT_MILLIS", 3000, 100, 30_000)),
        whole("MAX_ATTEMPTS", 3, 1, 10));
  }

  int callsPerSecond() {
    return whole("CALLS_PER_SECOND", 5, 1, 50);
  }

  SweepPolicy policy() {
    var maxActions = whole("MAX_ACTIONS_PER_SWEEP", 10, 1, 1000);
    return new SweepPolicy(scope(), mayTerminate(), maxActions, usdPerDpuHour());
  }

  Scope scope() {
    var pattern =
        text(
            "WORK_GROUP_PATTERN",
            "*",
            "[A-Za-z0-9._*?-]{1,128}",
            "a workgroup's name, in which * and ? may stand for other characters");
    var maxExempt = Duration.ofHours(whole("MAX_EXEMPT_HOURS", 24, 0, 1000));
    return new Scope(pattern, limits(), maxExempt, ownerTag());
  }

  private Limits limits() {
    var mode = text("MODE", "observe", "off|observe|enforce", "off, observe or enforce");
    var max = new EnumMap<Rule, Double>(Rule.class);
    for (var rule : Rule.values()) {
      var standard =
          switch (rule) {
            case MAX_CALCULATION_MINUTES -> 120;
            case MAX_SESSION_IDLE_MINUTES -> 60;
            case MAX_CALCULATION_DPU_HOURS, MAX_SESSION_HOURS, MAX_SESSION_DPU_HOURS -> 0;
          };
      max.put(rule, number(rule.name(), standard, 0, MAX_LIMIT));
    }
    return new Limits(
        Mode.of(mode).orElse(Mode.OBSERVE), max, whole("WARN_AT_PERCENT", 80, 1, 100));
  }

  /** The guard's own version, which the build writes. */
  static String guardVersion() {
    try (var in =
        Configuration.class.getResourceAsStream("/io/github/calculationguard/version.txt")) {
      return new String(
          Objects.requireNonNull(in, "version.txt is in the package").readAllBytes(),
          StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean mayTerminate() {
    var accepted = "one of [NONE, TERMINATE_SESSION]";
    return text("ESCALATION", "NONE", "NONE|TERMINATE_SESSION", accepted)
        .equals("TERMINATE_SESSION");
  }

  // How a variable is read

  private String arn(String name, String service) {
    return required(
        name, "arn:[\\w-]+:" + service + ":[^\\s]+", "the ARN of one of " + service + "'s");
  }

  private String text(String name, String standard, String pattern, String accepted) {
    var value = environment.get(name);
    if (value == null || value.isEmpty()) {
      return standard;
    }
    if (!Pattern.matches(pattern, value)) {
      error(name, value, accepted);
    }
    return value;
  }

  private String required(String name, String pattern, String accepted) {
    var value = environment.get(name);
    if (value == null || !Pattern.matches(pattern, value)) {
      error(name, value, accepted);
      return "";
    }
    return value;
  }

  private int whole(String name, int standard, int min, int max) {
    return number(name, standard, Integer::valueOf, min, max, "a whole number").intValue();
  }

  private double number(String name, double standard, double min, double max) {
    return number(name, standard, Double::valueOf, min, max, "a number").doubleValue();
  }

  private Duration seconds(String name, int standard, int min, int max) {
    return Duration.ofSeconds(whole(name, standard, min, max));
  }

  private <N extends Number> Number number(
      String name, N standard, Function<String, N> parse, double min, double max, String what) {
    var value = environment.get(name);
    if (value == null || value.isEmpty()) {
      return standard;
    }
    try {
      var number = parse.apply(value);
      if (number.doubleValue() >= min && number.doubleValue() <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Reported below, like a number out of bounds.
    }
    error(name, value, "%s from %s to %s".formatted(what, plain(min), plain(max)));
    return standard;
  }

  private static String plain(double number) {
    return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
  }

  private void error(String name, @Nullable String value, String accepted) {
    var message =
        value == null
            ? "%s is not set; it takes %s".formatted(name, accepted)
            : "%s is \"%s\"; it takes %s".formatted(name, value, accepted);
    if (!errors.contains(message)) {
      errors.add(message);
    }
  }
}
