package io.github.calculationguard.guard;

import io.github.calculationguard.spark.Deadline;
import java.util.List;

/** Where the orders of a sweep go. */
public interface FindingPublisher {

  /**
   * Passes orders on to those who may stop.
   *
   * @return those that could not be passed on, after a second try; the next sweep finds them again
   */
  List<Refused> place(List<Finding> findings, Deadline deadline);

  /**
   * An order that could not be passed on.
   *
   * @param why in the words of whoever refused it
   */
  record Refused(Finding finding, String why) {}
}
