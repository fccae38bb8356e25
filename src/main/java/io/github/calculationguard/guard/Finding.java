package io.github.calculationguard.guard;

import io.github.calculationguard.guard.Suspect.ActiveSession;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The order to stop what is over a limit.
 *
 * @param usdPerDpuHour the price by which its cost is told in dollars
 * @param expiresAt from when on it is void: by then the next sweep has looked again
 */
public record Finding(
    Suspect suspect, Verdict.Over over, double usdPerDpuHour, Instant foundAt, Instant expiresAt) {

  /**
   * Since when the session must still be idle for the order to hold; absent where the order has
   * nothing to do with idling.
   */
  public @Nullable Instant onlyIfIdleSince() {
    return suspect instanceof ActiveSession it
            && over.usage().rule() == Rule.MAX_SESSION_IDLE_MINUTES
        ? it.session().idleSince()
        : null;
  }
}
