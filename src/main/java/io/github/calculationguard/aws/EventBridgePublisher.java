package io.github.calculationguard.aws;

import module java.base;

import io.github.calculationguard.guard.Finding;
import io.github.calculationguard.report.Handover;
import io.github.calculationguard.report.Json;
import io.github.calculationguard.report.LogRecord;
import io.github.calculationguard.report.NotificationPublisher.NotPublishedException;
import io.github.calculationguard.report.RecordPublisher;
import io.github.calculationguard.spark.Deadline;
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
    implements Finding.Publisher, Handover.Publisher, RecordPublisher {

  // PutEvents takes no more at once.
  private static final int MAX_BATCH = 10;

  @Override
  public Map<Finding, String> publish(List<Finding> findings, Deadline deadline) {
    return putAll(findings, this::entry, deadline);
  }

  @Override
  public Map<LogRecord, String> publish(
      String detailType, List<LogRecord> records, Deadline deadline) {
    return putAll(records, it -> entry(detailType, clock.instant(), it.fields()), deadline);
  }

  @Override
  public void publish(Handover handover, Deadline deadline) {
    var refused = putTwice(List.of(handover), this::entry, deadline);
    if (!refused.isEmpty()) {
      var why = refused.values().iterator().next();
      throw new NotPublishedException("Stop was sent, and not handed over: " + why, null, null);
    }
  }

  private <T> Map<T, String> putAll(
      List<T> all, Function<T, PutEventsRequestEntry> entry, Deadline deadline) {
    var refused = new LinkedHashMap<T, String>();
    for (var from = 0; from < all.size(); from += MAX_BATCH) {
      var batch = all.subList(from, Math.min(from + MAX_BATCH, all.size()));
      refused.putAll(putTwice(batch, entry, deadline));
    }
    return refused;
  }

  /** Puts what was refused once more. */
  private <T> Map<T, String> putTwice(
      List<T> batch, Function<T, PutEventsRequestEntry> entry, Deadline deadline) {
    var again = List.copyOf(put(batch, entry, deadline).keySet());
    return again.isEmpty() ? Map.of() : put(again, entry, deadline);
  }

  /** An answer of 200 may still refuse some of the entries, each for its own reason. */
  private <T> Map<T, String> put(
      List<T> batch, Function<T, PutEventsRequestEntry> entry, Deadline deadline) {
    var entries = batch.stream().map(entry).toList();
    var refused = new LinkedHashMap<T, String>();
    try {
      var by = AwsCalls.by(deadline, clock.instant());
      var answer = eventBridge.putEvents(r -> r.entries(entries).overrideConfiguration(by));
      for (var index = 0; index < batch.size(); index++) {
        var it = answer.entries().get(index);
        if (it.errorCode() != null) {
          refused.put(batch.get(index), it.errorCode() + ": " + it.errorMessage());
        }
      }
    } catch (SdkException e) {
      batch.forEach(it -> refused.put(it, AwsCalls.message(e)));
    }
    return refused;
  }

  private PutEventsRequestEntry entry(Finding finding) {
    return entry(Finding.DETAIL_TYPE, finding.snapshot().at(), finding.detail());
  }

  private PutEventsRequestEntry entry(Handover handover) {
    return entry(Handover.DETAIL_TYPE, clock.instant(), handover.detail());
  }

  private PutEventsRequestEntry entry(String detailType, Instant at, Map<String, Object> detail) {
    return PutEventsRequestEntry.builder()
        .eventBusName(bus)
        .source(Finding.SOURCE)
        .detailType(detailType)
        .time(at)
        .detail(Json.line(detail))
        .build();
  }
}
