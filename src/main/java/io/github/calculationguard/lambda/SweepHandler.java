package io.github.calculationguard.lambda;

import module java.base;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import io.github.calculationguard.guard.RateLimiter;
import io.github.calculationguard.guard.Sweep;
import io.github.calculationguard.guard.SweepReport;
import io.github.calculationguard.report.Metrics;
import io.github.calculationguard.report.NotificationPublisher;
import io.github.calculationguard.report.NotificationPublisher.NotPublishedException;
import io.github.calculationguard.report.SweepRecord;
import io.github.calculationguard.spark.AthenaSparkException;
import org.jspecify.annotations.Nullable;

/** Sweeps once, whatever the event. */
public final class SweepHandler
    implements RequestHandler<Map<String, Object>, Map<String, Object>> {

  private final InstantSource clock;
  private final Invocation.Factory invocations;
  private final String service;
  private final Sweep sweep;
  private final NotificationPublisher publisher;

  /** For Lambda. Fails with a message that names each variable that is missing or wrong. */
  public SweepHandler() {
    this(new Configuration(System.getenv()), InstantSource.system(), SweepHandler::sleep);
  }

  SweepHandler(Configuration configuration, InstantSource clock, Consumer<Duration> sleep) {
    this.clock = clock;
    invocations = new Invocation.Factory(configuration, clock);
    service = configuration.service();
    var clients = configuration.clients();
    var policy = configuration.policy();
    var limiter = new RateLimiter(configuration.callsPerSecond(), clock, sleep);
    var busName = configuration.busName();
    var topicArn = configuration.topicArn();
    configuration.check();
    var athena = clients.athena(clock, limiter);
    var warnings = clients.warnings(clock, limiter);
    var findings = clients.eventBridge(busName, clock);
    sweep = new Sweep(athena, limiter, findings, warnings, clock, policy);
    publisher = clients.sns(topicArn, clock);
  }

  /**
   * Returns the summary. If nobody could be notified, the next sweep tries again.
   *
   * @throws SweepFailedException if not even the workgroups could be listed
   */
  @Override
  public Map<String, Object> handleRequest(@Nullable Map<String, Object> event, Context context) {
    var invocation = invocations.next(context, null);
    try {
      var report = sweep.run(invocation.place(), invocation.end());
      var record = new SweepRecord(report, invocation.info(), service);
      var records = record.lines();
      records.forEach(invocation::log);
      var metrics = record.metrics();
      if (!report.news().isEmpty() && !notified(report, record, invocation)) {
        metrics.count("AnnouncementFailures", 1);
      }
      invocation.log(metrics, service, clock.instant());
      return records.getFirst().fields();
    } catch (AthenaSparkException e) {
      logFailure(null, e, invocation);
      invocation.log(new Metrics().count("SweepFailures", 1), service, clock.instant());
      throw new SweepFailedException(e);
    }
  }

  private boolean notified(SweepReport report, SweepRecord record, Invocation invocation) {
    try {
      publisher.publish(record.notification(), invocation.end());
      var failures = sweep.notified(report, invocation.end());
      if (!failures.isEmpty()) {
        failures.forEach(it -> invocation.log(record.failure(it)));
        var count = new Metrics().count("SweepFailures", failures.size());
        invocation.log(count, service, clock.instant());
      }
      return true;
    } catch (NotPublishedException e) {
      logFailure("notification", e, invocation);
      return false;
    }
  }

  private static void logFailure(@Nullable String subject, RuntimeException e, Invocation it) {
    it.log(SweepRecord.ofFailure(subject, e, it.place(), it.info(), it.now()));
  }

  static void sleep(Duration duration) {
    try {
      Thread.sleep(duration);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Not even the workgroups could be listed. */
  public static final class SweepFailedException extends RuntimeException {
    SweepFailedException(AthenaSparkException cause) {
      super(cause.getMessage(), cause, false, false);
    }
  }
}
