package io.github.athenasparklocal;

import java.time.Duration;
import java.util.regex.Pattern;

/**
 * How a calculation behaves: how long it runs, how it ends, and what Stop does to it.
 *
 * @param runs time in RUNNING
 * @param fails whether it ends FAILED rather than COMPLETED
 */
public record Course(Duration runs, boolean fails, OnStop onStop) {

  /** What Stop does. */
  public sealed interface OnStop {

    /** It is canceled this long after Stop, unless it ends before that. */
    record Cancels(Duration after) implements OnStop {}

    /** It completes this long after Stop. */
    record Finishes(Duration after) implements OnStop {}

    /** It stays CANCELING until its session is terminated. */
    record Ignored() implements OnStop {}
  }

  /** Runs for four hours, and cancels two seconds after Stop. */
  public static final Course USUAL =
      new Course(Duration.ofHours(4), false, new OnStop.Cancels(Duration.ofSeconds(2)));

  /** Runs for a second. */
  public static final Course SHORT = lasting(Duration.ofSeconds(1));

  /** Of code that really runs, until it has ended. */
  static final Course UNKNOWN = new Course(Duration.ofDays(1000), false, new OnStop.Ignored());

  /** Of code that really ran and ended after Stop; interrupted code fails. */
  static Course ended(boolean failed, Duration afterStop) {
    return onStop(failed ? new OnStop.Cancels(afterStop) : new OnStop.Finishes(afterStop));
  }

  private static final Pattern SLEEP = Pattern.compile("time\\.sleep\\(\\s*(\\d{1,7})\\s*\\)");
  private static final Pattern WORD =
      Pattern.compile("#\\s*local:\\s*(runs|cancels|finishes|stubborn|fails)\\s*(\\d{1,7})?s?");

  /** As {@link #USUAL}, with another duration. */
  public static Course lasting(Duration time) {
    return new Course(time, USUAL.fails, USUAL.onStop);
  }

  /** As {@link #USUAL}, with another effect of Stop. */
  public static Course onStop(OnStop onStop) {
    return new Course(USUAL.runs, USUAL.fails, onStop);
  }

  /**
   * Reads a course from a block of code: {@link #SHORT}, unless the code says otherwise. A {@code
   * raise} outside of all blocks fails. A {@code time.sleep(60)} runs for 60 seconds and ignores
   * Stop, as PyAthena's documentation describes. Comments choose the rest: {@code # local: runs
   * 90s}, {@code # local: fails 5s}, {@code # local: cancels 20s}, {@code # local: finishes 1s},
   * {@code # local: stubborn}. With one of the last three it runs for hours.
   */
  public static Course of(String code) {
    // Code that chooses the effect of Stop has to run until Stop.
    var runs = WORD.matcher(code).find() ? USUAL.runs : SHORT.runs;
    var course = new Course(runs, Output.raises(code), SHORT.onStop);
    var sleep = SLEEP.matcher(code);
    if (sleep.find()) {
      course = new Course(seconds(sleep.group(1)), false, new OnStop.Ignored());
    }
    var word = WORD.matcher(code);
    while (word.find()) {
      var time = word.group(2) == null ? Duration.ZERO : seconds(word.group(2));
      course =
          switch (word.group(1)) {
            case "runs" -> new Course(time, course.fails, course.onStop);
            case "fails" -> new Course(time, true, course.onStop);
            case "cancels" -> new Course(course.runs, course.fails, new OnStop.Cancels(time));
            case "finishes" -> new Course(course.runs, course.fails, new OnStop.Finishes(time));
            default -> new Course(course.runs, course.fails, new OnStop.Ignored());
          };
    }
    return course;
  }

  private static Duration seconds(String digits) {
    return Duration.ofSeconds(Long.parseLong(digits));
  }
}
