package io.github.calculationguard.stop;

import io.github.calculationguard.spark.CalculationId;
import java.util.List;
import java.util.Objects;
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
   * @param calculation absent where not even the calculations are known, or a session is to end
   * @param stopSent whether Stop, or TerminateSession, was sent, so that it may have taken effect
   */
  public record Unresolved(
      @Nullable CalculationId calculation, boolean stopSent, RuntimeException cause) {

    public StopResult effectUnknown() {
      var call = calculation == null ? "TerminateSession" : "Stop";
      var unknown = call + " was sent, but its effect is not known yet: " + reason();
      return new StopResult(Outcome.CANCELING, unknown, null);
    }

    public String reason() {
      return reason(cause);
    }

    static String reason(RuntimeException failure) {
      return Objects.requireNonNullElse(failure.getMessage(), failure.toString());
    }
  }

  public StopReport(StopResult only) {
    this(List.of(only), List.of());
  }
}
