package io.github.calculationguard;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The part of CloudWatch's metric math that the template's alarms use, over two periods. A period
 * without data is NaN.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html">
 *     Using math expressions with CloudWatch metrics</a>
 */
final class MetricMath {

  private static final int PERIODS = 2;

  private final Map<String, double[]> series = new HashMap<>();
  private final boolean fillsEmpty;
  private List<String> tokens = List.of();
  private int next;

  /**
   * @param fillsEmpty whether FILL has values for a metric that never had data, which AWS does not
   *     say
   */
  MetricMath(boolean fillsEmpty) {
    this.fillsEmpty = fillsEmpty;
  }

  /**
   * @param values one for each period, or "-" for none at all
   */
  void put(String id, String values) {
    var known =
        Stream.of(values.split(" ", -1))
            .mapToDouble(value -> value.equals("-") ? Double.NaN : Double.parseDouble(value))
            .toArray();
    series.put(id, periods(period -> period < known.length ? known[period] : Double.NaN));
  }

  /** Evaluates an expression and keeps its values under an ID. */
  double[] evaluate(String id, String expression) {
    tokens =
        Stream.of(expression.split("\\s+|(?<=[\\[\\](),*+-])|(?=[\\[\\](),*+-])", -1))
            .filter(token -> !token.isEmpty())
            .toList();
    next = 0;
    var result = logical();
    if (next != tokens.size()) {
      throw new IllegalArgumentException("at " + tokens.subList(next, tokens.size()));
    }
    series.put(id, result);
    return result;
  }

  private double[] logical() {
    var left = comparison();
    while (accept("AND")) {
      left = both(left, comparison(), (a, b) -> a * b == 0 ? 0 : 1);
    }
    return left;
  }

  private double[] comparison() {
    var left = sum();
    if (accept(">")) {
      return both(left, sum(), (a, b) -> a > b ? 1 : 0);
    }
    return accept("==") ? both(left, sum(), (a, b) -> a == b ? 1 : 0) : left;
  }

  private double[] sum() {
    var left = product();
    while (true) {
      if (accept("+")) {
        left = both(left, product(), Double::sum);
      } else if (accept("-")) {
        left = both(left, product(), (a, b) -> a - b);
      } else {
        return left;
      }
    }
  }

  private double[] product() {
    var left = operand();
    while (accept("*")) {
      left = both(left, operand(), (a, b) -> a * b);
    }
    return left;
  }

  private double[] operand() {
    if (accept("(")) {
      var inner = logical();
      expect(")");
      return inner;
    }
    var name = tokens.get(next++);
    if (Character.isDigit(name.charAt(0))) {
      return periods(period -> Double.parseDouble(name));
    }
    if (!accept("(")) {
      return Arrays.copyOf(series.get(name), PERIODS);
    }
    var listed = accept("[");
    var first = logical();
    while (listed && accept(",")) {
      first = either(first, logical());
    }
    var values = first;
    var result =
        switch (name) {
          case "SUM" -> {
            expect("]");
            yield values;
          }
          case "DIFF" -> periods(period -> period == 0 ? Double.NaN : values[1] - values[0]);
          case "FILL" -> {
            expect(",");
            var otherwise = logical();
            var isEmpty = Arrays.stream(values).allMatch(Double::isNaN);
            yield isEmpty && !fillsEmpty
                ? values
                : periods(at -> Double.isNaN(values[at]) ? otherwise[at] : values[at]);
          }
          case "IF" -> {
            expect(",");
            var then = logical();
            expect(",");
            var otherwise = logical();
            yield periods(
                at ->
                    Double.isNaN(values[at])
                        ? Double.NaN
                        : values[at] == 0 ? otherwise[at] : then[at]);
          }
          default -> throw new IllegalArgumentException(name);
        };
    expect(")");
    return result;
  }

  /** Without data where either has none. */
  private static double[] both(double[] a, double[] b, DoubleBinaryOperator operator) {
    return periods(
        at ->
            Double.isNaN(a[at]) || Double.isNaN(b[at])
                ? Double.NaN
                : operator.applyAsDouble(a[at], b[at]));
  }

  private static double[] either(double[] a, double[] b) {
    return periods(at -> Double.isNaN(a[at]) ? b[at] : Double.isNaN(b[at]) ? a[at] : a[at] + b[at]);
  }

  private static double[] periods(IntToDoubleFunction value) {
    return IntStream.range(0, PERIODS).mapToDouble(value).toArray();
  }

  private boolean accept(String token) {
    var is = next < tokens.size() && tokens.get(next).equals(token);
    next += is ? 1 : 0;
    return is;
  }

  private void expect(String token) {
    if (!accept(token)) {
      throw new IllegalArgumentException("expected " + token + " at " + next + " of " + tokens);
    }
  }
}
