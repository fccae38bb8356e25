package io.github.calculationguard.aws;

import module java.base;

import io.github.calculationguard.guard.Finding;
import io.github.calculationguard.report.Json;
import io.github.calculationguard.spark.Deadline;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.eventbridge.EventBridgeClient;
import software.amazon.awssdk.services.eventbridge.model.PutEventsRequestEntry;

/**
 * Publishes findings on the guard's own event bus.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html">PutEvents</a>
 * @param bus its name or ARN
 */
public record EventBridgeFindings(EventBridgeClient eventBridge, String bus, InstantSource clock)
    implements Finding.Publisher {

  // PutEvents takes no more at once.
  private static final int MAX_BATCH = 10;

  @Override
  public Map<Finding, String> publish(List<Finding> findings, Deadline deadline) {
    var refused = new LinkedHashMap<Finding, String>();
    for (var from = 0; from < findings.size(); from += MAX_BATCH) {
      var batch = findings.subList(from, Math.min(from + MAX_BATCH, findings.size()));
      var again = List.copyOf(put(batch, deadline).keySet());
      if (!again.isEmpty()) {
        refused.putAll(put(again, deadline));
      }
    }
    return refused;
  }

  /** An answer of 200 may still refuse some of the entries, each for its own reason. */
  private Map<Finding, String> put(List<Finding> findings, Deadline deadline) {
    var entries = findings.stream().map(this::entry).toList();
    var refused = new LinkedHashMap<Finding, String>();
    try {
      var by = AwsCalls.by(deadline, clock.instant());
      var answer = eventBridge.putEvents(r -> r.entries(entries).overrideConfiguration(by));
      for (var index = 0; index < findings.size(); index++) {
        var it = answer.entries().get(index);
        if (it.errorCode() != null) {
          refused.put(findings.get(index), it.errorCode() + ": " + it.errorMessage());
        }
      }
    } catch (SdkException e) {
      findings.forEach(finding -> refused.put(finding, AwsCalls.message(e)));
    }
    return refused;
  }

  private PutEventsRequestEntry entry(Finding finding) {
    return PutEventsRequestEntry.builder()
        .eventBusName(bus)
        .source(Finding.SOURCE)
        .detailType(Finding.DETAIL_TYPE)
        .time(finding.snapshot().at())
        .detail(Json.line(finding.detail()))
        .build();
  }
}
