package io.github.calculationguard.report;

import io.github.calculationguard.spark.Severity;
import io.github.calculationguard.stop.RequestMetadata;
import io.github.calculationguard.stop.StopOutcome;
import io.github.calculationguard.stop.StopOutcome.AlreadyOver;
import io.github.calculationguard.stop.StopOutcome.Canceled;
import io.github.calculationguard.stop.StopOutcome.Canceling;
import io.github.calculationguard.stop.StopOutcome.Denied;
import io.github.calculationguard.stop.StopOutcome.DryRun;
import io.github.calculationguard.stop.StopOutcome.FinishedAnyway;
import io.github.calculationguard.stop.StopOutcome.Invalid;
import io.github.calculationguard.stop.StopOutcome.LeftAlone;
import io.github.calculationguard.stop.StopOutcome.NotFound;
import io.github.calculationguard.stop.StopOutcome.SessionTerminated;
import io.github.calculationguard.stop.StopRequest;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One outcome with all that is told of it.
 *
 * @param order absent where the input was no order
 * @param at when it was over
 */
public record StopReport(
    RequestMetadata given,
    @Nullable StopRequest order,
    StopOutcome outcome,
    InvocationInfo teller,
    Instant at) {

  /**
   * Who tells it: what is the same for all that one invocation tells.
   *
   * @param usdPerDpuHour what a DPU-hour costs in this Region, in dollars
   */
  public record InvocationInfo(
      String guardVersion, String requestId, boolean coldStart, double usdPerDpuHour) {}

  /** The outcome's name in the log, in messages and in filter policies. */
  public String outcomeName() {
    return switch (outcome) {
      case Canceled _ -> "CANCELED";
      case Canceling _ -> "CANCELING";
      case FinishedAnyway _ -> "FINISHED_ANYWAY";
      case SessionTerminated _ -> "SESSION_TERMINATED";
      case AlreadyOver _ -> "ALREADY_OVER";
      case LeftAlone _ -> "LEFT_ALONE";
      case NotFound _ -> "NOT_FOUND";
      case Denied _ -> "DENIED";
      case Invalid _ -> "INVALID";
      case DryRun _ -> "DRY_RUN";
    };
  }

  /** How much a person should care. */
  public Severity severity() {
    return switch (outcome) {
      case Canceled _, SessionTerminated _, AlreadyOver _, DryRun _ -> Severity.INFO;
      case Canceling _, FinishedAnyway _, LeftAlone _, NotFound _, Invalid _ -> Severity.WARNING;
      case Denied _ -> Severity.ERROR;
    };
  }

  /** Whether people are to be told of it; bad input is only logged and counted. */
  public boolean isWorthAnnouncing() {
    return !(outcome instanceof Invalid);
  }
}
