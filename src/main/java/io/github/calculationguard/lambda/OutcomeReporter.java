package io.github.calculationguard.lambda;

import io.github.calculationguard.report.LogRecord;
import io.github.calculationguard.report.Metrics;
import io.github.calculationguard.report.Notification;
import io.github.calculationguard.report.NotificationPublisher;
import io.github.calculationguard.report.NotificationPublisher.NotPublishedException;
import io.github.calculationguard.report.StopMessage;
import io.github.calculationguard.stop.Request;
import io.github.calculationguard.stop.Request.DescribeRequest;
import io.github.calculationguard.stop.Request.InvalidRequest;
import io.github.calculationguard.stop.StopReport.Unresolved;
import io.github.calculationguard.stop.StopResult;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;

/** Logs, counts and publishes what became of the requests of one function. */
final class OutcomeReporter {

  /** One outcome as it was reported. */
  record Reported(StopResult result, LogRecord record, Notification message) {

    /** Whether somebody should have been notified, and was not. */
    boolean isLost() {
      return Boolean.FALSE.equals(record.fields().get("announced"));
    }
  }

  private static final Duration BETWEEN_SAME_MISTAKES = Duration.ofHours(1);
  // Each is a line of text; more mistakes than these at once are one mistake.
  private static final int MAX_MISTAKES = 100;

  private final NotificationPublisher publisher;
  private final InstantSource clock;
  private final String service;
  private final Map<String, Instant> mistakes = new HashMap<>();

  OutcomeReporter(NotificationPublisher publisher, InstantSource clock, String service) {
    this.publisher = publisher;
    this.clock = clock;
    this.service = service;
  }

  /** Reports an outcome. What goes wrong on the way becomes a part of the record. */
  Reported report(Request request, StopResult result, Invocation invocation) {
    Reported reported;
    try {
      reported = describe(request, result, invocation);
    } catch (RuntimeException e) {
      // A defect of ours must not hide a stop, so it is reported without what we know of it.
      var reason = "the guard failed to describe it: " + e;
      var bare = new StopResult(result.outcome(), reason, null, result.effort());
      reported = describe(request, bare, invocation);
      reported.record().error(e);
    }
    var metrics = Metrics.of(reported.result(), invocation.info().usdPerDpuHour());
    if (!(request instanceof InvalidRequest invalid) || isNewMistake(invalid)) {
      try {
        publisher.publish(reported.message(), request.metadata().deadline());
        reported.record().announced();
      } catch (NotPublishedException e) {
        // A lost message must not hide a stop either.
        reported.record().notAnnounced(e);
        metrics.count("AnnouncementFailures", 1);
      }
    }
    invocation.log(reported.record());
    invocation.log(metrics, service, clock.instant());
    return reported;
  }

  private Reported describe(Request request, StopResult result, Invocation invocation) {
    var record = LogRecord.of(request, result, invocation.info(), clock.instant());
    var message = StopMessage.of(request, result, record, invocation.info());
    return new Reported(result, record, message);
  }

  /** Reports what must be repeated. */
  LogRecord failure(Request request, Unresolved unresolved, Invocation invocation) {
    var now = clock.instant();
    var record = LogRecord.failure(request, unresolved, invocation.info(), now);
    invocation.log(record);
    if (!(request instanceof DescribeRequest)) {
      invocation.log(Metrics.ofFailure(), service, now);
    }
    return record;
  }

  /** Whether a mistake is one that somebody must hear of, and was not reported in the last hour. */
  private boolean isNewMistake(InvalidRequest request) {
    var now = clock.instant();
    mistakes.values().removeIf(at -> !now.isBefore(at.plus(BETWEEN_SAME_MISTAKES)));
    return request.isAddressed()
        && mistakes.size() < MAX_MISTAKES
        && mistakes.putIfAbsent(request.reason(), now) == null;
  }
}
