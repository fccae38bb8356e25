package io.github.calculationguard.spark;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The event bus on which only the guard itself puts events. */
@FunctionalInterface
public interface InternalBus {

  /** The source of all of them. */
  String SOURCE = "calculation-guard";

  /** The type of the event that says what became of a stop request. */
  String OUTCOME = "Athena Calculation Guard Outcome";

  /** The type of the event that says what a sweep found and nobody has stopped. */
  String WARNING = "Athena Calculation Guard Warning";

  /**
   * Puts each event, and what was refused once more. Ends by the deadline, and never throws:
   * whatever goes wrong must not hide what an event tells of.
   *
   * @return those of these events that were refused twice, each with the reason in AWS's words
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
