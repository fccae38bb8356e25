package io.github.calculationguard.stop;

import io.github.calculationguard.spark.*;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What an invocation of the stop function asks for. */
public sealed interface Request {

  /** Who asked, when, and until when an answer is due. */
  RequestMetadata metadata();

  /** The calculation that the request names, if it names one. */
  default @Nullable CalculationId calculation() {
    return null;
  }

  /** The session that the request names, if it names one. */
  default @Nullable SessionId session() {
    return null;
  }

  /** The limit that was exceeded, if the sweep made the request. */
  default @Nullable LimitViolation violation() {
    return null;
  }

  /**
   * Why the sweep asks for a stop.
   *
   * @param rule such as max-calculation-minutes
   * @param limit in the rule's unit
   * @param observed in the same unit
   * @param setBy who set the limit, such as work-group-tag
   * @param session the session, or the one that the calculation runs in
   * @param workGroup the session's
   * @param maxExempt for how long a session's own tag may exempt it
   * @param returned what it returned after; absent if it did not
   * @param expiresAt from then on the finding is stale, and the next sweep checks again
   */
  record LimitViolation(
      String rule,
      Number limit,
      Number observed,
      String setBy,
      SessionId session,
      String workGroup,
      Duration maxExempt,
      @Nullable Return returned,
      Instant expiresAt) {}

  /** Asks to stop something. */
  sealed interface StopRequest extends Request {}

  record StopCalculation(
      RequestMetadata metadata, CalculationId calculation, @Nullable LimitViolation violation)
      implements StopRequest {}

  /** Stop what runs in this session and was submitted before the request was made. */
  record StopSession(RequestMetadata metadata, SessionId session) implements StopRequest {}

  /**
   * Terminate this session.
   *
   * @param violation absent where the sweep did not make the request
   * @param onlyIfIdleSince the start of the idle time that is the reason: a session that has worked
   *     since is left alone; absent where idle time is not the reason
   * @param force also a session with work that was submitted after the request was made
   */
  record EndSession(
      RequestMetadata metadata,
      SessionId session,
      @Nullable LimitViolation violation,
      @Nullable Instant onlyIfIdleSince,
      boolean force)
      implements StopRequest {}

  /** Asks what is known of something, and stops nothing. */
  sealed interface DescribeRequest extends Request {}

  record DescribeCalculation(RequestMetadata metadata, CalculationId calculation)
      implements DescribeRequest {}

  record DescribeSession(RequestMetadata metadata, SessionId session) implements DescribeRequest {}

  /** Do nothing: keeps Lambda from deleting the function's snapshot. */
  record KeepAlive(RequestMetadata metadata) implements Request {}

  /**
   * Nothing that can be carried out.
   *
   * @param reason what is wrong, and what is accepted
   * @param isAddressed whether its detail-type shows that it was meant for the guard, so that
   *     somebody waits for a stop
   */
  record InvalidRequest(RequestMetadata metadata, String reason, boolean isAddressed)
      implements Request {}
}
