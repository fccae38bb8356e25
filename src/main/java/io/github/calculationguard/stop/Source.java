package io.github.calculationguard.stop;

import java.util.Locale;

/** What carried a request here. The log calls it the trigger. */
public enum Source {
  EVENTBRIDGE,
  /** The guard's own sweep, over the internal event bus. */
  SWEEP,
  CLOUDTRAIL,
  ALARM,
  HTTP_API,
  REST_API,
  FUNCTION_URL,
  /** Invoked by name: Scheduler, Step Functions, the AWS CLI. */
  DIRECT,
  /** A button under a message in a chat. */
  CHAT,
  /** The Stop button on the dashboard. */
  WIDGET,
  /** The stop function itself, over the internal event bus: it continues after its reply. */
  HANDOVER,
  UNKNOWN;

  public boolean isHttp() {
    return this == HTTP_API || this == REST_API || this == FUNCTION_URL;
  }

  /** Whether a caller waits, who must be answered before the end of a stop. */
  public boolean mustReplyEarly() {
    return isHttp() || this == WIDGET;
  }

  /** The name in the log, such as {@code http-api}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
