package io.github.calculationguard.report;

import static io.github.calculationguard.spark.Format.rounded;
import static java.util.stream.Collectors.joining;

import module java.base;

import io.github.calculationguard.guard.Inventory;
import io.github.calculationguard.guard.Inventory.Failure;
import io.github.calculationguard.report.NotificationPublisher.NotPublishedException;
import io.github.calculationguard.spark.*;
import io.github.calculationguard.stop.*;
import io.github.calculationguard.stop.StopReport.Unresolved;
import org.jspecify.annotations.Nullable;

/**
 * A flat record with the keys of the log contract. The log line, the message to queues and the HTTP
 * reply are all made of it. Unknown values are left out.
 */
public final class LogRecord {

  private static final int MAX_REASONS = 5;

  private final Map<String, Object> fields = new LinkedHashMap<>();
  private final InvocationInfo info;

  LogRecord(String event, Severity severity, AccountRegion place, InvocationInfo info, Instant at) {
    this.info = info;
    put("timestamp", at)
        .put("level", severity.level())
        .put("event", event)
        .put("guard_version", info.guardVersion())
        .put("account_id", place.accountId())
        .put("region", place.region());
  }

  private LogRecord(
      String event, Severity severity, Request request, InvocationInfo info, Instant at) {
    var metadata = request.metadata();
    this(event, severity, metadata.place(), info, at);
    put("order_id", metadata.id())
        .put("trigger", metadata.source())
        .put("requested_by", metadata.requestedBy())
        .put("claimed_by", UserText.cleanOrNull(metadata.claimedBy()));
  }

  /** A request with its outcome. */
  public static LogRecord of(Request request, StopResult result, InvocationInfo info, Instant at) {
    var event = request instanceof Request.DescribeRequest ? "describe" : "stop";
    var record =
        new LogRecord(event, severity(result), request, info, at)
            .put("outcome", result.outcome())
            .put("reason", reason(result.reason(), request.metadata().reason()))
            .body(request, result.snapshot())
            .returned(result.returned());
    var effort = result.effort();
    if (effort != null) {
      record
          .put("confirm_millis", effort.took().toMillis())
          .put("stops_sent", effort.stopsSent())
          .put("repeat", effort.repeat() ? true : null);
    }
    return record;
  }

  /** A calculation or a session that was described. */
  public static LogRecord described(Request request, Snapshot snapshot, InvocationInfo info) {
    return new LogRecord("describe", Severity.INFO, request, info, snapshot.at())
        .body(request, snapshot);
  }

  /** A request, or a part of one, without an outcome: it needs a retry. */
  public static LogRecord failure(
      Request request, Unresolved unresolved, InvocationInfo info, Instant at) {
    return new LogRecord("failure", Severity.ERROR, request, info, at)
        .put("reason", UserText.aws(unresolved.reason()))
        .error(unresolved.cause())
        .put("handed_over", unresolved.cause() instanceof NotPublishedException ? false : null)
        .body(request, null)
        .put("calculation_id", unresolved.calculation());
  }

  /**
   * The failure of a sweep, or of its notification.
   *
   * @param subject what failed; absent where the whole sweep did
   */
  public static LogRecord sweepFailure(
      @Nullable String subject,
      RuntimeException e,
      AccountRegion place,
      InvocationInfo info,
      Instant at) {
    return new LogRecord("sweep_failure", Severity.ERROR, place, info, at)
        .put("subject", subject)
        .put("reason", UserText.aws(Objects.requireNonNullElse(e.getMessage(), e.toString())))
        .error(e);
  }

  /** A request that only keeps the function's snapshot alive. */
  public static LogRecord keepAlive(Request request, InvocationInfo info, Instant at) {
    return new LogRecord("keep_alive", Severity.INFO, request, info, at);
  }

  /** One view of the page on the dashboard. */
  public static LogRecord of(Inventory inventory, InvocationInfo info) {
    var failures = inventory.failures();
    var reasons = failures.stream().map(Failure::why).filter(Objects::nonNull).distinct();
    var reason = UserText.aws(reasons.limit(MAX_REASONS).collect(joining("; ")));
    var severity = failures.isEmpty() ? Severity.INFO : Severity.WARNING;
    return new LogRecord(
            "look",
            reason.isEmpty() ? severity : Severity.ERROR,
            inventory.place(),
            info,
            inventory.at())
        .put("outcome", failures.isEmpty() ? "COMPLETE" : "INCOMPLETE")
        .put("reason", reason)
        .put("work_groups", inventory.workGroups())
        .put("sessions_seen", inventory.entries().size())
        .put("unread", failures.size())
        .put("duration_millis", Duration.between(inventory.startedAt(), inventory.at()).toMillis());
  }

