package io.github.calculationguard.lambda;

import static java.util.concurrent.CompletableFuture.supplyAsync;

import module java.base;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import io.github.calculationguard.guard.Inventory.Failure;
import io.github.calculationguard.guard.RateLimiter;
import io.github.calculationguard.guard.Sweep;
import io.github.calculationguard.guard.SweepReport;
import io.github.calculationguard.guard.SweepReport.Judged;
import io.github.calculationguard.report.LogRecord;
import io.github.calculationguard.report.Metrics;
import io.github.calculationguard.report.NotificationPublisher;
import io.github.calculationguard.report.RecordPublisher;
import io.github.calculationguard.report.SweepRecord;
import io.github.calculationguard.spark.AthenaSparkException;
import org.jspecify.annotations.Nullable;

/** Sweeps once, whatever the event. */
public final class SweepHandler
    implements RequestHandler<Map<String, Object>, Map<String, Object>> {

  /** So many calls at once: one after the other, slow ones could take more time than is left. */
  private static final int AT_ONCE = 5;

  private final InstantSource clock;
  private final Invocation.Factory invocations;
  private final String service;
  private final Sweep sweep;
  private final NotificationPublisher publisher;
  private final RecordPublisher events;

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
    var bus = clients.eventBridge(busName, clock);
    sweep = new Sweep(athena, limiter, bus, warnings, clock, policy);
    events = bus;
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
      var findings = record.findings();
      var untagged = new ArrayList<Failure>();
      var failures = announce(report, findings, untagged, invocation);
      var lines = record.lines();
      lines.addAll(findings.values());
      lines.addAll(failures);
      untagged.forEach(it -> lines.add(record.failure(it)));
      lines.forEach(invocation::log);
      var metrics = record.metrics(untagged.size());
      var failed = failures.size() + lines.stream().filter(it -> it.isFalse("event_sent")).count();
      if (failed > 0) {
        metrics.count("AnnouncementFailures", failed);
      }
      invocation.log(metrics, service, clock.instant());
      return lines.getFirst().fields();
    } catch (AthenaSparkException e) {
      invocation.log(
          LogRecord.sweepFailure(null, e, invocation.place(), invocation.info(), invocation.now()));
      invocation.log(new Metrics().count("SweepFailures", 1), service, clock.instant());
      throw new SweepFailedException(e);
    }
  }

  /**
   * Sends the messages and the events of what is new, a few at once, and notes in the findings
   * which events failed.
   *
   * @param untagged gets the warnings that could not be written down
   * @return the lines of the messages that failed
   */
  private List<LogRecord> announce(
      SweepReport report,
      Map<Judged, LogRecord> findings,
      List<Failure> untagged,
      Invocation invocation) {
    var unsent = sweep.news().unsent(report);
    var records = unsent.stream().map(findings::get).toList();
    var failures = new ArrayList<LogRecord>();
    try (var threads = Executors.newFixedThreadPool(AT_ONCE, Thread.ofVirtual().factory())) {
      var sending = supplyAsync(() -> refused(records, invocation), threads);
      var parts = report.notifications();
      var publishing =
          parts.stream().map(it -> supplyAsync(() -> publish(it, invocation), threads)).toList();
      for (var part = 0; part < parts.size(); part++) {
        var failure = publishing.get(part).join();
        if (failure.isPresent()) {
          failures.add(failure.get());
        } else {
          untagged.addAll(sweep.news().notified(parts.get(part), invocation.end()));
        }
      }
      var refused = sending.join();
      for (var it : unsent) {
        var record = Objects.requireNonNull(findings.get(it));
        if (refused.containsKey(record)) {
          record.eventNotSent(String.valueOf(refused.get(record)));
        } else {
          sweep.news().sent(it);
        }
      }
    }
    return failures;
  }

  /** One that fails does not keep the others from being published. */
  private Optional<LogRecord> publish(SweepReport part, Invocation it) {
    var record = new SweepRecord(part, it.info(), service);
    try {
      publisher.publish(record.notification(), it.end());
      return Optional.empty();
    } catch (RuntimeException e) {
      return Optional.of(record.notNotified(e, it.now()));
    }
  }

  private Map<LogRecord, String> refused(List<LogRecord> records, Invocation it) {
    try {
      return events.publish(RecordPublisher.WARNING, records, it.end());
    } catch (RuntimeException e) {
      return records.stream().collect(Collectors.toMap(Function.identity(), _ -> e.toString()));
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
