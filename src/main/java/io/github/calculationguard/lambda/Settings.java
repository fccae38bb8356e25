package io.github.calculationguard.lambda;

import io.github.calculationguard.aws.AwsClients;
import io.github.calculationguard.guard.InventoryReader.Scope;
import io.github.calculationguard.guard.Limits;
import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.Rule;
import io.github.calculationguard.spark.PlainException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads settings out of the environment, and says of every wrong one what it is and what is
 * accepted.
 */
final class Settings {

  private static final double MOST = 100_000;

  private final Map<String, String> environment;
  private final List<String> wrong = new ArrayList<>();

  Settings(Map<String, String> environment) {
    this.environment = environment;
  }

  String arn(String name, String service) {
    return required(
        name, "arn:[\\w-]+:" + service + ":[^\\s]+", "the ARN of one of " + service + "'s");
  }

  String text(String name, String standard, String rule, String inWords) {
    var value = environment.get(name);
    if (value == null || value.isEmpty()) {
      return standard;
    }
    if (!Pattern.matches(rule, value)) {
      wrong(name, value, inWords);
    }
    return value;
  }

  String required(String name, String rule, String inWords) {
    var value = environment.get(name);
    if (value == null || !Pattern.matches(rule, value)) {
      wrong(name, value, inWords);
      return "";
    }
    return value;
  }

  /** Whether the deployment allows to end sessions. */
  boolean mayTerminate() {
    var accepted = "one of [NONE, TERMINATE_SESSION]";
    return text("ESCALATION", "NONE", "NONE|TERMINATE_SESSION", accepted)
        .equals("TERMINATE_SESSION");
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

  private String workGroupPattern() {
    return text(
        "WORK_GROUP_PATTERN",
        "*",
        "[A-Za-z0-9._*?-]{1,128}",
        "a workgroup's name, in which * and ? may stand for other characters");
  }

  Scope scope() {
    return new Scope(workGroupPattern(), limits(), maxExempt(), ownerTag());
  }

  /** Those that hold where no tag says otherwise. */
  Limits limits() {
    var mode = text("MODE", "observe", "off|observe|enforce", "off, observe or enforce");
    var most = new EnumMap<Rule, Double>(Rule.class);
    for (var rule : Rule.values()) {
      var standard =
          switch (rule) {
            case MAX_CALCULATION_MINUTES -> 120;
            case MAX_SESSION_IDLE_MINUTES -> 60;
            case MAX_CALCULATION_DPU_HOURS, MAX_SESSION_HOURS, MAX_SESSION_DPU_HOURS -> 0;
          };
      most.put(rule, number(rule.name(), standard, 0, MOST));
    }
    return new Limits(
        Mode.of(mode).orElse(Mode.OBSERVE), most, whole("WARN_AT_PERCENT", 80, 1, 100));
  }

  /** How far ahead a session's own tag may exempt it. */
  Duration maxExempt() {
    return Duration.ofHours(whole("MAX_EXEMPT_HOURS", 24, 0, 1000));
  }

  int callsASecond() {
    return whole("CALLS_PER_SECOND", 5, 1, 50);
  }

  AwsClients clients() {
    return new AwsClients(
        Duration.ofMillis(whole("ATTEMPT_TIMEOUT_MILLIS", 3000, 100, 30_000)),
        whole("MAX_ATTEMPTS", 3, 1, 10));
  }

  int whole(String name, int standard, int least, int most) {
    return number(name, standard, Integer::valueOf, least, most, "a whole number").intValue();
  }

  double number(String name, double standard, double least, double most) {
    return number(name, standard, Double::valueOf, least, most, "a number").doubleValue();
  }

  Duration seconds(String name, int standard, int least, int most) {
    return Duration.ofSeconds(whole(name, standard, least, most));
  }

  /**
   * @throws WrongSettingsException if any was wrong, with all that were
   */
  void check() {
    if (!wrong.isEmpty()) {
      throw new WrongSettingsException(String.join("; ", wrong));
    }
  }

  private <N extends Number> Number number(
      String name, N standard, Function<String, N> parse, double least, double most, String what) {
    var value = environment.get(name);
    if (value == null || value.isEmpty()) {
      return standard;
    }
    try {
      var number = parse.apply(value);
      if (number.doubleValue() >= least && number.doubleValue() <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below, as for a number out of bounds.
    }
    wrong(name, value, "%s from %s to %s".formatted(what, plain(least), plain(most)));
    return standard;
  }

  private static String plain(double number) {
    return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
  }

  private void wrong(String name, @Nullable String value, String accepted) {
    wrong.add(
        value == null
            ? "%s is not set; it takes %s".formatted(name, accepted)
            : "%s is \"%s\"; it takes %s".formatted(name, value, accepted));
  }

  /** The function can't start with these settings. */
  static final class WrongSettingsException extends PlainException {
    WrongSettingsException(String message) {
      super(message);
    }
  }
}
