package io.github.calculationguard.spark;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Amounts, in words for people. */
public final class Format {

  private static final DateTimeFormatter UTC =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss 'UTC'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private Format() {}

  /** Such as 4.31 USD; a price below a cent is not made nothing. */
  public static String usd(double usd) {
    return usd > 0 && usd < 0.01
        ? "less than 0.01 USD"
        : String.format(Locale.ROOT, "%.2f USD", usd);
  }

  /** Such as 3 h 7 min, 42 s or 2 d 4 h: the two largest units that matter. */
  public static String duration(Duration duration) {
    if (duration.toDays() > 0) {
      return "%d d %d h".formatted(duration.toDays(), duration.toHoursPart());
    }
    if (duration.toHours() > 0) {
      return "%d h %d min".formatted(duration.toHours(), duration.toMinutesPart());
    }
    if (duration.toMinutes() > 0) {
      return "%d min %d s".formatted(duration.toMinutes(), duration.toSecondsPart());
    }
    return duration.toSeconds() + " s";
  }

  /** To the second. */
  public static String time(Instant instant) {
    return UTC.format(instant);
  }

  /** As few digits as say it. */
  public static String number(Number number) {
    var text = String.format(Locale.ROOT, "%.2f", number.doubleValue());
    return text.replaceAll("\\.?0+$", "");
  }
}
