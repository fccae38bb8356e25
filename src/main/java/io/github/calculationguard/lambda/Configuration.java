package io.github.calculationguard.lambda;

import module java.base;

import io.github.calculationguard.aws.AwsClients;
import io.github.calculationguard.guard.*;
import io.github.calculationguard.guard.Inventory.Scope;
import io.github.calculationguard.guard.Limits.*;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.stop.StopService.EscalationPolicy;
import org.jspecify.annotations.Nullable;

/**
 * A function's configuration, from its environment. Names, units and bounds are those of the
 * template's parameters; what the template does not set is for tests only. A handler reads what it
 * needs and then calls {@link #check}.
 */
final class Configuration {

  private static final Map<Rule, Integer> DEFAULT =
      Map.of(
          Rule.MAX_CALCULATION_MINUTES,
          120,
          Rule.MAX_SESSION_IDLE_MINUTES,
          60,
          Rule.MAX_SESSION_HOURS,
          12);

  private final Map<String, String> environment;
  private final Set<String> errors = new LinkedHashSet<>();

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

  static final class InvalidConfigurationException extends RuntimeException {
    InvalidConfigurationException(String message) {
      super(message, null, false, false);
    }
  }

  String topicArn() {
    return arn("TOPIC_ARN", "sns");
  }

  String busName() {
    var accepted = "the name or the ARN of an event bus";
    return text("BUS_NAME", null, "[A-Za-z0-9./_:-]{1,1600}", accepted);
  }

  /** What the Stop button invokes; absent where the page has no such button. */
  @Nullable String stopFunctionArn() {
    return value("STOP_FUNCTION_ARN").isEmpty() ? null : arn("STOP_FUNCTION_ARN", "lambda");
  }

  /** The stack's name, by which metrics and messages are known. */
  String service() {
    return text("SERVICE", "calculation-guard", ".{1,128}", "1 to 128 characters");
  }

  String ownerTag() {
    return text("OWNER_TAG", "owner", ".{1,128}", "1 to 128 characters");
  }

  double usdPerDpuHour() {
    return number("USD_PER_DPU_HOUR", 0.35, 0, 100, false);
  }

  int callsPerSecond() {
    return whole("CALLS_PER_SECOND", 5, 1, 50);
  }

  /**
   * The time limits of a request: of one that no caller waits for, and of one that a caller does.
   */
  record Budgets(Duration background, Duration caller) {}

  Budgets budgets() {
    var background = Duration.ofSeconds(whole("CONFIRM_SECONDS", 60, 1, 600));
    return new Budgets(background, Duration.ofSeconds(whole("HTTP_BUDGET_SECONDS", 5, 2, 25)));
  }

  EscalationPolicy escalation() {
    // Stop alone works within seconds, or not at all.
    var after = Duration.ofSeconds(whole("ESCALATE_AFTER_SECONDS", 20, 1, 600));
    return new EscalationPolicy(mayTerminate(), after);
  }

  AwsClients clients() {
    var attempt = Duration.ofMillis(whole("ATTEMPT_TIMEOUT_MILLIS", 3000, 100, 30_000));
    return new AwsClients(attempt, whole("MAX_ATTEMPTS", 3, 1, 10));
  }

  Sweep.Policy policy() {
    var maxActions = whole("MAX_ACTIONS_PER_SWEEP", 10, 1, 1000);
    return new Sweep.Policy(scope(), mayTerminate(), maxActions, usdPerDpuHour());
  }

  Scope scope() {
    var accepted = "a workgroup's name, in which * and ? may stand for other characters";
    var pattern = text("WORK_GROUP_PATTERN", null, "[A-Za-z0-9._*?-]{1,128}", accepted);
    var maxExempt = Duration.ofHours(whole("MAX_EXEMPT_HOURS", 24, 0, 1000));
    return new Scope(pattern, limits(), maxExempt, ownerTag());
  }

  private Limits limits() {
    var mode = text("MODE", "observe", "off|observe|enforce", "off, observe or enforce");
    var max = new EnumMap<Rule, Double>(Rule.class);
    for (var rule : Rule.values()) {
      max.put(rule, number(rule.name(), DEFAULT.getOrDefault(rule, 0), 0, 100_000, false));
    }
    var warnAt = whole("WARN_AT_PERCENT", 80, 1, 100);
    return new Limits(Mode.of(mode).orElse(Mode.OBSERVE), max, warnAt);
  }

  boolean mayTerminate() {
    var accepted = "one of [NONE, TERMINATE_SESSION]";
    return text("ESCALATION", "NONE", "NONE|TERMINATE_SESSION", accepted).startsWith("TERMINATE");
  }

  /** Whether the SAM CLI runs the function, where there are no aliases. */
  boolean isSamLocal() {
    return value("AWS_SAM_LOCAL").equals("true");
  }

  AccountRegion place(@Nullable String arn) {
    var place = arn == null ? new AccountRegion("aws", "", "") : AccountRegion.of(arn);
    // The SAM CLI's ARNs name another account than its variables.
    var account = isSamLocal() ? value("AWS_ACCOUNT_ID") : "";
    return account.isEmpty()
        ? place
        : new AccountRegion(place.partition(), place.region(), account);
  }

  /** The guard's own version, which the build writes. */
  static String guardVersion() {
    var file = "/io/github/calculationguard/version.txt";
    try (var in = Objects.requireNonNull(Configuration.class.getResourceAsStream(file))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String value(String name) {
    return environment.getOrDefault(name, "");
  }

  private String arn(String name, String service) {
    var pattern = "arn:[\\w-]+:" + service + ":[^\\s]+";
    return text(name, null, pattern, "an ARN of the service " + service);
  }

  private String text(String name, @Nullable String standard, String pattern, String accepted) {
    var value = value(name);
    if (value.isEmpty() && standard != null) {
      return standard;
    }
    if (!value.matches(pattern)) {
      error(name, accepted);
    }
    return value;
  }

  private int whole(String name, int standard, int min, int max) {
    return (int) number(name, standard, min, max, true);
  }

  private double number(String name, double standard, int min, int max, boolean isWhole) {
    var value = value(name);
    try {
      var number = isWhole ? Integer.parseInt(value) : Double.parseDouble(value);
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      if (value.isEmpty()) {
        return standard;
      }
    }
    error(name, (isWhole ? "a whole number" : "a number") + " from " + min + " to " + max);
    return standard;
  }

  private void error(String name, String accepted) {
    var value = environment.get(name);
    var wrong = value == null ? " is not set" : " is \"" + value + '"';
    errors.add(name + wrong + "; it takes " + accepted);
  }
}
