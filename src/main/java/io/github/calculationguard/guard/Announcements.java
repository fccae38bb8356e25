package io.github.calculationguard.guard;

import io.github.calculationguard.spark.Deadline;

/** Where people are told what a sweep found. */
public interface Announcements {

  /**
   * Tells what is new, in one message. An exception means that nobody was told; the next sweep
   * tells it again.
   */
  void announce(SweepReport report, Deadline deadline);
}
