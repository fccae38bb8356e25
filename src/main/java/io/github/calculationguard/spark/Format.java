package io.github.calculationguard.spark;

import module java.base;

/** Amounts as people write them, the same in messages, reasons, log lines and on the page. */
public final class Format {

  private static final DateTimeFormatter UTC =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss 'UTC'").withZone(ZoneOffset.UTC);
  private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59.999999999Z");

  // From here on a double has no cents, and too many digits to read.
  private static final double HUGE = 1e12;

  private Format() {}

  /** Such as 4.31 USD. A price below a cent does not become 0. */
  public static String usd(double usd) {
    return usd > 0 && usd < 0.01 ? "less than 0.01 USD" : decimals(2, usd) + " USD";
  }

  /** Such as 4.31 USD an hour. */
  public static String usdPerHour(double usd) {
    return usd(usd) + " an hour";
  }

  /** Such as 4.31 DPU-hours or 59.9 DPU-hours. */
  public static String dpuHours(double dpuHours) {
    return decimals(Math.abs(dpuHours) < 9.995 ? 2 : 1, dpuHours) + " DPU-hours";
  }

  /** Such as 42 s, 3 h 7 min or 2 d 4 h; seconds only below an hour. */
  public static String duration(Duration duration) {
    var parts = new ArrayList<String>();
    add(parts, duration.toDays(), "d");
    add(parts, duration.toHoursPart(), "h");
    add(parts, duration.toMinutesPart(), "min");
    add(parts, duration.toHours() == 0 ? duration.toSecondsPart() : 0, "s");
    return parts.isEmpty() ? "0 s" : String.join(" ", parts);
  }

  private static void add(List<String> parts, long number, String unit) {
    if (number > 0) {
      parts.add(number + " " + unit);
    }
  }

  /** To the second, in UTC; only the side if the year does not have four digits. */
  public static String time(Instant instant) {
    if (instant.isBefore(FIRST)) {
      return "before the year 1";
    }
    return instant.isAfter(LAST) ? "after the year 9999" : UTC.format(instant);
  }

  /** At most two decimals, and no trailing zeros: 2, 2.5 or 2.25. */
  public static String number(Number number) {
    return decimals(2, number.doubleValue()).replaceFirst("\\.00$|(?<=\\.\\d)0$", "");
  }

  /** Such as 1 session or 3 sessions. */
  public static String count(long count, String noun) {
    return count + " " + noun + (count == 1 ? "" : "s");
  }

  /** To four decimals, for programs. */
  public static double rounded(double number) {
    return Math.abs(number) < HUGE ? Math.round(number * 10_000) / 10_000.0 : number;
  }

  private static String decimals(int digits, double number) {
    return Math.abs(number) < HUGE
        ? String.format(Locale.ROOT, "%." + digits + "f", number)
        : Double.toString(number);
  }
}
