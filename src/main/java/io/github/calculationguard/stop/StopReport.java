package io.github.calculationguard.stop;

import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.Snapshot;
import io.github.calculationguard.stop.StopResult.Effort;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one delivery of a request achieved.
 *
 * @param results one for each calculation or session whose outcome is known
 * @param unresolved what only a retry can find out
 */
public record StopReport(List<StopResult> results, List<Unresolved> unresolved) {

  /**
   * Something that could not be stopped, or whose outcome could not be found out.
   *
   * @param calculation absent where not even the calculations are known
   * @param stopSent whether Stop was sent, so that it may have taken effect
   */
  public record Unresolved(
      @Nullable CalculationId calculation, boolean stopSent, RuntimeException cause) {

    /** What is known at least: Stop was sent. */
    public StopResult effectUnknown() {
      return StopResult.of(
          Outcome.CANCELING, "Stop was sent, but its effect is not known yet: " + reason(), null);
    }

    /** The failure's message. */
    public String reason() {
      return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }
  }

  static StopReport of(
      Outcome outcome,
      @Nullable String reason,
      @Nullable Snapshot snapshot,
      @Nullable Effort effort) {
    return new StopReport(List.of(new StopResult(outcome, reason, snapshot, effort)), List.of());
  }
}
