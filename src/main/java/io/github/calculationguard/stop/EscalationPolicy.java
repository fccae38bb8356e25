package io.github.calculationguard.stop;

import java.time.Duration;

/**
 * How far, and how fast, a stop may go when Stop alone does not do it.
 *
 * @param mayTerminate whether the session may be ended, and with it what it runs
 * @param terminateAfter how long Stop is given before that
 */
public record EscalationPolicy(boolean mayTerminate, Duration terminateAfter) {

  static final Duration FIRST_PAUSE = Duration.ofMillis(500);
  static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
  static final Duration BETWEEN_STOPS = Duration.ofSeconds(10);
}
