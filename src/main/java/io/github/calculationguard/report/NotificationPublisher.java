package io.github.calculationguard.report;

import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.PlainException;

/** Where people and programs hear of it. */
@FunctionalInterface
public interface NotificationPublisher {

  /**
   * Publishes, and is back by the deadline.
   *
   * @throws NotPublishedException if it could not be published, after all tries
   */
  void publish(Notification announcement, Deadline deadline);

  /** Nobody could be told. Repeating may help. */
  final class NotPublishedException extends PlainException {

    /**
     * @param why in AWS's words
     */
    public NotPublishedException(String why) {
      super(why);
    }
  }
}
