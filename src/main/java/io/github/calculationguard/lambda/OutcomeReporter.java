package io.github.calculationguard.lambda;

import io.github.calculationguard.report.InvocationInfo;
import io.github.calculationguard.report.LogRecord;
import io.github.calculationguard.report.Metrics;
import io.github.calculationguard.report.Notification;
import io.github.calculationguard.report.NotificationPublisher;
import io.github.calculationguard.report.NotificationPublisher.NotPublishedException;
import io.github.calculationguard.stop.Request;
import io.github.calculationguard.stop.Request.InvalidRequest;
import io.github.calculationguard.stop.StopReport.Unresolved;
import io.github.calculationguard.stop.StopResult;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
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
  private final Map<String, Instant> mistakes = new LinkedHashMap<>();

  OutcomeReporter(NotificationPublisher publisher, InstantSource clock, String service) {
    this.publisher = publisher;
    this.clock = clock;
    this.service = service;
  }

  /** Reports an outcome. What goes wrong on the way becomes a part of the record. */
  Reported report(Request request, StopResult result, InvocationInfo info, JsonLogger log) {
    Reported reported;
    try {
      reported = describe(request, result, info);
    } catch (RuntimeException e) {
      // A defect of ours must not hide a stop, so it is reported without what we know of it.
      var reason = "the guard failed to describe it: " + e;
      var bare = new StopResult(result.outcome(), reason, null, result.effort());
      reported = describe(request, bare, info);
      reported.record().error(e);
    }
    var metrics = Metrics.of(reported.result(), info.usdPerDpuHour());
    if (isWorthPublishing(request)) {
      try {
        publisher.publish(reported.message(), request.metadata().deadline());
        reported.record().announced();
      } catch (NotPublishedException e) {
        // A lost message must not hide a stop either.
        reported.record().notAnnounced(e);
        metrics.count("AnnouncementFailures", 1);
      }
    }
    log.write(reported.record());
    log.write(metrics, service, clock.instant());
    return reported;
  }

  private Reported describe(Request request, StopResult result, InvocationInfo info) {
    var record = LogRecord.of(request, result, info, clock.instant());
    return new Reported(result, record, Notification.of(request, result, record, info));
  }

  /** Reports what must be repeated. */
  LogRecord failure(Request request, Unresolved unresolved, InvocationInfo info, JsonLogger log) {
    var record = LogRecord.failure(request, unresolved, info, clock.instant());
    log.write(record);
    if (!(request instanceof Request.DescribeRequest)) {
      log.write(Metrics.ofFailure(), service, clock.instant());
    }
    return record;
  }

  /** Whether anybody but the caller should hear of it. */
  private boolean isWorthPublishing(Request request) {
    return switch (request) {
      case Request.StopRequest _ -> true;
      case Request.DescribeRequest _, Request.KeepAlive _ -> false;
      case InvalidRequest invalid -> invalid.isAddressed() && isNewMistake(invalid.reason());
    };
  }

  private boolean isNewMistake(String reason) {
    var now = clock.instant();
    mistakes.values().removeIf(at -> !now.isBefore(at.plus(BETWEEN_SAME_MISTAKES)));
    return mistakes.size() < MAX_MISTAKES && mistakes.putIfAbsent(reason, now) == null;
  }
}
