package io.github.calculationguard.lambda;

import module java.base;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import io.github.calculationguard.aws.AwsClients;
import io.github.calculationguard.lambda.Configuration.Budgets;
import io.github.calculationguard.report.*;
import io.github.calculationguard.report.NotificationPublisher.NotPublishedException;
import io.github.calculationguard.spark.*;
import io.github.calculationguard.spark.AthenaSparkException.*;
import io.github.calculationguard.stop.*;
import io.github.calculationguard.stop.StopReport.Unresolved;
import org.crac.Core;
import org.jspecify.annotations.Nullable;

/**
 * Takes a stop request in any accepted shape, carries it out, reports what became of it, and
 * replies.
 */
public final class StopHandler implements RequestHandler<Map<String, Object>, Object> {

  /** Where the runtime interface client leaves the trace header of an invocation. */
  static final String TRACE_PROPERTY = "com.amazonaws.xray.traceHeader";

  private static final String CONTINUES =
      "the guard continues in the background and announces the result";
  private static final Duration BETWEEN_SAME_REASONS = Duration.ofHours(1);
  // Bounds memory: more reasons than this are only logged and counted.
  private static final int MAX_REASONS = 100;

  final Invocation.Factory invocations;
  private final Budgets budgets;
  private final StopService service;
  private final Announcer announcer;
  private final InternalBus bus;
  private final InstantSource clock;
  private final Map<String, Instant> announcedInvalid = new HashMap<>();
  private @Nullable Priming priming;

  public StopHandler() {
    var configuration = new Configuration(System.getenv());
    var clients = configuration.clients();
    var clock = InstantSource.system();
    this(configuration, clients, clock, StopHandler::sleep);
    // The CRaC context holds resources weakly, so this field keeps it alive.
    priming = new Priming(configuration, clients, clock);
    Core.getGlobalContext().register(priming);
  }

  StopHandler(
      Configuration configuration,
      AwsClients clients,
      InstantSource clock,
      Consumer<Duration> sleep) {
    var athena = clients.athena(clock);
    var sns = clients.sns(configuration.topicArn(), clock);
    var bus = clients.eventBridge(configuration.busName(), clock);
    this(configuration, athena, sns, bus, clock, sleep);
  }

  StopHandler(
      Configuration configuration,
      AthenaSpark athena,
      NotificationPublisher publisher,
      InternalBus bus,
      InstantSource clock,
      Consumer<Duration> sleep) {
    announcer = new Announcer(publisher, bus, clock);
    this.bus = bus;
    this.clock = clock;
    invocations = new Invocation.Factory(configuration, clock);
    budgets = configuration.budgets();
    // Parallel calls need more connections. On the first request, opening them costs more than it
    // saves.
    var reader = new Snapshot.Reader(athena, configuration.ownerTag(), clock, invocations::isWarm);
    var findings = new FindingRecheck(athena, clock);
    service = new StopService(athena, configuration.escalation(), reader, findings, clock, sleep);
    configuration.check();
  }

  /**
   * Throws only if a retry may help and no caller waits. Then Lambda delivers the event again, and
   * at last sends it to the dead-letter queue.
   */
  @Override
  public Object handleRequest(@Nullable Map<String, Object> event, Context context) {
    var invocation = invocations.next(context, System.getProperty(TRACE_PROPERTY));
    return handle(event == null ? Map.of() : event, invocation);
  }

  Object handle(Map<String, Object> event, Invocation invocation) {
    var parser = new RequestParser(event, invocation, budgets);
    var http = parser.httpReply();
    return switch (parser.parse()) {
      case Request.StopRequest request -> {
        var report = service.markReturned(request, service.stop(request));
        yield reply(request, report, invocation, http);
      }
      case Request.InvalidRequest request -> {
        var result = new StopResult(Outcome.INVALID, request.reason(), null);
        yield reply(request, new StopReport(result), invocation, http);
      }
      case Request.DescribeRequest request -> describe(request, invocation, http);
      case Request.KeepAlive request -> {
        var record = LogRecord.keepAlive(request, invocation.info(), invocation.now());
        yield invocation.log(record).fields();
      }
    };
  }

  private Object reply(Request request, StopReport report, Invocation invocation, HttpReply http) {
    var source = request.metadata().source();
    var results = new ArrayList<>(report.results());
    var failures = new ArrayList<Unresolved>();
    for (var unresolved : report.unresolved()) {
      // Without a Stop it is a failure. After a Stop it is a result if a caller waits, because the
      // hand-over finds out the rest, and a failure if not, because a retry does. A defect is a
      // failure in any case, which may not hide that Stop was sent.
      var isDefect = !(unresolved.cause() instanceof AthenaUnavailableException);
      var isResult = unresolved.stopSent() && (isDefect || source.mustReplyEarly());
      if (isResult) {
        results.add(unresolved.effectUnknown());
      }
      if (isDefect || !isResult) {
        failures.add(unresolved);
      }
    }
    if (failures.isEmpty() && request instanceof Request.StopRequest stop) {
      failures.addAll(handOver(stop, results));
    }
    var reported = results.stream().map(it -> report(request, it, invocation)).toList();
    var failed = failures.stream().map(it -> logFailure(request, it, invocation)).toList();
    var records = reported.stream().map(Notification::record).toList();
    return switch (source) {
      case HTTP_API, REST_API, FUNCTION_URL ->
          failed.isEmpty()
              ? http.of(results.getFirst().outcome(), records.getFirst())
              : http.unavailable(failed.getFirst(), records);
      case WIDGET ->
          failed.isEmpty()
              ? reported.getFirst().popup()
              : Notification.failurePopup(failed.getFirst());
      case EVENTBRIDGE, SWEEP, CLOUDTRAIL, ALARM, DIRECT, CHAT, HANDOVER, UNKNOWN -> {
        if (!failures.isEmpty()) {
          var first = failures.getFirst();
          throw new RequestFailedException(first.reason(), first.cause());
        }
        if (records.stream().anyMatch(it -> it.isFalse("announced"))) {
          throw new RequestFailedException(
              "the stop was carried out, but nobody could be notified", null);
        }
        var fields = records.stream().map(LogRecord::fields).toList();
        yield fields.size() == 1 ? fields.getFirst() : fields;
      }
    };
  }

