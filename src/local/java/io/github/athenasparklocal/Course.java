package io.github.athenasparklocal;

import java.time.Duration;
import java.util.regex.Pattern;

/**
 * How a calculation goes: how long it runs, how it ends, and what a Stop does to it.
 *
 * @param runs from the moment that it is RUNNING
 * @param fails whether it ends FAILED rather than COMPLETED
 */
public record Course(Duration runs, boolean fails, OnStop onStop) {

  /** What a Stop does. */
  public sealed interface OnStop {

    /** It is canceled so long after, unless it ends by itself before that. */
    record Cancels(Duration after) implements OnStop {}

    /** It completes so long after the Stop, as if there had been none. */
    record Finishes(Duration after) implements OnStop {}

    /** Nothing but CANCELING, until its session is terminated. */
    record Ignored() implements OnStop {}
  }

  /** Long enough that somebody should stop it. */
  public static final Course USUAL =
      new Course(Duration.ofHours(4), false, new OnStop.Cancels(Duration.ofSeconds(2)));

  private static final Pattern SLEEP = Pattern.compile("time\\.sleep\\(\\s*(\\d{1,7})\\s*\\)");
  private static final Pattern WORD =
      Pattern.compile("#\\s*local:\\s*(runs|cancels|finishes|stubborn|fails)\\s*(\\d{1,7})?s?");

  /** The usual course, but for its length. */
  public static Course lasting(Duration time) {
    return new Course(time, USUAL.fails, USUAL.onStop);
  }

  /** The usual course, but for what a Stop does. */
  public static Course onStop(OnStop onStop) {
    return new Course(USUAL.runs, USUAL.fails, onStop);
  }

  /**
   * Reads a course out of a block of code. A {@code time.sleep(60)} runs for 60 seconds and ignores
   * a Stop, as PyAthena's documentation says that it does. And comments can say it: {@code # local:
   * runs 90s}, {@code # local: fails 5s}, {@code # local: cancels 20s}, {@code # local: finishes
   * 1s}, {@code # local: stubborn}.
   */
  public static Course of(String code) {
    var course = USUAL;
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
