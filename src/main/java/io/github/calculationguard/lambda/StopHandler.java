package io.github.calculationguard.lambda;

import module java.base;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import io.github.calculationguard.aws.AwsClients;
import io.github.calculationguard.report.Announcer;
import io.github.calculationguard.report.Handover;
import io.github.calculationguard.report.LogRecord;
import io.github.calculationguard.report.Metrics;
import io.github.calculationguard.report.Notification;
import io.github.calculationguard.report.NotificationPublisher;
import io.github.calculationguard.report.NotificationPublisher.NotPublishedException;
import io.github.calculationguard.report.RecordPublisher;
import io.github.calculationguard.spark.AthenaSpark;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.AthenaSparkException.DeniedException;
import io.github.calculationguard.spark.Snapshot;
import io.github.calculationguard.stop.Outcome;
import io.github.calculationguard.stop.Request;
import io.github.calculationguard.stop.StopReport;
import io.github.calculationguard.stop.StopReport.Unresolved;
import io.github.calculationguard.stop.StopResult;
import io.github.calculationguard.stop.StopService;
import io.github.calculationguard.stop.StopService.Sleeper;
import org.crac.Core;
import org.jspecify.annotations.Nullable;

/**
 * Takes a stop request in any accepted shape, carries it out, reports what became of it, and
 * replies.
 */
public final class StopHandler implements RequestHandler<Map<String, Object>, Object> {

  /** Where the runtime interface client leaves the trace header of an invocation. */
  static final String TRACE = "com.amazonaws.xray.traceHeader";

  private static final String GOES_ON = "the guard goes on with it, and announces the end";
  private static final Duration BETWEEN_SAME_MISTAKES = Duration.ofHours(1);
  // Each is a line of text; more mistakes than these at once are one mistake.
  private static final int MAX_MISTAKES = 100;

  final Invocation.Factory invocations;
  private final Duration confirm;
  private final Duration httpBudget;
  private final StopService service;
  private final AnsweredFindings findings;
  private final Announcer announcer;
  private final Handover.Publisher handovers;
  private final String stack;
  private final InstantSource clock;
  private final Map<String, Instant> mistakes = new HashMap<>();
  private @Nullable Priming priming;

  /** For Lambda. Fails with a message that names each variable that is missing or wrong. */
  public StopHandler() {
    var configuration = new Configuration(System.getenv());
    var clients = configuration.clients();
    var clock = InstantSource.system();
    this(configuration, clients, clock, StopHandler::sleep);
    // Lambda's list of resources does not keep them alive.
    priming = new Priming(configuration, clients, clock);
    Core.getGlobalContext().register(priming);
  }

  StopHandler(
      Configuration configuration, AwsClients clients, InstantSource clock, Sleeper sleeper) {
    var athena = clients.athena(clock);
    var sns = clients.sns(configuration.topicArn(), clock);
    var bus = clients.eventBridge(configuration.busName(), clock);
    this(configuration, athena, sns, bus, bus, clock, sleeper);
  }

  StopHandler(
      Configuration configuration,
      AthenaSpark athena,
      NotificationPublisher publisher,
      Handover.Publisher handovers,
      RecordPublisher events,
      InstantSource clock,
      Sleeper sleeper) {
    announcer = new Announcer(publisher, events, clock);
    this.handovers = handovers;
    this.clock = clock;
    stack = configuration.service();
    invocations = new Invocation.Factory(configuration, clock);
    confirm = configuration.confirm();
    httpBudget = configuration.httpBudget();
    // Each call at the same time as another needs a connection of its own, and to open one takes
    // longer than it saves. The first order has one.
    var reader = new Snapshot.Reader(athena, configuration.ownerTag(), clock, invocations::isWarm);
    service = new StopService(athena, configuration.escalation(), reader, clock, sleeper);
    findings = new AnsweredFindings(service);
    configuration.check();
  }

  /**
   * Ends in outcomes; or, where a retry may help and nobody waits for the reply, in an exception,
   * so that Lambda delivers the event again, and at last sends it to the dead-letter queue.
   */
  @Override
  public Object handleRequest(@Nullable Map<String, Object> event, Context context) {
    var invocation = invocations.next(context, System.getProperty(TRACE));
    return handle(event == null ? Map.of() : event, invocation);
  }

  Object handle(Map<String, Object> event, Invocation invocation) {
    var parser = new RequestParser(event, invocation, confirm, httpBudget);
    var http = parser.httpReply();
    return switch (parser.parse()) {
      case Request.StopRequest request -> {
        var answered = findings.answered(request);
        var report = answered == null ? service.stop(request) : answered;
        report = service.markReturned(request, report);
        yield reply(request, report, invocation, http);
      }
      case Request.InvalidRequest request -> {
        var result = new StopResult(Outcome.INVALID, request.reason(), null);
        yield reply(request, new StopReport(List.of(result), List.of()), invocation, http);
      }
      case Request.DescribeRequest request -> describe(request, invocation, http);
      case Request.KeepAlive request -> {
        var record = LogRecord.keepAlive(request, invocation.info(), invocation.now());
        yield invocation.log(record).fields();
      }
    };
  }

