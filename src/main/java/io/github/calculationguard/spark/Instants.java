package io.github.calculationguard.spark;

import module java.base;

import org.jspecify.annotations.Nullable;

/**
 * Reads instants that come from outside. Only the years from 2000 to 9999 are accepted: ISO 8601
 * allows years that overflow arithmetic and that no formatter can show.
 */
public final class Instants {

  /** The first that is accepted. */
  public static final Instant FIRST = Instant.parse("2000-01-01T00:00:00Z");

  private static final Instant LAST = Instant.parse("+10000-01-01T00:00:00Z");

  private Instants() {}

  /** The instant that a text such as {@code 2030-01-31T18:00:00+01:00} names, if it is in range. */
  public static Optional<Instant> parse(String text) {
    try {
      return Optional.of(OffsetDateTime.parse(text).toInstant()).filter(Instants::isInRange);
    } catch (DateTimeParseException _) {
      return Optional.empty();
    }
  }

  /** The instant, or null if it is out of range. */
  public static @Nullable Instant orNull(@Nullable Instant instant) {
    return instant != null && isInRange(instant) ? instant : null;
  }

  static boolean isInRange(Instant instant) {
    return !instant.isBefore(FIRST) && instant.isBefore(LAST);
  }

  /** The time between the two; zero if the end comes first, as clocks differ. */
  static Duration between(Instant start, Instant end) {
    return end.isBefore(start) ? Duration.ZERO : Duration.between(start, end);
  }
}
