package io.github.calculationguard.spark;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The event bus on which only the guard itself puts events. */
@FunctionalInterface
public interface InternalBus {

  /**
   * Puts each event, and what was refused once more. Ends by the deadline, and never throws:
   * whatever goes wrong must not hide what an event tells of.
   *
   * @return the events that were refused twice, by identity, each with the reason in AWS's words
   */
  Map<Event, String> put(List<Event> events, Deadline deadline);

  /**
   * An event.
   *
   * @param at when it happened
   * @param detail what is absent in it is left out
   */
  record Event(String detailType, Instant at, Map<String, ? extends @Nullable Object> detail) {}
}
