package io.github.calculationguard.spark;

import module java.base;

import org.jspecify.annotations.Nullable;

/**
 * Work that started soon after something like it was stopped. Its client probably submits it again.
 *
 * @param after the ID of the session or calculation that was stopped
 * @param isCertain whether the guard itself had that one stopped
 */
public record Return(String after, boolean isCertain) {

  /** Clients that retry do so within minutes. */
  public static final Duration WITHIN = Duration.ofMinutes(30);

  /** More than one matches only where several owners share a workgroup and a description. */
  public static final int MAX_CANDIDATES = 3;

  /** A client may start again while Athena still terminates. */
  private static final Duration TERMINATING = Duration.ofMinutes(1);

  /** Whether a description tells work from other work. */
  public static boolean isNamed(@Nullable String description) {
    return description != null && !description.isBlank();
  }

  /** Whether two descriptions name the same work. */
  public static boolean isLikely(@Nullable String ended, @Nullable String started) {
    return isNamed(ended) && Objects.equals(ended, started);
  }

  /** Whether something started so soon after an end that it may be the same work. */
  public static boolean isSoonAfter(@Nullable Instant end, @Nullable Instant start) {
    return end != null
        && start != null
        && !start.isBefore(end.minus(TERMINATING))
        && !start.isAfter(end.plus(WITHIN));
  }

  /** Such as "may have returned after 9cc1ebb2-aac5-b1ca-8247-5d827bd8232f". */
  public String inWords() {
    return (isCertain ? "returned after " : "may have returned after ") + after;
  }

  /** A reason, with these words behind it if there are any. */
  public static String appended(String reason, @Nullable Return returned) {
    return returned == null ? reason : reason + "; " + returned.inWords();
  }
}
