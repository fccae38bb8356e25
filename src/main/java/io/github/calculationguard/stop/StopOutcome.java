package io.github.calculationguard.stop;

import io.github.calculationguard.spark.Snapshot;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What became of one order.
 *
 * <p>Stopping is best effort: Athena may run a calculation to its end, and bill for it, after it
 * accepted the request. So {@link Canceling} is not yet {@link Canceled}.
 */
public sealed interface StopOutcome {

  /** What is known of what it is about, as far as it could be read. */
  default @Nullable Snapshot details() {
    return null;
  }

  /** What we did to bring it about, if we did anything. */
  default @Nullable Effort effort() {
    return null;
  }

  /** Why it came out so, in our words or AWS's, where the outcome does not say it all. */
  default @Nullable String reason() {
    return null;
  }

  /**
   * What we did to bring it about.
   *
   * @param stops how many times Stop was sent in this delivery of the order
   * @param took from the first Stop to the answer
   * @param repeat whether it had already ended when this delivery asked, yet after the order was
   *     given: the work of an earlier delivery, or of somebody else in the meantime
   */
  record Effort(int stops, Duration took, boolean repeat) {}

  /** Asked, and seen canceled. */
  record Canceled(Snapshot details, Effort effort) implements StopOutcome {}

  /**
   * Asked, and not over when our time was up; the next sweep looks again.
   *
   * @param reason what kept us from seeing or forcing its end, if anything did
   */
  record Canceling(Snapshot details, Effort effort, @Nullable String reason)
      implements StopOutcome {}

  /** Asked, and it completed or failed before the cancel took hold. */
  record FinishedAnyway(Snapshot details, Effort effort) implements StopOutcome {}

  /** It did not cancel, so its session was ended, and it with it. */
  record SessionTerminated(Snapshot details, Effort effort) implements StopOutcome {}

  /** It was over before the order was given. Athena calls this a success, and so do we. */
  record AlreadyOver(Snapshot details) implements StopOutcome {}

  /**
   * It could have been stopped, and was not: the reason for the order does not hold, or may not be
   * acted on.
   */
  record LeftAlone(@Nullable Snapshot details, String reason) implements StopOutcome {}

  /** This account and Region has none by that id. */
  record NotFound(@Nullable Snapshot details, String reason) implements StopOutcome {}

  /** AWS refused; its reason is quoted. */
  record Denied(@Nullable Snapshot details, String reason) implements StopOutcome {}

  /** The input was no order. */
  record Invalid(String reason) implements StopOutcome {}

  /** What would have been stopped. */
  record DryRun(Snapshot details) implements StopOutcome {}
}
