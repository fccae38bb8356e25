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

  /** Nobody could be notified. A later retry may help. */
  final class NotPublishedException extends RuntimeException {

    private final transient @Nullable AwsError awsError;

    /**
     * @param message AWS's own
     */
    public NotPublishedException(
        String message, @Nullable AwsError awsError, @Nullable Throwable cause) {
      super(message, cause);
      this.awsError = awsError;
    }

    @Nullable AwsError awsError() {
      return awsError;
    }

    @Override
    public String getMessage() {
      return String.valueOf(super.getMessage());
    }
  }
}
