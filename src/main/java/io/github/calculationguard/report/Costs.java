package io.github.calculationguard.report;

import io.github.calculationguard.spark.*;
import org.jspecify.annotations.Nullable;

/** What a calculation or a session costs, in US dollars. */
record Costs(Snapshot snapshot, double usdPerDpuHour) {

  sealed interface Amount {
    double usd();

    boolean isUpperBound();
  }

  /** What it has cost so far, and how that is known. */
  record SoFar(Cost cost, double usd) implements Amount {

    @Override
    public boolean isUpperBound() {
      return cost.basis() == Cost.Basis.UPPER_BOUND;
    }

    String text() {
      return (isUpperBound() ? "at most " : "") + Format.usd(usd);
    }

    String dpuHours() {
      return Format.dpuHours(cost.dpuHours());
    }

    String basisInWords() {
      return switch (cost.basis()) {
        case REPORTED -> "reported by Athena (REPORTED)";
        case LIVE -> "estimated from the sizes and times of the session's executors (LIVE)";
        case UPPER_BOUND -> "if the session had held its maximum DPUs all the time (UPPER_BOUND)";
      };
    }
  }

  /** What its session costs from now on. */
  record PerHour(double usd, boolean isUpperBound) implements Amount {

    String text() {
      return (isUpperBound ? "at most " : "") + Format.usdPerHour(usd);
    }
  }

  /** Null if it is not known. */
  @Nullable SoFar soFar() {
    var cost = snapshot.cost();
    return cost == null ? null : new SoFar(cost, cost.usd(usdPerDpuHour));
  }

  /** Null if it is not known; an upper bound if the session's nodes are not known. */
  @Nullable PerHour perHour() {
    var held = snapshot.dpusStillHeld();
    var isUpperBound = snapshot.executors().stream().noneMatch(it -> it.terminatedAt() == null);
    return held == null ? null : new PerHour(held * usdPerDpuHour, isUpperBound);
  }

  boolean hasEnded() {
    return snapshot.session() != null && snapshot.session().state().hasEnded();
  }
}
