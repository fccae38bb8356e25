package io.github.athenasparklocal;

import java.util.ArrayList;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a calculation leaves behind. Where its code did not really run, that is the text of {@code
 * print} with literals, and a traceback if it failed.
 */
final class Output {

  private static final String LITERAL =
      "'(?:[^'\\\\\\n]|\\\\.)*'|\"(?:[^\"\\\\\\n]|\\\\.)*\"|-?\\d+(?:\\.\\d+)?|True|False|None";
  private static final Pattern ARGUMENT = Pattern.compile("\\s*(" + LITERAL + ")\\s*(?:,|$)");
  private static final Pattern PRINT =
      Pattern.compile("print\\(((?:(?:" + LITERAL + ")|[\\s,])*)\\)\\s*;?\\s*(?:#.*)?");
  private static final Pattern RAISE =
      Pattern.compile("raise\\s+(\\w+)\\s*(?:\\(\\s*(" + LITERAL + ")?\\s*\\))?\\s*(?:#.*)?");
  private static final Pattern ESCAPE = Pattern.compile("\\\\(.)");

  private Output() {}

  /** The objects by their names. */
  static Map<String, String> of(CalculationHistory calculation, String state) {
    var output = calculation.output();
    if (output == null) {
      output = simulated(calculation.code(), state);
    }
    var result = Json.text(Map.of("data", Map.of("text/plain", output.stdout())));
    return Map.of("stdout", output.stdout(), "stderr", output.stderr(), "result", result);
  }

  /** Whether a statement outside of all blocks raises an exception. */
  static boolean raises(String code) {
    return code.lines().anyMatch(line -> RAISE.matcher(line).matches());
  }

  private static CalculationHistory.Output simulated(String code, String state) {
    var stdout = new StringBuilder();
    var number = 0;
    @Nullable String error = null;
    for (var line : code.lines().toList()) {
      number++;
      var print = PRINT.matcher(line);
      if (print.matches()) {
        stdout.append(printed(print.group(1))).append('\n');
      }
      var raise = RAISE.matcher(line);
      if (raise.matches()) {
        error = error(raise);
        break;
      }
    }
    if (!state.equals("FAILED")) {
      return new CalculationHistory.Output(stdout.toString(), "");
    }
    var stderr =
        """
        Traceback (most recent call last):
          File "<stdin>", line %d, in <module>
        %s
        """
            .formatted(
                Math.max(1, number), error == null ? "Exception: The code failed" : error);
    return new CalculationHistory.Output(stdout.toString(), stderr);
  }

  private static String error(Matcher raise) {
    return raise.group(2) == null ? raise.group(1) : raise.group(1) + ": " + text(raise.group(2));
  }

  private static String printed(String arguments) {
    var texts = new ArrayList<String>();
    var argument = ARGUMENT.matcher(arguments);
    while (argument.find()) {
      texts.add(text(argument.group(1)));
    }
    return String.join(" ", texts);
  }

  private static String text(String literal) {
    if (!literal.startsWith("'") && !literal.startsWith("\"")) {
      return literal;
    }
    return ESCAPE
        .matcher(literal.substring(1, literal.length() - 1))
        .replaceAll(
            escape ->
                Matcher.quoteReplacement(
                    switch (escape.group(1)) {
                      case "n" -> "\n";
                      case "t" -> "\t";
                      case "r" -> "\r";
                      case "\\", "'", "\"" -> escape.group(1);
                      default -> escape.group();
                    }));
  }
}
