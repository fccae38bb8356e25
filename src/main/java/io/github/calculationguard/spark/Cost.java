package io.github.calculationguard.spark;

import module java.base;

import io.github.calculationguard.spark.Session.Executor;
import org.jspecify.annotations.Nullable;

/**
 * What something has used, and how that is known.
 *
 * @param dpuHours DPU × hours; one DPU is 4 vCPU and 16 GB
 */
public record Cost(double dpuHours, Basis basis) {

  /** How a figure was found, best first. */
  public enum Basis {
    /** Athena's own statistics. */
    REPORTED,
    /** The executors' sizes × their own times. */
    LIVE,
    /** The session's maximum DPUs × the time: never less than the truth, and often far more. */
    UPPER_BOUND
  }

  /** The best figure for what ran from one instant to another or until now. */
  static @Nullable Cost of(
      @Nullable Duration reported, @Nullable Instant from, @Nullable Instant end, Snapshot in) {
    // The statistics may not move while work runs, so zero means "not known yet".
    if (reported != null && reported.isPositive()) {
      return of((double) reported.toMillis(), Basis.REPORTED);
    }
    if (from == null) {
      return null;
    }
    var to = end == null ? in.at() : end;
    if (!in.executors().isEmpty()) {
      var nodes = in.executors().stream();
      return of(nodes.mapToDouble(e -> e.dpus() * overlap(e, from, to)).sum(), Basis.LIVE);
    }
    var maxDpus = in.session() == null ? null : in.session().maxDpus();
    return maxDpus == null
        ? null
        : of((double) maxDpus * Instants.between(from, to).toMillis(), Basis.UPPER_BOUND);
  }

  private static Cost of(double dpuMillis, Basis basis) {
    return new Cost(dpuMillis / Duration.ofHours(1).toMillis(), basis);
  }

  private static long overlap(Executor executor, Instant from, Instant to) {
    var start = executor.startedAt().isAfter(from) ? executor.startedAt() : from;
    var terminated = executor.terminatedAt();
    var end = terminated != null && terminated.isBefore(to) ? terminated : to;
    return Instants.between(start, end).toMillis();
  }

  /** The same in dollars. */
  public double usd(double usdPerDpuHour) {
    return dpuHours * usdPerDpuHour;
  }
}
