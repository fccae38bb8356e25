package io.github.calculationguard.report;

import module java.base;

import io.github.calculationguard.spark.*;
import io.github.calculationguard.spark.InternalBus.Event;
import org.jspecify.annotations.Nullable;

/** Announces an outcome to people by a notification, and to programs by an event. */
public record Announcer(NotificationPublisher notifications, InternalBus bus, InstantSource clock) {

  /** The type of the event that says what became of a stop request. */
  public static final String DETAIL_TYPE = "Athena Calculation Guard Outcome";

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
    var event = new Event(DETAIL_TYPE, clock.instant(), record.fields());
    var unsent = new AtomicReference<@Nullable String>("AWS did not answer in time");
    var sending =
        Thread.ofVirtual().start(() -> unsent.set(bus.put(List.of(event), deadline).get(event)));
    RuntimeException unpublished = null;
    try {
      notifications.publish(notification, deadline);
    } catch (RuntimeException e) {
      // Not even a defect of ours may hide what became of the request.
      unpublished = e;
    }
    try {
      sending.join(deadline.left(clock.instant()).plus(MARGIN));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // Only now, because the record must not change while it is sent.
    if (unpublished == null) {
      record.announced();
    } else {
      record.notAnnounced(unpublished);
    }
    var why = unsent.get();
    if (why != null) {
      record.eventNotSent(why);
    }
    return (unpublished == null ? 0 : 1) + (why == null ? 0 : 1);
  }
}
