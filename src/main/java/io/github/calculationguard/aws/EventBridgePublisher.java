package io.github.calculationguard.aws;

import module java.base;

import io.github.calculationguard.report.Json;
import io.github.calculationguard.spark.*;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.eventbridge.EventBridgeClient;
import software.amazon.awssdk.services.eventbridge.model.PutEventsRequestEntry;

/**
 * Publishes findings, hand-overs, outcomes and warnings on the guard's own event bus.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html">PutEvents</a>
 * @param bus its name or ARN
 */
public record EventBridgePublisher(EventBridgeClient eventBridge, String bus, InstantSource clock)
    implements InternalBus {

  // PutEvents takes no more at once.
  private static final int MAX_BATCH = 10;

  @Override
  public Map<Event, String> put(List<Event> events, Deadline deadline) {
    var refused = putOnce(events, deadline);
    return putOnce(events.stream().filter(refused::containsKey).toList(), deadline);
  }

  private Map<Event, String> putOnce(List<Event> events, Deadline deadline) {
    var refused = new IdentityHashMap<Event, String>();
    for (var from = 0; from < events.size(); from += MAX_BATCH) {
      var batch = events.subList(from, Math.min(from + MAX_BATCH, events.size()));
      try {
        putBatch(batch, refused, deadline);
      } catch (RuntimeException e) {
        var why = e instanceof SdkException it ? AwsCalls.message(it) : e.toString();
        batch.forEach(it -> refused.put(it, why));
      }
    }
    return refused;
  }

  /** An answer of 200 may still refuse some of the entries, each for its own reason. */
  private void putBatch(List<Event> batch, Map<Event, String> refused, Deadline deadline) {
    var entries = batch.stream().map(this::entry).toList();
    var by = AwsCalls.by(deadline, clock.instant());
    var answers =
        eventBridge.putEvents(r -> r.entries(entries).overrideConfiguration(by)).entries();
    if (answers.size() != batch.size()) {
      throw SdkClientException.create("EventBridge did not answer for each event");
    }
    for (var index = 0; index < batch.size(); index++) {
      var it = answers.get(index);
      if (it.errorCode() != null) {
        refused.put(batch.get(index), it.errorCode() + ": " + it.errorMessage());
      }
    }
  }

  private PutEventsRequestEntry entry(Event event) {
    return PutEventsRequestEntry.builder()
        .eventBusName(bus)
        .source(InternalBus.SOURCE)
        .detailType(event.detailType())
        .time(event.at())
        .detail(Json.line(event.detail()))
        .build();
  }
}