  /** Adds that people were notified. */
  public LogRecord announced() {
    return put("announced", true);
  }

  /** Adds that nobody could be notified, which is an error, and why. */
  public LogRecord notAnnounced(RuntimeException e) {
    var why = e instanceof NotPublishedException ? e.getMessage() : e.toString();
    return failed("announced", "not announced: " + why).error(e);
  }

  /** Adds the error that the event may not have been sent, and why. */
  public LogRecord eventNotSent(String why) {
    return failed("event_sent", "the event may not have been sent: " + why);
  }

  private LogRecord failed(String key, String why) {
    var reason = fields.get("reason");
    var failure = UserText.aws(why);
    return put(key, false)
        .put("level", Severity.ERROR.level())
        .put("reason", reason == null ? failure : reason + "; " + failure);
  }

  /** A copy of the keys and their values, in the contract's order. */
  public Map<String, Object> fields() {
    var all = new LinkedHashMap<>(fields);
    all.put("request_id", info.requestId());
    all.put("cold_start", info.coldStart());
    return all;
  }

  /** Whether a key says that something failed, such as "announced". */
  public boolean isFalse(String key) {
    return Boolean.FALSE.equals(fields.get(key));
  }

  /** The text behind a key; absent where it is unknown. */
  public @Nullable String text(String key) {
    return fields.get(key) instanceof String text ? text : null;
  }

  private LogRecord body(Request request, @Nullable Snapshot snapshot) {
    put("calculation_id", request.calculation()).put("session_id", request.session());
    var violation = request.violation();
    if (violation != null) {
      put("rule", UserText.clean(violation.rule()))
          .put("limit", violation.limit())
          .put("observed", violation.observed())
          .put("limit_set_by", UserText.cleanOrNull(violation.setBy()));
    }
    return snapshot == null ? this : details(snapshot);
  }

  /** Of a request with its outcome: what returned is at least a warning, whatever became of it. */
  static Severity severity(StopResult result) {
    var severity = result.outcome().severity();
    return result.returned() == null ? severity : severity.atLeastWarning();
  }

  /** Adds what it returned after, if that is certain. */
  LogRecord returned(@Nullable Return returned) {
    return returned == null || !returned.isCertain()
        ? this
        : put("returned_after", UserText.name(returned.after()));
  }

  LogRecord details(Snapshot snapshot) {
    var calculation = snapshot.calculation();
    var session = snapshot.session();
    if (calculation != null) {
      put("calculation_id", calculation.id()).put("session_id", calculation.sessionId());
    }
    if (session != null) {
      put("session_id", session.id()).put("work_group", UserText.name(session.workGroup()));
    }
    var age = snapshot.age();
    var costs = new Costs(snapshot, info.usdPerDpuHour());
    put("state", UserText.cleanOrNull(snapshot.state()))
        .put("owner", UserText.cleanOrNull(snapshot.owner()))
        .put("description", UserText.cleanOrNull(snapshot.description()))
        .put("submitted_at", snapshot.since())
        .put("age_seconds", age == null ? null : age.toSeconds());
    var soFar = costs.soFar();
    if (soFar != null) {
      put("dpu_hours", soFar.cost().dpuHours())
          .put("cost_usd", soFar.usd())
          .put("cost_basis", soFar.cost().basis());
    }
    var perHour = costs.perHour();
    return put("still_costs", perHour == null ? null : perHour.usd());
  }

  /** Adds the error's type: AWS's code, or else the Java class. */
  public LogRecord error(RuntimeException e) {
    var error =
        switch (e) {
          case AthenaSparkException athena -> athena.awsError();
          case NotPublishedException sns -> sns.awsError();
          default -> null;
        };
    if (error == null) {
      return put("error_type", e.getClass().getSimpleName());
    }
    return put("error_type", error.type())
        .put("aws_service", error.service())
        .put("aws_request_id", error.requestId());
  }

  LogRecord put(String key, @Nullable Object value) {
    switch (value) {
      case null -> {}
      case String text when text.isEmpty() -> {}
      case Double number -> fields.put(key, rounded(number));
      case Number _, Boolean _, List<?> _ -> fields.put(key, value);
      case Instant instant -> fields.put(key, instant.truncatedTo(ChronoUnit.MILLIS).toString());
      default -> fields.put(key, value.toString());
    }
    return this;
  }

  private static @Nullable String reason(@Nullable String why, @Nullable String asked) {
    if (why == null) {
      return UserText.cleanOrNull(asked);
    }
    var ours = UserText.aws(why);
    return asked == null ? ours : ours + " (requested because: " + UserText.quoted(asked) + ")";
  }
}
