package io.github.calculationguard.report;

import io.github.calculationguard.spark.AthenaSparkException.AwsError;
import io.github.calculationguard.spark.Deadline;
import org.jspecify.annotations.Nullable;

/** Notifies people and programs. */
@FunctionalInterface
public interface NotificationPublisher {

  /**
   * Publishes, and returns by the deadline.
   *
   * @throws NotPublishedException if it could not be published, even after the SDK's retries
   */
  void publish(Notification notification, Deadline deadline);

  /** A notification or a hand-over could not be published. A later retry may help. */
  final class NotPublishedException extends RuntimeException {

    private final transient @Nullable AwsError awsError;

    /** With AWS's own message. */
    public NotPublishedException(
        String message, @Nullable AwsError awsError, @Nullable Throwable cause) {
      super(message, cause);
      this.awsError = awsError;
    }

    @Nullable AwsError awsError() {
      return awsError;
    }
  }
}
