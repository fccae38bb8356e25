package io.github.calculationguard.report;

import module java.base;

import io.github.calculationguard.spark.*;
import io.github.calculationguard.spark.InternalBus.Event;
import org.jspecify.annotations.Nullable;

/** Announces an outcome to people by a notification, and to programs by an event. */
public record Announcer(NotificationPublisher notifications, InternalBus bus, InstantSource clock) {

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
    var event = new Event(InternalBus.OUTCOME, clock.instant(), record.fields());
    var unsent = new AtomicReference<@Nullable String>("AWS did not answer in time");
    var sending = Thread.ofVirtual().start(() -> unsent.set(send(event, deadline)));
    var failures = 0;
    try {
      notifications.publish(notification, deadline);
      record.announced();
    } catch (RuntimeException e) {
      // Not even a defect of ours may hide what became of the request.
      record.notAnnounced(e);
      failures++;
    }
    try {
      sending.join(deadline.left(clock.instant()).plus(MARGIN));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      unsent.set("it was interrupted");
    }
    var why = unsent.get();
    if (why != null) {
      record.eventNotSent(why);
      failures++;
    }
    return failures;
  }

  private @Nullable String send(Event event, Deadline deadline) {
    try {
      return bus.put(List.of(event), deadline).get(event);
    } catch (RuntimeException | Error e) {
      return e.toString();
    }
  }
}
