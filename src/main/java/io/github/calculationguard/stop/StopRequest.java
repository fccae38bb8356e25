package io.github.calculationguard.stop;

import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.SessionId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** An order to stop something, whatever carried it here. */
public sealed interface StopRequest {

  /** How, when and by whom it was given. */
  RequestMetadata given();

  /** The calculation that it names, if it names one. */
  default @Nullable CalculationId calculation() {
    return null;
  }

  /** The session that it names, if it names one. */
  default @Nullable SessionId session() {
    return null;
  }

  /** The limit that was broken, if the sweep ordered it. */
  default @Nullable LimitViolation brokenLimit() {
    return null;
  }

  /** Stop this calculation. */
  record StopCalculation(
      RequestMetadata given, CalculationId calculation, @Nullable LimitViolation brokenLimit)
      implements StopRequest {}

  /** Stop what runs in this session and was submitted before the order was given. */
  record StopSession(RequestMetadata given, SessionId session) implements StopRequest {}

  /**
   * End this session.
   *
   * @param onlyIfIdleSince the idle time that is the reason: busy or idle anew, it is left alone
   */
  record EndSession(
      RequestMetadata given,
      SessionId session,
      LimitViolation brokenLimit,
      @Nullable Instant onlyIfIdleSince)
      implements StopRequest {}
}
