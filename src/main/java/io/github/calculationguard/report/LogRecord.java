package io.github.calculationguard.report;

import io.github.calculationguard.report.StopReport.InvocationInfo;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.Format;
import io.github.calculationguard.spark.Severity;
import io.github.calculationguard.spark.Snapshot;
import io.github.calculationguard.stop.RequestMetadata;
import io.github.calculationguard.stop.StopOutcome.Effort;
import io.github.calculationguard.stop.StopRequest;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The flat record of what happened, by the keys of the log contract: the log line, the queue's
 * message and the answer are all made of it. What is not known is not in it.
 */
public final class LogRecord {

  private final Map<String, Object> fields = new LinkedHashMap<>();

  LogRecord() {}

  /** Of an order that ended in an outcome. */
  public static LogRecord of(StopReport story) {
    return of("stop", story);
  }

  /** Of a look that found nothing, or was not permitted. */
  public static LogRecord ofLook(StopReport story) {
    return of("describe", story);
  }

  private static LogRecord of(String event, StopReport story) {
    var outcome = story.outcome();
    return new LogRecord()
        .head(event, story.severity(), story.given(), story.teller(), story.at())
        .put("outcome", story.outcomeName())
        .put("reason", reason(outcome.reason(), story.given().reason()))
        .body(story.order(), outcome.details(), outcome.effort(), story.teller());
  }

  /** Of a look that stopped nothing. */
  public static LogRecord of(Snapshot details, StopRequest look, InvocationInfo teller) {
    return new LogRecord()
        .head("describe", Severity.INFO, look.given(), teller, details.at())
        .body(look, details, null, teller);
  }

  /** Of an order that did not end in an outcome, so that it has to be given again. */
  public static LogRecord ofFailure(
      String why, StopRequest order, InvocationInfo teller, Instant at) {
    return new LogRecord()
        .head("failure", Severity.ERROR, order.given(), teller, at)
        .put("reason", UserText.clean(why, UserText.MOST_OF_AWS))
        .body(order, null, null, teller);
  }

  /** The same, saying that people were told. */
  public LogRecord announced() {
    return put("announced", true);
  }

  /** The same, saying that they could not be, which is an error, and why. */
  public LogRecord notAnnounced(String why) {
    var reason = fields.get("reason");
    var lost = "not announced: " + UserText.clean(why, UserText.MOST_OF_AWS);
    return put("announced", false)
        .put("level", Severity.ERROR.level())
        .put("reason", reason == null ? lost : reason + "; " + lost);
  }

  /** The keys and their values, in the contract's order. */
  public Map<String, Object> fields() {
    return fields;
  }

  /** One line of JSON. */
  String line() {
    return Json.line(fields);
  }

  private LogRecord head(
      String event, Severity severity, RequestMetadata given, InvocationInfo teller, Instant at) {
    return head(event, severity, given.place(), teller, at)
        .put("order_id", given.orderId())
        .put("trigger", given.trigger())
        .put("requested_by", given.requestedBy())
        .put("claimed_by", clean(given.claimedBy()));
  }

  private LogRecord body(
      @Nullable StopRequest order,
      @Nullable Snapshot details,
      @Nullable Effort effort,
      InvocationInfo teller) {
    if (order != null) {
      put("calculation_id", order.calculation()).put("session_id", order.session());
    }
    var limit = order == null ? null : order.brokenLimit();
    if (limit != null) {
      put("rule", clean(limit.rule()))
          .put("limit", limit.limit())
          .put("observed", limit.observed());
    }
    if (details != null) {
      details(details, teller.usdPerDpuHour());
    }
    if (effort != null) {
      put("confirm_millis", effort.took().toMillis())
          .put("stops_sent", effort.stops())
          .put("repeat", effort.repeat() ? true : null);
    }
    return tail(teller);
  }

  /** What every line begins with. */
  LogRecord head(
      String event, Severity severity, AccountRegion place, InvocationInfo teller, Instant at) {
    return put("timestamp", text(at))
        .put("level", severity.level())
        .put("event", event)
        .put("guard_version", teller.guardVersion())
        .put("account_id", place.accountId())
        .put("region", place.region());
  }

  /** What every line ends with. */
  LogRecord tail(InvocationInfo teller) {
    return put("request_id", teller.requestId()).put("cold_start", teller.coldStart());
  }

  LogRecord details(Snapshot details, double usdPerDpuHour) {
    var calculation = details.calculation();
    var session = details.session();
    if (calculation != null) {
      put("calculation_id", calculation.id()).put("session_id", calculation.sessionId());
    }
    if (session != null) {
      put("session_id", session.id()).put("work_group", clean(session.workGroup()));
    }
    put("state", clean(details.state()))
        .put("owner", clean(details.owner()))
        .put("description", clean(details.description()))
        .put("submitted_at", details.since() == null ? null : text(details.since()))
        .put("age_seconds", details.age() == null ? null : details.age().toSeconds());
    var cost = details.cost();
    if (cost != null) {
      put("dpu_hours", rounded(cost.dpuHours()))
          .put("cost_usd", rounded(cost.usd(usdPerDpuHour)))
          .put("cost_basis", cost.basis().name());
    }
    var held = details.dpusStillHeld();
    return put("still_costs", held == null ? null : rounded(held * usdPerDpuHour));
  }

  LogRecord put(String key, @Nullable Object value) {
    switch (value) {
      case null -> {}
      case String text when text.isEmpty() -> {}
      case Number number -> fields.put(key, number);
      case Boolean bool -> fields.put(key, bool);
      default -> fields.put(key, value.toString());
    }
    return this;
  }

  private static @Nullable String reason(@Nullable String why, @Nullable String asked) {
    if (why == null) {
      return clean(asked);
    }
    var ours = UserText.clean(why, UserText.MOST_OF_AWS);
    return asked == null ? ours : ours + " (ordered because: " + UserText.quoted(asked) + ")";
  }

  private static @Nullable String clean(@Nullable String text) {
    return text == null ? null : UserText.clean(text);
  }

  private static String text(Instant instant) {
    return instant.truncatedTo(ChronoUnit.MILLIS).toString();
  }

  static double rounded(double number) {
    return Format.rounded(number);
  }
}
