package io.github.calculationguard.lambda;

import static java.util.concurrent.CompletableFuture.supplyAsync;

import module java.base;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import io.github.calculationguard.guard.*;
import io.github.calculationguard.guard.Inventory.Failure;
import io.github.calculationguard.guard.SweepReport.Judged;
import io.github.calculationguard.report.*;
import io.github.calculationguard.spark.*;
import io.github.calculationguard.spark.InternalBus.Event;
import org.jspecify.annotations.Nullable;

/** Sweeps once, whatever the event. */
public final class SweepHandler
    implements RequestHandler<Map<String, Object>, Map<String, Object>> {

  /** Concurrent messages. One after the other, slow ones could miss the deadline. */
  private static final int AT_ONCE = 5;

  private final InstantSource clock;
  private final Invocation.Factory invocations;
  private final Sweep sweep;
  private final NotificationPublisher publisher;
  private final InternalBus bus;

  public SweepHandler() {
    this(new Configuration(System.getenv()), InstantSource.system(), SweepHandler::sleep);
  }

  SweepHandler(Configuration configuration, InstantSource clock, Consumer<Duration> sleep) {
    this.clock = clock;
    invocations = new Invocation.Factory(configuration, clock);
    var clients = configuration.clients();
    var policy = configuration.policy();
    var limiter = new RateLimiter(configuration.callsPerSecond(), 1, clock, sleep);
    var busName = configuration.busName();
    var topicArn = configuration.topicArn();
    configuration.check();
    var athena = clients.athena(clock, limiter);
    bus = clients.eventBridge(busName, clock);
    sweep = new Sweep(athena, limiter, bus, athena, clock, policy);
    publisher = clients.sns(topicArn, clock);
  }

  /**
   * Returns the summary. If nobody could be notified, the next sweep tries again.
   *
   * @throws AthenaSparkException if not even the workgroups could be listed
   */
  @Override
  public Map<String, Object> handleRequest(@Nullable Map<String, Object> event, Context context) {
    var invocation = invocations.next(context, null);
    try {
      var report = sweep.run(invocation.place(), invocation.end());
      var record = new SweepRecord(report, invocation.info(), invocation.service());
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
      invocation.log(metrics, clock.instant());
      return lines.getFirst().fields();
    } catch (RuntimeException e) {
      invocation.log(
          LogRecord.sweepFailure(null, e, invocation.place(), invocation.info(), invocation.now()));
      invocation.log(new Metrics().count("SweepFailures", 1), clock.instant());
      throw e;
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
    record Published(SweepReport part, @Nullable LogRecord failure) {}
    var now = clock.instant();
    var events = new LinkedHashMap<Judged, Event>();
    for (var it : sweep.news().unsent(report)) {
      var record = Objects.requireNonNull(findings.get(it));
      events.put(it, new Event(InternalBus.WARNING, now, record.fields()));
    }
    var sending =
        supplyAsync(
            () -> bus.put(List.copyOf(events.values()), invocation.end()),
            Thread::startVirtualThread);
    var failures = new ArrayList<LogRecord>();
    // All messages first, because tags are set at a limited rate.
    var published =
        report.notifications().stream()
            .gather(
                Gatherers.mapConcurrent(AT_ONCE, it -> new Published(it, publish(it, invocation))))
            .toList();
    for (var it : published) {
      if (it.failure() == null) {
        untagged.addAll(sweep.news().notified(it.part(), invocation.end()));
      } else {
        failures.add(it.failure());
      }
    }
    var refused = sending.join();
    events.forEach(
        (it, event) -> {
          var why = refused.get(event);
          if (why == null) {
            sweep.news().sent(it);
          } else {
            Objects.requireNonNull(findings.get(it)).eventNotSent(why);
          }
        });
    return failures;
  }

  /** A failure does not prevent the other messages. */
  private @Nullable LogRecord publish(SweepReport part, Invocation it) {
    var record = new SweepRecord(part, it.info(), it.service());
    try {
      publisher.publish(record.notification(), it.end());
      return null;
    } catch (RuntimeException e) {
      return record.notNotified(e, it.now());
    }
  }

  static void sleep(Duration duration) {
    try {
      Thread.sleep(duration);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
