package io.github.calculationguard.lambda;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
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

  private enum Escalation {
    NONE,
    TERMINATE_SESSION
  }

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
    return oneOf("ESCALATION", Escalation.NONE) == Escalation.TERMINATE_SESSION;
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

  Duration millis(String name, int standard, int least, int most) {
    return Duration.ofMillis(whole(name, standard, least, most));
  }

  <E extends Enum<E>> E oneOf(String name, E standard) {
    var value = environment.get(name);
    if (value == null || value.isEmpty()) {
      return standard;
    }
    var accepted = standard.getDeclaringClass().getEnumConstants();
    for (var constant : accepted) {
      if (constant.name().equals(value)) {
        return constant;
      }
    }
    wrong(name, value, "one of " + Arrays.toString(accepted));
    return standard;
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
  static final class WrongSettingsException extends RuntimeException {
    WrongSettingsException(String message) {
      super(message, null, false, false);
    }
  }
}