  /**
   * Sends the request to this function itself if its sender must be answered before its end. A
   * hand-over is never handed over again.
   *
   * @return the failure to do so, if it failed
   */
  private List<Unresolved> handOver(Request.StopRequest request, List<StopResult> results) {
    var metadata = request.metadata();
    var isOpen = results.stream().anyMatch(it -> it.outcome() == Outcome.CANCELING);
    if (!isOpen || !metadata.source().mustReplyEarly()) {
      return List.of();
    }
    var now = clock.instant();
    var event = Handover.event(request, now);
    // The rest of the time is for the notification.
    var why = bus.put(List.of(event), metadata.deadline().fraction(0.5, now)).get(event);
    if (why != null) {
      var failure =
          new NotPublishedException("Stop was sent, and not handed over: " + why, null, null);
      return List.of(new Unresolved(request.calculation(), true, failure));
    }
    results.replaceAll(it -> it.outcome() == Outcome.CANCELING ? it.withNote(CONTINUES) : it);
    return List.of();
  }

  /** Publishes, logs and counts a result. What goes wrong on the way is noted in the record. */
  private Notification report(Request request, StopResult result, Invocation invocation) {
    var known = result;
    Notification notification;
    try {
      notification = Notification.of(request, known, invocation.info(), clock.instant());
    } catch (RuntimeException e) {
      // A defect of ours must not hide a stop, so it is reported without what we know of it.
      var reason = "the guard failed to describe it: " + e;
      known = new StopResult(result.outcome(), reason, null, result.effort());
      notification = Notification.of(request, known, invocation.info(), clock.instant());
      notification.record().error(e);
    }
    var metrics = Metrics.of(known, invocation.info().usdPerDpuHour());
    if (!(request instanceof Request.InvalidRequest invalid) || shouldAnnounce(invalid)) {
      // A lost message must not hide a stop either.
      var failures = announcer.announce(notification, request.metadata().deadline());
      if (failures > 0) {
        metrics.count("AnnouncementFailures", failures);
      }
    }
    invocation.log(notification.record());
    invocation.log(metrics, clock.instant());
    return notification;
  }

  private LogRecord logFailure(Request request, Unresolved unresolved, Invocation invocation) {
    var now = clock.instant();
    var record = invocation.log(LogRecord.failure(request, unresolved, invocation.info(), now));
    if (!(request instanceof Request.DescribeRequest)) {
      invocation.log(Metrics.ofFailure(), now);
    }
    return record;
  }

  /** Whether it was meant for the guard, and its reason was not announced in the last hour. */
  private boolean shouldAnnounce(Request.InvalidRequest request) {
    var now = clock.instant();
    announcedInvalid.values().removeIf(at -> !now.isBefore(at.plus(BETWEEN_SAME_REASONS)));
    return request.isAddressed()
        && announcedInvalid.size() < MAX_REASONS
        && announcedInvalid.putIfAbsent(request.reason(), now) == null;
  }

  private Object describe(Request.DescribeRequest request, Invocation invocation, HttpReply http) {
    var info = invocation.info();
    try {
      var record = LogRecord.described(request, service.describe(request), info);
      return http.of(null, invocation.log(record));
    } catch (AthenaUnavailableException e) {
      var unresolved = new Unresolved(request.calculation(), false, e);
      return http.unavailable(logFailure(request, unresolved, invocation), List.of());
    } catch (AthenaSparkException e) {
      var outcome = e instanceof DeniedException ? Outcome.DENIED : Outcome.NOT_FOUND;
      var result = new StopResult(outcome, e.getMessage(), null);
      var record = LogRecord.of(request, result, info, invocation.now());
      return http.of(outcome, invocation.log(record.error(e)));
    }
  }

  private static void sleep(Duration duration) {
    try {
      // A little shorter than asked: jitter, so that concurrent waiters don't poll in lockstep.
      Thread.sleep(duration.multipliedBy(80 + new Random().nextInt(21)).dividedBy(100));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Lambda must deliver the event again. */
  public static final class RequestFailedException extends RuntimeException {
    RequestFailedException(String message, @Nullable Throwable cause) {
      super(message, cause, false, false);
    }
  }
}
