package io.github.calculationguard.stop;

import io.github.calculationguard.spark.*;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What became of a calculation or a session that a request reached.
 *
 * @param reason why, in our words or AWS's, where the outcome does not say it all
 * @param snapshot what is known of it; absent where it could not be read
 * @param effort what was done; absent where nothing was
 * @param returned what it returned after; absent if it did not, or nobody looked
 */
public record StopResult(
    Outcome outcome,
    @Nullable String reason,
    @Nullable Snapshot snapshot,
    @Nullable Effort effort,
    @Nullable Return returned) {

  /**
   * What this delivery of the request did.
   *
   * @param stopsSent how many Stop calls it sent
   * @param took from the first Stop to the confirmation
   * @param hadEnded whether it had ended when this delivery asked for the first time
   * @param repeat whether it ended before this delivery asked, but after the request was made: by
   *     an earlier delivery, or by somebody else in the meantime
   */
  public record Effort(int stopsSent, Duration took, boolean hadEnded, boolean repeat) {}

  public StopResult withNote(String more) {
    var both = reason == null ? more : reason + "; " + more;
    return new StopResult(outcome, both, snapshot, effort, returned);
  }

  StopResult withReturn(@Nullable Return after) {
    return new StopResult(outcome, reason, snapshot, effort, after);
  }

  /** A result of which nobody looked whether it returned. */
  public StopResult(
      Outcome outcome,
      @Nullable String reason,
      @Nullable Snapshot snapshot,
      @Nullable Effort effort) {
    this(outcome, reason, snapshot, effort, null);
  }

  /** A result without effort. */
  public StopResult(Outcome outcome, @Nullable String reason, @Nullable Snapshot snapshot) {
    this(outcome, reason, snapshot, null);
  }
}