  /** Reports all that became of a request, and answers its sender. */
  private Object reply(Request request, StopReport report, Invocation invocation, HttpReply http) {
    var source = request.metadata().source();
    var results = new ArrayList<>(report.results());
    var failures = new ArrayList<Unresolved>();
    for (var unresolved : report.unresolved()) {
      var isDefect = !(unresolved.cause() instanceof AthenaUnavailableException);
      // An HTTP caller polls for the effect, instead of sending Stop again.
      var isPolled = unresolved.stopSent() && source.isHttp();
      if (isPolled || (unresolved.stopSent() && isDefect)) {
        results.add(unresolved.effectUnknown());
      }
      if (isDefect || !isPolled) {
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
              ? http.of(records.getFirst())
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
          throw new RequestFailedException("it was carried out, but not announced", null);
        }
        var fields = records.stream().map(LogRecord::fields).toList();
        yield fields.size() == 1 ? fields.getFirst() : fields;
      }
    };
  }

  /**
   * Sends the request to this function itself if its sender must be answered before its end. What
   * comes from there is not sent again.
   *
   * @return the failure to do so, if it failed
   */
  private List<Unresolved> handOver(Request.StopRequest request, List<StopResult> results) {
    var metadata = request.metadata();
    var isOpen = results.stream().anyMatch(it -> it.outcome() == Outcome.CANCELING);
    if (!isOpen || !metadata.source().isImpatient()) {
      return List.of();
    }
    try {
      // The rest of the time is for the notification.
      var deadline = metadata.deadline().fraction(0.5, clock.instant());
      handovers.publish(new Handover(request), deadline);
      results.replaceAll(it -> it.outcome() == Outcome.CANCELING ? it.noting(GOES_ON) : it);
      return List.of();
    } catch (NotPublishedException e) {
      return List.of(new Unresolved(request.calculation(), true, e));
    }
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
    if (!(request instanceof Request.InvalidRequest invalid) || isNewMistake(invalid)) {
      // A lost message must not hide a stop either.
      var failures = announcer.announce(notification, request.metadata().deadline());
      if (failures > 0) {
        metrics.count("AnnouncementFailures", failures);
      }
    }
    invocation.log(notification.record());
    invocation.log(metrics, stack, clock.instant());
    return notification;
  }

  /** Logs and counts what must be repeated. */
  private LogRecord logFailure(Request request, Unresolved unresolved, Invocation invocation) {
    var now = clock.instant();
    var record = invocation.log(LogRecord.failure(request, unresolved, invocation.info(), now));
    if (!(request instanceof Request.DescribeRequest)) {
      invocation.log(Metrics.ofFailure(), stack, now);
    }
    return record;
  }

  /** Whether a mistake is one that somebody must hear of, and was not reported in the last hour. */
  private boolean isNewMistake(Request.InvalidRequest request) {
    var now = clock.instant();
    mistakes.values().removeIf(at -> !now.isBefore(at.plus(BETWEEN_SAME_MISTAKES)));
    return request.isAddressed()
        && mistakes.size() < MAX_MISTAKES
        && mistakes.putIfAbsent(request.reason(), now) == null;
  }

  /** Only the caller hears of it: it is neither published nor counted. */
  private Object describe(Request.DescribeRequest request, Invocation invocation, HttpReply http) {
    var info = invocation.info();
    try {
      var record = LogRecord.described(request, service.describe(request), info);
      return http.of(invocation.log(record));
    } catch (AthenaUnavailableException e) {
      var unresolved = new Unresolved(request.calculation(), false, e);
      return http.unavailable(logFailure(request, unresolved, invocation), List.of());
    } catch (AthenaSparkException e) {
      var outcome = e instanceof DeniedException ? Outcome.DENIED : Outcome.NOT_FOUND;
      var result = new StopResult(outcome, e.getMessage(), null, null);
      var record = LogRecord.of(request, result, info, invocation.now());
      return http.of(invocation.log(record.error(e)));
    }
  }

  private static void sleep(Duration duration) throws InterruptedException {
    // A little shorter than asked: jitter, so that concurrent waiters don't poll in lockstep.
    Thread.sleep(duration.multipliedBy(80 + new Random().nextInt(21)).dividedBy(100));
  }

  /** Lambda must deliver the event again. */
  public static final class RequestFailedException extends RuntimeException {
    RequestFailedException(String message, @Nullable Throwable cause) {
      super(message, cause, false, false);
    }
  }
}
