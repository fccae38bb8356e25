package io.github.calculationguard.lambda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.calculationguard.Template;
import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.lambda.Configuration.InvalidConfigurationException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A function that is set up wrongly does not start, and says what is wrong. */
class ConfigurationTest {

  private static final Map<String, String> NEEDED =
      Map.of(
          "TOPIC_ARN",
          "arn:aws:sns:us-east-1:123456789012:guard",
          "BUS_NAME",
          "guard",
          "WORK_GROUP_PATTERN",
          "*");

  private static void start(String function, Map<String, String> environment) {
    switch (function) {
      case "stop" -> InProcess.stop(environment);
      case "sweep" -> InProcess.sweep(environment);
      case "widget" -> InProcess.widget(environment);
      default -> throw new IllegalArgumentException(function);
    }
  }

  private static Map<String, String> with(String variable, String value) {
    var environment = new HashMap<>(NEEDED);
    environment.put(variable, value);
    return environment;
  }

  @ParameterizedTest
  @CsvSource({
    "stop, TOPIC_ARN, sns",
    "sweep, TOPIC_ARN, sns",
    "sweep, BUS_NAME, event bus",
    "stop, BUS_NAME, event bus",
    "sweep, WORK_GROUP_PATTERN, workgroup",
    "widget, WORK_GROUP_PATTERN, workgroup"
  })
  void nameWhatIsMissing(String function, String variable, String accepted) {
    var environment = new HashMap<>(NEEDED);
    environment.remove(variable);

    assertThatExceptionOfType(InvalidConfigurationException.class)
        .isThrownBy(() -> start(function, environment))
        .withMessageContainingAll(variable + " is not set", accepted);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "stop | TOPIC_ARN | guard | an ARN of",
        "stop | TOPIC_ARN | arn:aws:sqs:us-east-1:123456789012:guard | an ARN of",
        "stop | ESCALATION | ALWAYS | NONE, TERMINATE_SESSION",
        "stop | ESCALATION | terminate_session | NONE, TERMINATE_SESSION",
        "stop | ESCALATE_AFTER_SECONDS | 601 | to 600",
        "stop | ESCALATE_AFTER_SECONDS | 0 | to 600",
        "stop | ESCALATE_AFTER_SECONDS | 20s | a whole number",
        "stop | CONFIRM_SECONDS | 601 | to 600",
        "stop | CONFIRM_SECONDS | -5 | to 600",
        "stop | CONFIRM_SECONDS | 7.5 | a whole number",
        "stop | HTTP_BUDGET_SECONDS | 1 | from 2 to 25",
        "stop | HTTP_BUDGET_SECONDS | 26 | from 2 to 25",
        "stop | USD_PER_DPU_HOUR | -0.01 | from 0 to 100",
        "stop | USD_PER_DPU_HOUR | 0,35 | a number",
        "stop | USD_PER_DPU_HOUR | NaN | from 0 to 100",
        "stop | USD_PER_DPU_HOUR | Infinity | from 0 to 100",
        "stop | ATTEMPT_TIMEOUT_MILLIS | 99 | from 100 to 30000",
        "stop | ATTEMPT_TIMEOUT_MILLIS | 30001 | from 100 to 30000",
        "stop | ATTEMPT_TIMEOUT_MILLIS | 99999999999999999999 | a whole number",
        "stop | MAX_ATTEMPTS | 0 | from 1 to 10",
        "stop | MAX_ATTEMPTS | 11 | from 1 to 10",
        "sweep | BUS_NAME | a bus | event bus",
        "sweep | TOPIC_ARN | arn:aws:sns:us east | an ARN of",
        "sweep | MODE | on | off, observe",
        "sweep | ESCALATION | YES | NONE",
        "sweep | WORK_GROUP_PATTERN | a b | workgroup",
        "sweep | MAX_CALCULATION_MINUTES | two | a number",
        "sweep | MAX_CALCULATION_DPU_HOURS | -1 | from 0",
        "sweep | MAX_SESSION_IDLE_MINUTES | 1h | a number",
        "sweep | MAX_SESSION_HOURS | -1 | from 0",
        "sweep | MAX_SESSION_DPU_HOURS | x | from 0",
        "sweep | WARN_AT_PERCENT | 101 | to 100",
        "sweep | MAX_EXEMPT_HOURS | -1 | from 0",
        "sweep | MAX_ACTIONS_PER_SWEEP | 0 | from 1",
        "sweep | CALLS_PER_SECOND | 0 | from 1",
        "sweep | USD_PER_DPU_HOUR | 101 | to 100",
        "sweep | ATTEMPT_TIMEOUT_MILLIS | x | from 100 to 30000",
        "sweep | MAX_ATTEMPTS | x | from 1 to 10",
        "widget | STOP_FUNCTION_ARN | guard | an ARN of",
        "widget | STOP_FUNCTION_ARN | arn:aws:sns:us-east-1:123456789012:guard | an ARN of",
        "widget | WORK_GROUP_PATTERN | a b | workgroup",
        "widget | USD_PER_DPU_HOUR | free | a number",
        "widget | MAX_SESSION_HOURS | -1 | from 0",
        "widget | CALLS_PER_SECOND | 0 | from 1",
        "widget | MAX_ATTEMPTS | 11 | from 1 to 10",
      })
  void nameWhatIsWrongAndWhatIsAccepted(
      String function, String variable, String value, String accepted) {
    assertThatExceptionOfType(InvalidConfigurationException.class)
        .isThrownBy(() -> start(function, with(variable, value)))
        .withMessageContainingAll(variable + " is \"" + value + "\"", accepted);
  }

  @ParameterizedTest
  @ValueSource(strings = {"SERVICE", "OWNER_TAG"})
  void nameATextThatIsTooLong(String variable) {
    for (var function : List.of("stop", "sweep")) {
      assertThatExceptionOfType(InvalidConfigurationException.class)
          .isThrownBy(() -> start(function, with(variable, "a".repeat(129))))
          .withMessageContainingAll(variable, "1 to 128 characters");
    }
  }

  @Test
  void nameAllThatIsWrongAtOnce() {
    assertThatExceptionOfType(InvalidConfigurationException.class)
        .isThrownBy(() -> start("stop", Map.of("MAX_ATTEMPTS", "0", "ESCALATION", "?")))
        .withMessageContainingAll("TOPIC_ARN", "MAX_ATTEMPTS", "ESCALATION");
  }

  /** CloudFormation hands an empty text where a parameter is left empty. */
  @Test
  void takeWhatIsEmptyForNotSet() {
    for (var function : List.of("StopFunction", "SweepFunction", "WidgetFunction")) {
      var environment = new HashMap<String, String>();
      variables(function).forEach(name -> environment.put(name, NEEDED.getOrDefault(name, "")));
      assertThatCode(() -> start(name(function), environment)).doesNotThrowAnyException();
    }
  }

  /**
   * A variable that nobody reads, or that the template forgets, would be a setting without effect.
   */
  @Test
  void areThoseThatTheTemplateSets() {
    for (var function : List.of("StopFunction", "SweepFunction", "WidgetFunction")) {
      for (var variable : variables(function)) {
        assertThatExceptionOfType(InvalidConfigurationException.class)
            .as("%s of %s", variable, function)
            .isThrownBy(() -> start(name(function), with(variable, "\n")))
            .withMessageContaining(variable + " is \"");
      }
    }
  }

  /** A test, a play and a container must judge as a deployment does. */
  @Test
  void haveTheTemplatesDefaultLimits() {
    var limits = new Configuration(Map.of()).scope().limits();
    var parameters = Template.read().parameters();
    for (var rule : Rule.values()) {
      var parameter = new StringBuilder();
      for (var word : rule.toString().split("-", -1)) {
        parameter.append(Character.toUpperCase(word.charAt(0))).append(word.substring(1));
      }
      var declared = Objects.requireNonNull(parameters.get(parameter.toString())).get("Default");
      assertThat(limits.max().getOrDefault(rule, 0.0))
          .as("%s", parameter)
          .isEqualTo(((Number) Objects.requireNonNull(declared)).doubleValue());
    }
    assertThat(limits.max()).containsEntry(Rule.MAX_SESSION_HOURS, 12.0);
    assertThat(limits.mode()).isEqualTo(Mode.OBSERVE);
  }

  private static String name(String function) {
    return function.replace("Function", "").toLowerCase(Locale.ROOT);
  }

  private static Set<String> variables(String function) {
    var variables = new TreeSet<>(Template.read().variables(function).keySet());
    variables.removeIf(name -> name.startsWith("AWS_") || name.startsWith("JAVA_"));
    assertThat(variables).hasSizeGreaterThan(4);
    return variables;
  }
}
