package io.github.calculationguard.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import io.github.calculationguard.guard.RateLimiter;
import io.github.calculationguard.guard.Sweep;
import io.github.calculationguard.guard.SweepReport;
import io.github.calculationguard.report.InvocationInfo;
import io.github.calculationguard.report.Metrics;
import io.github.calculationguard.report.NotificationPublisher;
import io.github.calculationguard.report.NotificationPublisher.NotPublishedException;
import io.github.calculationguard.report.SweepRecord;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.Deadline;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Sweeps once, whatever the event: to be sent one means "look now". */
public final class SweepHandler
    implements RequestHandler<Map<String, Object>, Map<String, Object>> {

  private final InstantSource clock;
  private final String stack;
  private final double usdPerDpuHour;
  private final String version = Configuration.guardVersion();
  private final Sweep sweep;
  private final NotificationPublisher publisher;
  private boolean coldStart = true;

  /**
   * For Lambda.
   *
   * @throws Configuration.InvalidConfigurationException naming each variable of the environment
   *     that is missing or wrong
   */
  public SweepHandler() {
    this(new Configuration(System.getenv()), InstantSource.system(), SweepHandler::sleep);
  }

  SweepHandler(Configuration configuration, InstantSource clock, Consumer<Duration> sleep) {
    this.clock = clock;
    stack = configuration.service();
    usdPerDpuHour = configuration.usdPerDpuHour();
    var clients = configuration.clients();
    var policy = configuration.policy();
    var limiter = new RateLimiter(configuration.callsPerSecond(), clock, sleep);
    var busName = configuration.busName();
    var topicArn = configuration.topicArn();
    configuration.check();
    var resources = clients.resources();
    var athena = clients.athena(resources, clock, limiter);
    var findings = clients.eventBridge(resources, busName, clock);
    sweep = new Sweep(athena, limiter, findings, clock, policy);
    publisher = clients.sns(resources, topicArn, clock);
  }

  /**
   * Answers with the report. What could not be announced is announced by the next sweep.
   *
   * @throws SweepFailedException if not even the workgroups could be listed; the next sweep tries
   *     again
   */
  @Override
  public Map<String, Object> handleRequest(@Nullable Map<String, Object> event, Context context) {
    var arrival = Invocation.of(context, null, false, clock.instant());
    var teller = new InvocationInfo(version, arrival.requestId(), coldStart, usdPerDpuHour);
    coldStart = false;
    var log = new JsonLogger(context.getLogger());
    var deadline = new Deadline(arrival.end());
    try {
      var report = sweep.run(arrival.place(), deadline);
      var record = new SweepRecord(report, teller, stack);
      var lines = record.lines();
      lines.forEach(log::write);
      var metrics = record.metrics();
      if (!report.news().isEmpty() && !announce(report, record, deadline)) {
        metrics.count("AnnouncementFailures", 1);
      }
      log.write(metrics, stack, clock.instant());
      return lines.getFirst().fields();
    } catch (AthenaSparkException e) {
      log.write(SweepRecord.ofFailure(e.getMessage(), arrival.place(), teller, arrival.now()));
      log.write(new Metrics().count("SweepFailures", 1), stack, clock.instant());
      throw new SweepFailedException(e);
    }
  }

  private boolean announce(SweepReport report, SweepRecord record, Deadline deadline) {
    try {
      publisher.publish(record.notification(), deadline);
      sweep.notified(report);
      return true;
    } catch (NotPublishedException e) {
      return false;
    }
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
