package io.github.calculationguard.lambda;

import module java.base;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import io.github.calculationguard.aws.AwsClients;
import io.github.calculationguard.report.LogRecord;
import io.github.calculationguard.report.Metrics;
import io.github.calculationguard.report.Notification;
import io.github.calculationguard.report.NotificationPublisher;
import io.github.calculationguard.report.NotificationPublisher.NotPublishedException;
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

  private static final Duration BETWEEN_SAME_MISTAKES = Duration.ofHours(1);
  // Each is a line of text; more mistakes than these at once are one mistake.
  private static final int MAX_MISTAKES = 100;

  final Invocation.Factory invocations;
  private final Duration confirm;
  private final Duration httpBudget;
  private final StopService service;
  private final NotificationPublisher publisher;
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
    this(configuration, athena, sns, clock, sleeper);
  }

  StopHandler(
      Configuration configuration,
      AthenaSpark athena,
      NotificationPublisher publisher,
      InstantSource clock,
      Sleeper sleeper) {
    this.publisher = publisher;
    this.clock = clock;
    stack = configuration.service();
    invocations = new Invocation.Factory(configuration, clock);
    confirm = configuration.confirm();
    httpBudget = configuration.httpBudget();
    var reader = new Snapshot.Reader(athena, configuration.ownerTag(), clock);
    service = new StopService(athena, configuration.escalation(), reader, clock, sleeper);
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
    return switch (new RequestParser(event, invocation, confirm, httpBudget).parse()) {
      case Request.StopRequest request -> report(request, service.stop(request), invocation);
      case Request.DescribeRequest request -> describe(request, invocation);
      case Request.InvalidRequest request -> {
        var result = StopResult.invalid(request.reason());
        yield report(request, new StopReport(List.of(result), List.of()), invocation);
      }
      case Request.KeepAlive request -> {
        var record = LogRecord.keepAlive(request, invocation.info(), invocation.now());
        yield invocation.log(record).fields();
      }
    };
  }

  private Object report(Request request, StopReport report, Invocation invocation) {
    var isHttp = request.metadata().source().isHttp();
    var reported = new ArrayList<Reported>();
    var failures = new ArrayList<Unresolved>();
    report.results().forEach(it -> reported.add(report(request, it, invocation)));
    for (var unresolved : report.unresolved()) {
      var isDefect = !(unresolved.cause() instanceof AthenaUnavailableException);
      if (unresolved.stopSent() && (isHttp || isDefect)) {
        // An HTTP caller polls for the effect, instead of sending Stop again.
        reported.add(report(request, unresolved.effectUnknown(), invocation));
      }
      if (isDefect || !(unresolved.stopSent() && isHttp)) {
        failures.add(unresolved);
      }
    }
    var failed = failures.stream().map(it -> failure(request, it, invocation)).toList();
    var records = reported.stream().map(Reported::record).toList();
    var http = new HttpReply(request.metadata().source());
    return switch (request.metadata().source()) {
      case HTTP_API, REST_API, FUNCTION_URL ->
          failed.isEmpty()
              ? http.of(reported.getFirst().result().outcome(), records.getFirst())
              : http.unavailable(failed.getFirst(), records);
      case WIDGET ->
          failed.isEmpty()
              ? reported.getFirst().message().popup(records.getFirst())
              : Notification.failurePopup(failed.getFirst());
      case EVENTBRIDGE, SWEEP, CLOUDTRAIL, ALARM, DIRECT, UNKNOWN -> {
        if (!failures.isEmpty()) {
          var first = failures.getFirst();
          throw new RequestFailedException(first.reason(), first.cause());
        }
        var fields = records.stream().map(LogRecord::fields).toList();
        if (fields.stream().anyMatch(it -> Boolean.FALSE.equals(it.get("announced")))) {
          throw new RequestFailedException("it was carried out, but not announced", null);
        }
        yield fields.size() == 1 ? fields.getFirst() : fields;
      }
    };
  }

  /** Reports an outcome. What goes wrong on the way becomes a part of the record. */
  private Reported report(Request request, StopResult result, Invocation invocation) {
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
    if (!(request instanceof Request.InvalidRequest invalid) || isNewMistake(invalid)) {
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
    invocation.log(metrics, stack, clock.instant());
    return reported;
  }

  private Reported describe(Request request, StopResult result, Invocation invocation) {
    var record = LogRecord.of(request, result, invocation.info(), clock.instant());
    var message = Notification.of(request, result, record, invocation.info());
    return new Reported(result, record, message);
  }

  /** Reports what must be repeated. */
  private LogRecord failure(Request request, Unresolved unresolved, Invocation invocation) {
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
  private Object describe(Request.DescribeRequest request, Invocation invocation) {
    var reply = new HttpReply(request.metadata().source());
    try {
      var snapshot = service.describe(request);
      return reply.ok(invocation.log(LogRecord.described(request, snapshot, invocation.info())));
    } catch (AthenaUnavailableException e) {
      var failure = new Unresolved(request.calculation(), false, e);
      return reply.unavailable(failure(request, failure, invocation), List.of());
    } catch (AthenaSparkException e) {
      var outcome = e instanceof DeniedException ? Outcome.DENIED : Outcome.NOT_FOUND;
      var result = new StopResult(outcome, e.getMessage(), null, null);
      var record = LogRecord.of(request, result, invocation.info(), invocation.now()).error(e);
      return reply.of(outcome, invocation.log(record));
    }
  }

  private static void sleep(Duration duration) throws InterruptedException {
    // A little shorter than asked: jitter, so that concurrent waiters don't poll in lockstep.
    Thread.sleep(duration.multipliedBy(80 + new Random().nextInt(21)).dividedBy(100));
  }

  /** One outcome as it was logged and published. */
  private record Reported(StopResult result, LogRecord record, Notification message) {}

  /** Lambda must deliver the event again. */
  public static final class RequestFailedException extends RuntimeException {
    RequestFailedException(String message, @Nullable Throwable cause) {
      super(message, cause, false, false);
    }
  }
}
