package io.github.calculationguard.guard;

import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Format;
import io.github.calculationguard.spark.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A calculation or a session that exceeds a limit, on its way to the stop function.
 *
 * @param snapshot what was judged, and when
 * @param usdPerDpuHour the price that turns its cost into dollars
 * @param expiresAt from then on the stop function ignores it
 */
public record Finding(
    Snapshot snapshot, Verdict.Exceeded verdict, double usdPerDpuHour, Instant expiresAt) {

  /** Delivery takes seconds, and the next sweep judges anew: an older finding is out of date. */
  static final Duration LIFETIME = Duration.ofMinutes(10);

  // The event's fields, for those who write and those who read it.
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
  public static final String ONLY_IF_IDLE_SINCE = "onlyIfIdleSince";
  public static final String EXPIRES_AT = "expiresAt";

  /** The event's detail: the fields above, and others for people and for rules. */
  public Map<String, Object> detail() {
    var calculation = snapshot.calculation();
    var session = Objects.requireNonNull(snapshot.session());
    var usage = verdict.usage();
    var cost = verdict.cost();
    var idleSince = onlyIfIdleSince();
    var detail = new LinkedHashMap<String, Object>();
    detail.put("version", "1");
    detail.put(TARGET, calculation == null ? SESSION : CALCULATION);
    if (calculation != null) {
      detail.put(CALCULATION_ID, calculation.id().value());
    }
    detail.put(SESSION_ID, session.id().value());
    detail.put("workGroup", session.workGroup());
    detail.put(RULE, usage.rule().toString());
    detail.put(LIMIT, number(usage.limit()));
    detail.put(OBSERVED, number(usage.observed()));
    if (cost != null) {
      detail.put(
          "cost",
          Map.of(
              "dpuHours", number(cost.dpuHours()),
              "usd", number(cost.usd(usdPerDpuHour)),
              "basis", cost.basis().name()));
    }
    detail.put("reason", verdict.reason());
    detail.put("dryRun", false);
    if (idleSince != null) {
      detail.put(ONLY_IF_IDLE_SINCE, idleSince.toString());
    }
    detail.put("foundAt", snapshot.at().toString());
    detail.put(EXPIRES_AT, expiresAt.toString());
    return detail;
  }

  /** A whole number without a decimal point. */
  private static Number number(double number) {
    var rounded = Format.rounded(number);
    return rounded == Math.rint(rounded) ? (Number) (long) rounded : (Number) rounded;
  }

  /** Where the findings of a sweep go. */
  @FunctionalInterface
  public interface Publisher {

    /**
     * Publishes findings.
     *
     * @return those that were refused, even on a second try; the next sweep finds them again
     */
    List<Refused> publish(List<Finding> findings, Deadline deadline);
  }

  /**
   * A finding that could not be published.
   *
   * @param why in AWS's words
   */
  public record Refused(Finding finding, String why) {}

  /**
   * Since when the session must still be idle to be terminated; absent where the finding is not
   * about idling.
   */
  public @Nullable Instant onlyIfIdleSince() {
    var session = snapshot.session();
    return session != null && verdict.usage().rule() == Rule.MAX_SESSION_IDLE_MINUTES
        ? session.idleSince()
        : null;
  }
}
