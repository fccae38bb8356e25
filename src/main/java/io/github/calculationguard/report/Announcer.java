package io.github.calculationguard.report;

import module java.base;

import io.github.calculationguard.report.NotificationPublisher.NotPublishedException;
import io.github.calculationguard.spark.Deadline;

/** Announces an outcome to people by a notification, and to programs by an event. */
public record Announcer(
    NotificationPublisher notifications, RecordPublisher events, InstantSource clock) {

  // The SDK's own timeout says what went wrong, and Lambda's comes a second later.
  private static final Duration MARGIN = Duration.ofMillis(100);

  /**
   * Sends both at the same time, so that the caller waits for the slower one only. The record notes
   * what failed.
   *
   * @return how many of the two failed
   */
  public int announce(Notification notification, Deadline deadline) {
    var record = notification.record();
    var event = new FutureTask<>(() -> refusal(record, deadline));
    Thread.ofVirtual().start(event);
    NotPublishedException unpublished = null;
    try {
      notifications.publish(notification, deadline);
    } catch (NotPublishedException e) {
      unpublished = e;
    } catch (RuntimeException e) {
      // A defect of ours must not hide what became of the request.
      unpublished = new NotPublishedException(e.toString(), null, e);
    }
    // Only now, because the record must not change while it is sent.
    var unsent = result(event, deadline);
    if (unpublished == null) {
      record.announced();
    } else {
      record.notAnnounced(unpublished);
    }
    if (unsent.isPresent()) {
      record.eventNotSent(unsent.get());
    }
    return (unpublished == null ? 0 : 1) + (unsent.isPresent() ? 1 : 0);
  }

  private Optional<String> refusal(LogRecord record, Deadline deadline) {
    var refused = events.publish(RecordPublisher.OUTCOME, List.of(record), deadline);
    return Optional.ofNullable(refused.get(record));
  }

  private Optional<String> result(Future<Optional<String>> event, Deadline deadline) {
    try {
      var left = deadline.left(clock.instant()).plus(MARGIN);
      return event.get(left.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      return Optional.of(String.valueOf(e.getCause()));
    } catch (TimeoutException e) {
      return Optional.of("AWS did not answer in time");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.of("it was interrupted");
    }
  }
}
