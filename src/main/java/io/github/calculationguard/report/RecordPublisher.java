package io.github.calculationguard.report;

import module java.base;

import io.github.calculationguard.spark.Deadline;

/** Tells programs, by events, what became of requests and what a sweep found. */
@FunctionalInterface
public interface RecordPublisher {

  /** What became of a stop request. */
  String OUTCOME = "Athena Calculation Guard Outcome";

  /** What a sweep found and nobody has stopped. */
  String WARNING = "Athena Calculation Guard Warning";

  /**
   * Publishes an event for each record, whose keys are its detail. Returns by the deadline those
   * that were refused even on a second try, with the reason in AWS's words.
   */
  Map<LogRecord, String> publish(String detailType, List<LogRecord> records, Deadline deadline);
}
