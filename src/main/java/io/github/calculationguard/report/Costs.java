package io.github.calculationguard.report;

import io.github.calculationguard.spark.Cost;
import io.github.calculationguard.spark.Format;
import io.github.calculationguard.spark.Snapshot;
import org.jspecify.annotations.Nullable;

/** What a calculation or a session costs, in US dollars. What is not known is null. */
record Costs(Snapshot snapshot, double usdPerDpuHour) {

  @Nullable Double soFar() {
    var cost = snapshot.cost();
    return cost == null ? null : cost.usd(usdPerDpuHour);
  }

  /** What its session costs from now on. */
  @Nullable Double perHour() {
    var held = snapshot.dpusStillHeld();
    return held == null ? null : held * usdPerDpuHour;
  }

  boolean isSoFarAtMost() {
    var cost = snapshot.cost();
    return cost != null && cost.basis() == Cost.Basis.UPPER_BOUND;
  }

  /** Whether the session's nodes are not known. */
  boolean isPerHourAtMost() {
    return snapshot.executors().stream().noneMatch(it -> it.terminatedAt() == null);
  }

  /** Whether the session costs nothing any more. */
  boolean hasEnded() {
    return snapshot.session() != null && snapshot.session().state().hasEnded();
  }

  @Nullable String soFarText() {
    var usd = soFar();
    return usd == null ? null : (isSoFarAtMost() ? "at most " : "") + Format.usd(usd);
  }

  @Nullable String perHourText() {
    var usd = perHour();
    return usd == null ? null : (isPerHourAtMost() ? "at most " : "") + Format.usdPerHour(usd);
  }

  @Nullable String dpuHours() {
    var cost = snapshot.cost();
    return cost == null ? null : Format.dpuHours(cost.dpuHours());
  }

  @Nullable String basis() {
    var cost = snapshot.cost();
    return cost == null ? null : cost.basis().name();
  }

  /** What the cost so far is based on; empty if there is none. */
  String basisInWords() {
    var cost = snapshot.cost();
    return cost == null
        ? ""
        : switch (cost.basis()) {
          case REPORTED -> "reported by Athena (REPORTED)";
          case LIVE -> "estimated from the sizes and times of the session's executors (LIVE)";
          case UPPER_BOUND -> "if the session had held its maximum DPUs all the time (UPPER_BOUND)";
        };
  }
}
