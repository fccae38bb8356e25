package io.github.calculationguard.aws;

import io.github.calculationguard.guard.Finding;
import io.github.calculationguard.guard.FindingPublisher;
import io.github.calculationguard.guard.Suspect.ActiveSession;
import io.github.calculationguard.guard.Suspect.RunningCalculation;
import io.github.calculationguard.report.Json;
import io.github.calculationguard.spark.Deadline;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.eventbridge.EventBridgeClient;
import software.amazon.awssdk.services.eventbridge.model.PutEventsRequestEntry;

/**
 * Puts orders on the guard's own event bus.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html">PutEvents</a>
 * @param bus its name or ARN
 */
public record EventBridgeFindings(EventBridgeClient eventBridge, String bus, InstantSource clock)
    implements FindingPublisher {

  /** PutEvents takes no more at once. */
  private static final int MOST_AT_ONCE = 10;

  @Override
  public List<Refused> place(List<Finding> findings, Deadline deadline) {
    var refused = new ArrayList<Refused>();
    for (var from = 0; from < findings.size(); from += MOST_AT_ONCE) {
      var some = findings.subList(from, Math.min(from + MOST_AT_ONCE, findings.size()));
      var again = put(some, deadline).stream().map(Refused::finding).toList();
      if (!again.isEmpty()) {
        refused.addAll(put(again, deadline));
      }
    }
    return refused;
  }

  /** An answer of 200 may still refuse some of the entries, each for its own reason. */
  private List<Refused> put(List<Finding> findings, Deadline deadline) {
    var entries = findings.stream().map(this::entry).toList();
    var refused = new ArrayList<Refused>();
    try {
      var by = AwsCalls.by(deadline, clock.instant());
      var answers =
          eventBridge.putEvents(r -> r.entries(entries).overrideConfiguration(by)).entries();
      for (var index = 0; index < findings.size(); index++) {
        var answer = answers.get(index);
        if (answer.errorCode() != null) {
          var why = answer.errorCode() + ": " + answer.errorMessage();
          refused.add(new Refused(findings.get(index), why));
        }
      }
    } catch (SdkException e) {
      var why = AwsCalls.message(e);
      findings.forEach(finding -> refused.add(new Refused(finding, why)));
    }
    return refused;
  }

  private PutEventsRequestEntry entry(Finding finding) {
    return PutEventsRequestEntry.builder()
        .eventBusName(bus)
        .source("calculation-guard")
        .detailType("Athena Spark Finding")
        .time(finding.foundAt())
        .detail(Json.line(detail(finding)))
        .build();
  }

  private static Map<String, Object> detail(Finding finding) {
    var detail = new LinkedHashMap<String, Object>();
    detail.put("version", "1");
    switch (finding.suspect()) {
      case RunningCalculation it -> {
        detail.put("target", "calculation");
        detail.put("calculationExecutionId", it.calculation().id().value());
      }
      case ActiveSession _ -> detail.put("target", "session");
    }
    var session = finding.suspect().session();
    var usage = finding.over().usage();
    detail.put("sessionId", session.id().value());
    detail.put("workGroup", session.workGroup());
    detail.put("rule", usage.rule().toString());
    detail.put("limit", number(usage.limit()));
    detail.put("observed", number(usage.observed()));
    var cost = finding.over().cost();
    if (cost != null) {
      var inWords = new LinkedHashMap<String, Object>();
      inWords.put("dpuHours", number(cost.dpuHours()));
      inWords.put("usd", number(cost.usd(finding.usdPerDpuHour())));
      inWords.put("basis", cost.basis().name());
      detail.put("cost", inWords);
    }
    detail.put("reason", finding.over().reason());
    detail.put("dryRun", false);
    var idleSince = finding.onlyIfIdleSince();
    if (idleSince != null) {
      detail.put("onlyIfIdleSince", idleSince.toString());
    }
    detail.put("foundAt", finding.foundAt().toString());
    detail.put("expiresAt", finding.expiresAt().toString());
    return detail;
  }

  /** Whole numbers without a point, others to the fourth place behind it. */
  private static Number number(double number) {
    var rounded = Math.round(number * 10_000) / 10_000.0;
    return rounded == Math.rint(rounded) ? (Number) (long) rounded : (Number) rounded;
  }
}
