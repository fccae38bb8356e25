package io.github.calculationguard.guard;

import module java.base;

import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.guard.SweepReport.Judged;
import io.github.calculationguard.spark.*;
import io.github.calculationguard.spark.InternalBus.Event;
import org.jspecify.annotations.Nullable;

/**
 * A calculation or a session that exceeds a limit, on its way to the stop function.
 *
 * @param expiresAt from then on the stop function ignores it
 */
public record Finding(Judged judged, Sweep.Policy policy, Instant expiresAt) {

  /** Delivery takes seconds, and the next sweep judges anew: an older finding is out of date. */
  static final Duration LIFETIME = Duration.ofMinutes(10);

  public static final String DETAIL_TYPE = "Athena Spark Finding";
  public static final String TARGET = "target";
  public static final String CALCULATION = "calculation";
  public static final String SESSION = "session";
  public static final String CALCULATION_ID = "calculationExecutionId";
  public static final String SESSION_ID = "sessionId";
  public static final String RULE = "rule";
  public static final String LIMIT = "limit";
  public static final String OBSERVED = "observed";
  public static final String LIMIT_SET_BY = "limitSetBy";
  public static final String WORK_GROUP = "workGroup";
  public static final String MAX_EXEMPT_HOURS = "maxExemptHours";
  public static final String ONLY_IF_IDLE_SINCE = "onlyIfIdleSince";
  private static final String RETURNED_AFTER = "returnedAfter";
  private static final String MAY_HAVE_RETURNED_AFTER = "mayHaveReturnedAfter";
  public static final String EXPIRES_AT = "expiresAt";

  /** The event that asks the stop function to act. */
  public Event event() {
    return new Event(DETAIL_TYPE, judged.snapshot().at(), detail());
  }

  private Map<String, @Nullable Object> detail() {
    var snapshot = judged.snapshot();
    var calculation = snapshot.calculation();
    var session = judged.session();
    var usage = Objects.requireNonNull(judged.verdict().usage());
    var returned = judged.returned();
    var isIdle = usage.rule() == Rule.MAX_SESSION_IDLE_MINUTES;
    var detail = new LinkedHashMap<String, @Nullable Object>();
    detail.put("version", "1");
    detail.put(TARGET, calculation == null ? SESSION : CALCULATION);
    detail.put(CALCULATION_ID, calculation == null ? null : calculation.id().value());
    detail.put(SESSION_ID, session.id().value());
    detail.put(WORK_GROUP, session.workGroup());
    detail.put(RULE, usage.rule().toString());
    detail.put(LIMIT, number(usage.limit()));
    detail.put(OBSERVED, number(usage.observed()));
    detail.put(LIMIT_SET_BY, judged.limits().setBy(usage.rule()).toString());
    detail.put("cost", cost(snapshot.cost()));
    detail.put("reason", judged.reason());
    if (returned != null) {
      detail.put(returned.isCertain() ? RETURNED_AFTER : MAY_HAVE_RETURNED_AFTER, returned.after());
    }
    detail.put("dryRun", false);
    detail.put(MAX_EXEMPT_HOURS, policy.scope().maxExempt().toHours());
    // The session is terminated only if it is still idle.
    detail.put(ONLY_IF_IDLE_SINCE, isIdle ? Objects.toString(session.idleSince(), null) : null);
    detail.put("foundAt", snapshot.at().toString());
    detail.put(EXPIRES_AT, expiresAt.toString());
    return detail;
  }

  private @Nullable Map<String, Object> cost(@Nullable Cost cost) {
    return cost == null
        ? null
        : Map.of(
            "dpuHours", number(cost.dpuHours()),
            "usd", number(cost.usd(policy.usdPerDpuHour())),
            "basis", cost.basis().name());
  }

  /** What a detail says that it returned after, by the names of its texts. */
  public static @Nullable Return returned(Function<String, @Nullable String> texts) {
    var certain = texts.apply(RETURNED_AFTER);
    var after = certain == null ? texts.apply(MAY_HAVE_RETURNED_AFTER) : certain;
    return after == null ? null : new Return(after, certain != null);
  }

  /** A whole number has no decimal point. */
  private static Number number(double number) {
    var rounded = Format.rounded(number);
    return rounded == Math.rint(rounded) ? (Number) (long) rounded : (Number) rounded;
  }
}
