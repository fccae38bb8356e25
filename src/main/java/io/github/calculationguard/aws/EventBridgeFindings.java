package io.github.calculationguard.aws;

import module java.base;

import io.github.calculationguard.guard.Finding;
import io.github.calculationguard.guard.Finding.Refused;
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
  public List<Refused> publish(List<Finding> findings, Deadline deadline) {
    var refused = new ArrayList<Refused>();
    for (var from = 0; from < findings.size(); from += MAX_BATCH) {
      var batch = findings.subList(from, Math.min(from + MAX_BATCH, findings.size()));
      var again = put(batch, deadline).stream().map(Refused::finding).toList();
      if (!again.isEmpty()) {
        refused.addAll(put(again, deadline));
      }
    }
    return refused;
  }

  /** An answer of 200 may still refuse some of the entries, each for its own reason. */
  private List<Refused> put(List<Finding> findings, Deadline deadline) {
    var entries = findings.stream().map(this::entry).toList();
    try {
      var by = AwsCalls.by(deadline, clock.instant());
      var answer = eventBridge.putEvents(r -> r.entries(entries).overrideConfiguration(by));
      var refused = new ArrayList<Refused>();
      for (var index = 0; index < findings.size(); index++) {
        var it = answer.entries().get(index);
        if (it.errorCode() != null) {
          var why = it.errorCode() + ": " + it.errorMessage();
          refused.add(new Refused(findings.get(index), why));
        }
      }
      return refused;
    } catch (SdkException e) {
      var why = AwsCalls.message(e);
      return findings.stream().map(finding -> new Refused(finding, why)).toList();
    }
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
