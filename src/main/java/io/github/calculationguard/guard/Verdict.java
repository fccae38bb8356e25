package io.github.calculationguard.guard;

import module java.base;

import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.spark.Cost;
import org.jspecify.annotations.Nullable;

/** What the judge decides. */
public sealed interface Verdict {

  /** In plain English, such as "running for 3 h 5 min, limit 2 h"; empty where nothing is wrong. */
  String reason();

  /** The usage that decided; absent where nothing is near a limit. */
  default @Nullable Usage usage() {
    return null;
  }

  /** Within its limits, or ended already. */
  record Ok() implements Verdict {

    @Override
    public String reason() {
      return "";
    }
  }

  /**
   * Near a limit, or over one on grounds that do not justify a stop.
   *
   * @param stopAt when it is stopped if it goes on like this; absent where it never is
   */
  record Warning(Usage usage, @Nullable Instant stopAt, String reason) implements Verdict {}

  /** Something that people should know of a session whatever it uses. */
  record Note(String reason) implements Verdict {}

  /** Over a limit, and to be stopped. */
  record Exceeded(Usage usage, String reason) implements Verdict {}

  /**
   * How much of a limit is used, in the rule's unit.
   *
   * @param basis of a cost; absent for a time, which is certain
   */
  record Usage(Rule rule, double limit, double observed, Cost.@Nullable Basis basis) {

    /** Whether the real use may be far less than what was observed. */
    public boolean isUpperBound() {
      return basis == Cost.Basis.UPPER_BOUND;
    }

    /** Whether it is more than the limit allows; exactly at the limit it is not. */
    public boolean isExceeded() {
      return observed > limit;
    }

    /** The percentage of the limit that is used; more than 100 beyond it. */
    public double percent() {
      return 100 * observed / limit;
    }

    /**
     * The time in which this amount of the limit is used, at the rate so far; absent where that is
     * not known.
     */
    @Nullable Duration timeToUse(double amount, @Nullable Duration age) {
      var unit = rule.unit;
      var millis = unit != null ? unit.toMillis() : age == null ? 0 : age.toMillis() / observed;
      return millis > 0 ? Duration.ofMillis(Math.round(amount * millis)) : null;
    }

    /** Such as "running for 3 h 5 min" or "used at most 4.50 DPU-hours". */
    public String observedInWords() {
      return rule.verb + (isUpperBound() ? "at most " : "") + rule.inWords(observed);
    }

    /** Such as "2 h" or "4.50 DPU-hours". */
    public String limitInWords() {
      return rule.inWords(limit);
    }
  }
}
