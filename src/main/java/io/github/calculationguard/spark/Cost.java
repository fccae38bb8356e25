package io.github.calculationguard.spark;

import io.github.calculationguard.spark.Session.Executor;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What something used up, and how we know.
 *
 * @param dpuHours DPU × hours; one DPU is 4 vCPU and 16 GB
 */
public record Cost(double dpuHours, Basis basis) {

  /** How a figure came about, best first. */
  public enum Basis {
    /** Athena's own statistics. */
    REPORTED,
    /** The executors' sizes × their own times. */
    LIVE,
    /** The session's maximum DPUs × the time: never less than the truth, and often far more. */
    UPPER_BOUND
  }

  private static final double MILLIS_AN_HOUR = Duration.ofHours(1).toMillis();

  /** The best figure that can be had for a calculation; absent where nothing is known. */
  public static @Nullable Cost of(
      Calculation calculation, @Nullable Session session, List<Executor> executors, Instant now) {
    return best(
        calculation.dpuTime(),
        executors,
        calculation.submittedAt(),
        calculation.completedAt() == null ? now : calculation.completedAt(),
        session == null ? null : session.maxDpus());
  }

  /** The best figure that can be had for a session; absent where nothing is known. */
  public static @Nullable Cost of(Session session, List<Executor> executors, Instant now) {
    return best(
        session.dpuTime(),
        executors,
        session.startedAt(),
        session.endedAt() == null ? now : session.endedAt(),
        session.maxDpus());
  }

  private static @Nullable Cost best(
      @Nullable Duration reported,
      List<Executor> executors,
      @Nullable Instant from,
      Instant to,
      @Nullable Integer maxDpus) {
    // Nobody promises that the statistics move while work runs, so a zero is taken for "not yet
    // known".
    if (reported != null && reported.isPositive()) {
      return new Cost(reported.toMillis() / MILLIS_AN_HOUR, Basis.REPORTED);
    }
    if (from == null) {
      return null;
    }
    if (!executors.isEmpty()) {
      var dpuMillis = executors.stream().mapToDouble(e -> e.dpus() * overlap(e, from, to)).sum();
      return new Cost(dpuMillis / MILLIS_AN_HOUR, Basis.LIVE);
    }
    if (maxDpus == null) {
      return null;
    }
    return new Cost(
        // As a double, since the product may be larger than a long.
        (double) maxDpus * Math.max(0, Duration.between(from, to).toMillis()) / MILLIS_AN_HOUR,
        Basis.UPPER_BOUND);
  }

  private static long overlap(Executor executor, Instant from, Instant to) {
    var start = executor.startedAt().isAfter(from) ? executor.startedAt() : from;
    var terminated = executor.terminatedAt();
    var end = terminated != null && terminated.isBefore(to) ? terminated : to;
    return Math.max(0, Duration.between(start, end).toMillis());
  }

  /** The same in dollars. */
  public double usd(double usdPerDpuHour) {
    return dpuHours * usdPerDpuHour;
  }
}
