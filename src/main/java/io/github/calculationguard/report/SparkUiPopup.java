package io.github.calculationguard.report;

import module java.base;

import io.github.calculationguard.spark.*;
import io.jstach.jstache.JStache;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a viewer who wants to see a session's live Spark UI. The URL may be signed, so it
 * is in the answer and nowhere else.
 *
 * @param session absent where the request named none
 * @param url absent where there is a problem instead
 * @param problem what is wrong, in the guard's words or AWS's
 */
@JStache(path = "spark-ui.mustache")
public record SparkUiPopup(
    @Nullable SessionId session, @Nullable String url, @Nullable String problem) {

  public SparkUiPopup {
    problem = problem == null ? null : UserText.aws(problem);
  }

  /** The popup as HTML. */
  public String html() {
    return SparkUiPopupRenderer.of().execute(this);
  }

  /** That somebody asked, and what the problem was. */
  public LogRecord record(AccountRegion place, InvocationInfo info, Instant at) {
    return new LogRecord(
            "spark_ui", problem == null ? Severity.INFO : Severity.WARNING, place, info, at)
        .put("outcome", problem == null ? "SHOWN" : "NOT_SHOWN")
        .put("reason", problem)
        .put("session_id", session);
  }
}
