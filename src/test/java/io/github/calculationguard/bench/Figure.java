package io.github.calculationguard.bench;

import java.util.Locale;

/** What is measured. {@code max} is its highest ratio to Python's; 0 stands for no limit. */
enum Figure {
  RESTORED("restored: first invocation", "ms", 0.35),
  RESTORED_STOP("restored: order to Stop", "ms", 0.40),
  WITH_HOOK("with what Java does between restore and asking for work", "ms", 0),
  RESTORED_CPU("restored: first invocation, processor time", "ms", 0),
  RESTORED_DELAYED("restored, 20 ms a call: first invocation, the hook included", "ms", 0),
  WARM_P50("warm: p50", "ms", 0.85),
  WARM_P99("warm: p99", "ms", 1.5),
  WARM_STOP("warm: order to Stop, p50", "ms", 0.80),
  WARM_CPU("warm: mean processor time, compilers included", "ms", 0),
  DELAYED("warm, 20 ms a call: order to answer, p50", "ms", 0.72),
  DELAYED_STOP("warm, 20 ms a call: order to Stop, p50", "ms", 0.80),
  COLD("cold: process start to first answer, no SnapStart", "ms", 2.8),
  MEMORY("memory after the warm ones", "MB", 0),
  SWEEP_CALLS("sweep: calls to Athena, nothing known yet", "", 0.60),
  SWEEP_AGAIN("sweep: calls to Athena, the next one", "", 0.20),
  SWEEP_TIME("sweep: time at the same pace, nothing known yet", "s", 0);

  final String title;
  final String unit;
  final double max;

  Figure(String title, String unit, double max) {
    this.title = title;
    this.unit = unit;
    this.max = max;
  }

  String format(double value) {
    return unit.isEmpty()
        ? String.format(Locale.ROOT, "%.0f", value)
        : String.format(Locale.ROOT, "%.2f %s", value, unit);
  }
}
