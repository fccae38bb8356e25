package io.github.calculationguard.report;

import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.PlainException;

/** Where people and programs hear of it. */
@FunctionalInterface
public interface Announcements {

  /**
   * Publishes, and is back by the deadline.
   *
   * @throws NotAnnouncedException if it could not be published, after all tries
   */
  void publish(Announcement announcement, Deadline deadline);

  /** Nobody could be told. Repeating may help. */
  final class NotAnnouncedException extends PlainException {

    /**
     * @param why in AWS's words
     */
    public NotAnnouncedException(String why) {
      super(why);
    }
  }
}
