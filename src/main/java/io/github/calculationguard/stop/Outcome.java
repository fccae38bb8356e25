package io.github.calculationguard.stop;

import io.github.calculationguard.spark.Severity;

/**
 * The outcome of a stop request.
 *
 * <p>Cancellation is best effort: Athena may run a calculation to completion, and charge for it,
 * after it accepted the request. {@link #CANCELING} therefore does not imply {@link #CANCELED}.
 */
public enum Outcome {
  /** Canceled, and confirmed. */
  CANCELED(Severity.INFO, "StopCanceled"),
  /** Stop was sent, and the end is not confirmed yet. The next sweep checks again. */
  CANCELING(Severity.WARNING, "StopCanceling"),
  /** Completed or failed after the request was made, before the cancellation took effect. */
  FINISHED_ANYWAY(Severity.WARNING, "StopOther"),
  /** The session was terminated, and with it what ran there. */
  SESSION_TERMINATED(Severity.INFO, "StopEscalated"),
  /** It had ended before the request was made. */
  ALREADY_OVER(Severity.INFO, "StopOther"),
  /** Not stopped: the reason for the request no longer holds, or the deployment forbids it. */
  LEFT_ALONE(Severity.WARNING, "StopOther"),
  /** The account and Region have nothing with this ID. */
  NOT_FOUND(Severity.WARNING, "StopOther"),
  /** AWS denied access; its reason is quoted. */
  DENIED(Severity.ERROR, "StopOther"),
  /** The input is no valid request. */
  INVALID(Severity.WARNING, "StopOther"),
  /** Nothing was stopped, since that was asked for; {@link StopService#stop} says of what. */
  DRY_RUN(Severity.INFO, "StopOther");

  private final Severity severity;
  private final String metric;

  Outcome(Severity severity, String metric) {
    this.severity = severity;
    this.metric = metric;
  }

  public Severity severity() {
    return severity;
  }

  public String metric() {
    return metric;
  }
}
