package io.github.calculationguard.guard;

import module java.base;

import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Format;
import io.github.calculationguard.spark.Return;
import io.github.calculationguard.spark.Snapshot;
import org.jspecify.annotations.Nullable;

/**
 * A calculation or a session that exceeds a limit, on its way to the stop function.
 *
 * @param setBy who set the limit
 * @param maxExempt for how long a session's own tag may exempt it
 * @param returned what it returned after; absent if it did not
 * @param expiresAt from then on the stop function ignores it
 */
public record Finding(
    Snapshot snapshot,
    Verdict.Exceeded verdict,
    Limits.Origin setBy,
    Duration maxExempt,
    @Nullable Return returned,
    double usdPerDpuHour,
    Instant expiresAt) {

  /** Delivery takes seconds, and the next sweep judges anew: an older finding is out of date. */
  static final Duration LIFETIME = Duration.ofMinutes(10);

  public static final String SOURCE = "calculation-guard";
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

  /** Where the findings of a sweep go. */
  @FunctionalInterface
  public interface Publisher {

    /**
     * Returns those that were refused even on a second try, with the reason in AWS's words. The
     * next sweep finds them again.
     */
    Map<Finding, String> publish(List<Finding> findings, Deadline deadline);
  }

  /** The event's detail. */
  public Map<String, Object> detail() {
    var calculation = snapshot.calculation();
    var session = Objects.requireNonNull(snapshot.session());
    var usage = verdict.usage();
    var cost = snapshot.cost();
    var idleSince = onlyIfIdleSince();
    var detail = new LinkedHashMap<String, Object>();
    detail.put("version", "1");
    detail.put(TARGET, calculation == null ? SESSION : CALCULATION);
    if (calculation != null) {
      detail.put(CALCULATION_ID, calculation.id().value());
    }
    detail.put(SESSION_ID, session.id().value());
    detail.put(WORK_GROUP, session.workGroup());
    detail.put(RULE, usage.rule().toString());
    detail.put(LIMIT, number(usage.limit()));
    detail.put(OBSERVED, number(usage.observed()));
    detail.put(LIMIT_SET_BY, setBy.toString());
    if (cost != null) {
      var usd = number(cost.usd(usdPerDpuHour));
      var basis = cost.basis().name();
      detail.put("cost", Map.of("dpuHours", number(cost.dpuHours()), "usd", usd, "basis", basis));
    }
    detail.put("reason", Return.appended(verdict.reason(), returned));
    if (returned != null) {
      detail.put(returned.isCertain() ? RETURNED_AFTER : MAY_HAVE_RETURNED_AFTER, returned.after());
    }
    detail.put("dryRun", false);
    detail.put(MAX_EXEMPT_HOURS, maxExempt.toHours());
    if (idleSince != null) {
      detail.put(ONLY_IF_IDLE_SINCE, idleSince.toString());
    }
    detail.put("foundAt", snapshot.at().toString());
    detail.put(EXPIRES_AT, expiresAt.toString());
    return detail;
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

  /** The session is terminated only if it is idle since then; absent for other rules. */
  public @Nullable Instant onlyIfIdleSince() {
    return verdict.usage().rule() == Rule.MAX_SESSION_IDLE_MINUTES
        ? Objects.requireNonNull(snapshot.session()).idleSince()
        : null;
  }
}
