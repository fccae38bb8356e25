package io.github.calculationguard.stop;

import java.time.Duration;

/**
 * What follows if a calculation does not stop.
 *
 * @param mayTerminate whether its session may be terminated, and with it what runs there
 * @param terminateAfter how long the calculation has to stop before that
 */
public record EscalationPolicy(boolean mayTerminate, Duration terminateAfter) {

  static final Duration BETWEEN_STOPS = Duration.ofSeconds(10);
}
