package io.github.calculationguard.report;

import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.Cost;
import io.github.calculationguard.spark.Details;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.stop.Given;
import io.github.calculationguard.stop.StopOrder;
import io.github.calculationguard.stop.StopOrder.EndSession;
import io.github.calculationguard.stop.StopOrder.OfCalculation;
import io.github.calculationguard.stop.StopOrder.OfSession;
import io.github.calculationguard.stop.StopOutcome;
import io.github.calculationguard.stop.StopOutcome.AlreadyOver;
import io.github.calculationguard.stop.StopOutcome.Canceled;
import io.github.calculationguard.stop.StopOutcome.Canceling;
import io.github.calculationguard.stop.StopOutcome.Denied;
import io.github.calculationguard.stop.StopOutcome.DryRun;
import io.github.calculationguard.stop.StopOutcome.Effort;
import io.github.calculationguard.stop.StopOutcome.FinishedAnyway;
import io.github.calculationguard.stop.StopOutcome.Invalid;
import io.github.calculationguard.stop.StopOutcome.LeftAlone;
import io.github.calculationguard.stop.StopOutcome.NotFound;
import io.github.calculationguard.stop.StopOutcome.SessionTerminated;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One outcome with all that is told of it.
 *
 * @param order absent where the input was no order
 * @param at when it was over
 */
public record Story(
    Given given, @Nullable StopOrder order, StopOutcome outcome, Teller teller, Instant at) {

  /**
   * Who tells it: what is the same for all that one invocation tells.
   *
   * @param usdPerDpuHour what a DPU-hour costs in this Region, in dollars
   */
  public record Teller(
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

  @Nullable Details details() {
    return switch (outcome) {
      case Canceled o -> o.details();
      case Canceling o -> o.details();
      case FinishedAnyway o -> o.details();
      case SessionTerminated o -> o.details();
      case AlreadyOver o -> o.details();
      case DryRun o -> o.details();
      case LeftAlone o -> o.details();
      case Denied o -> o.details();
      case NotFound _, Invalid _ -> null;
    };
  }

  @Nullable Effort effort() {
    return switch (outcome) {
      case Canceled o -> o.effort();
      case Canceling o -> o.effort();
      case FinishedAnyway o -> o.effort();
      case SessionTerminated o -> o.effort();
      case AlreadyOver _, LeftAlone _, NotFound _, Denied _, Invalid _, DryRun _ -> null;
    };
  }

  /** Why it came out so, in our words or AWS's; absent where the outcome says it all. */
  @Nullable String whySo() {
    return switch (outcome) {
      case Canceling o -> o.reason();
      case LeftAlone o -> o.reason();
      case NotFound o -> o.reason();
      case Denied o -> o.reason();
      case Invalid o -> o.reason();
      case Canceled _, FinishedAnyway _, SessionTerminated _, AlreadyOver _, DryRun _ -> null;
    };
  }

  @Nullable Calculation calculation() {
    var details = details();
    return details == null ? null : details.calculation();
  }

  @Nullable Session session() {
    var details = details();
    return details == null ? null : details.session();
  }

  @Nullable Cost cost() {
    var details = details();
    return details == null ? null : details.cost();
  }

  /** Dollars an hour that the session goes on to cost; absent where that is not known. */
  @Nullable Double stillCosts() {
    var details = details();
    var dpus = details == null ? null : details.dpusStillHeld();
    return dpus == null ? null : dpus * teller.usdPerDpuHour();
  }

  @Nullable String calculationId() {
    var calculation = calculation();
    if (calculation != null) {
      return calculation.id().value();
    }
    return order instanceof OfCalculation one ? one.calculation().value() : null;
  }

  @Nullable String sessionId() {
    var calculation = calculation();
    if (calculation != null && calculation.sessionId() != null) {
      return calculation.sessionId().value();
    }
    if (session() instanceof Session session) {
      return session.id().value();
    }
    return switch (order) {
      case OfSession one -> one.session().value();
      case EndSession one -> one.session().value();
      case OfCalculation _ -> null;
      case null -> null;
    };
  }
}
