package io.github.calculationguard.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import io.github.calculationguard.aws.ClientResources;
import io.github.calculationguard.lambda.OutcomeReporter.Reported;
import io.github.calculationguard.report.LogRecord;
import io.github.calculationguard.report.NotificationPublisher;
import io.github.calculationguard.report.Popup;
import io.github.calculationguard.spark.AthenaSpark;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.AthenaUnavailableException;
import io.github.calculationguard.spark.DeniedException;
import io.github.calculationguard.spark.SnapshotReader;
import io.github.calculationguard.stop.Outcome;
import io.github.calculationguard.stop.Request;
import io.github.calculationguard.stop.Request.DescribeRequest;
import io.github.calculationguard.stop.Request.InvalidRequest;
import io.github.calculationguard.stop.Request.KeepAlive;
import io.github.calculationguard.stop.Request.StopRequest;
import io.github.calculationguard.stop.Sleeper;
import io.github.calculationguard.stop.StopReport;
import io.github.calculationguard.stop.StopReport.Unresolved;
import io.github.calculationguard.stop.StopResult;
import io.github.calculationguard.stop.StopService;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.crac.Core;
import org.jspecify.annotations.Nullable;

/**
 * Takes a stop request in any accepted shape, carries it out, reports what became of it, and
 * replies.
 */
public final class StopHandler implements RequestHandler<Map<String, Object>, Object> {

  /** Where the runtime interface client leaves the trace header of an invocation. */
  static final String TRACE = "com.amazonaws.xray.traceHeader";

  final Invocation.Factory invocations;
  private final Duration confirm;
  private final Duration httpBudget;
  private final StopService service;
  private final OutcomeReporter reporter;
  private @Nullable Priming priming;

  /**
   * For Lambda.
   *
   * @throws Configuration.InvalidConfigurationException naming each variable of the environment
   *     that is missing or wrong
   */
  public StopHandler() {
    var configuration = new Configuration(System.getenv());
    var resources = configuration.clients().resources();
    var clock = InstantSource.system();
    this(configuration, resources, clock, StopHandler::sleep);
    // Lambda's list of resources does not keep them alive.
    priming = new Priming(configuration, resources, clock);
    Core.getGlobalContext().register(priming);
  }

  StopHandler(
      Configuration configuration,
      ClientResources resources,
      InstantSource clock,
      Sleeper sleeper) {
    var athena = configuration.clients().athena(resources, clock);
    var sns = configuration.clients().sns(resources, configuration.topicArn(), clock);
    this(configuration, athena, sns, clock, sleeper);
  }

  StopHandler(
      Configuration configuration,
      AthenaSpark athena,
      NotificationPublisher publisher,
      InstantSource clock,
      Sleeper sleeper) {
    invocations = new Invocation.Factory(configuration, clock);
    confirm = configuration.confirm();
    httpBudget = configuration.httpBudget();
    var reader = new SnapshotReader(athena, configuration.ownerTag(), clock);
    service = new StopService(athena, configuration.escalation(), reader, clock, sleeper);
    reporter = new OutcomeReporter(publisher, clock, configuration.service());
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
      case StopRequest request -> report(request, service.stop(request), invocation);
      case DescribeRequest request -> describe(request, invocation);
      case InvalidRequest request -> {
        var result = StopResult.invalid(request.reason());
        yield report(request, new StopReport(List.of(result), List.of()), invocation);
      }
      case KeepAlive request -> {
        var record = LogRecord.keepAlive(request, invocation.info(), invocation.now());
        yield invocation.log(record).fields();
      }
    };
  }

  private Object report(Request request, StopReport report, Invocation invocation) {
    var isHttp = request.metadata().source().isHttp();
    var reported = new ArrayList<Reported>();
    var failures = new ArrayList<Unresolved>();
    report.results().forEach(it -> reported.add(reporter.report(request, it, invocation)));
    for (var unresolved : report.unresolved()) {
      var isDefect = !(unresolved.cause() instanceof AthenaUnavailableException);
      if (unresolved.stopSent() && (isHttp || isDefect)) {
        // An HTTP caller polls for the effect, instead of sending Stop again.
        reported.add(reporter.report(request, unresolved.effectUnknown(), invocation));
      }
      if (isDefect || !(unresolved.stopSent() && isHttp)) {
        failures.add(unresolved);
      }
    }
    var failed = failures.stream().map(it -> reporter.failure(request, it, invocation)).toList();
    return failed.isEmpty()
        ? reply(request, reported)
        : replyToFailure(request, failures.getFirst(), failed.getFirst(), reported);
  }

  private static Object reply(Request request, List<Reported> reported) {
    var first = reported.getFirst();
    var source = request.metadata().source();
    return switch (source) {
      case HTTP_API, REST_API, FUNCTION_URL ->
          new HttpReply(source).of(first.result().outcome(), first.record());
      case WIDGET -> Popup.of(first.message(), first.record());
      case EVENTBRIDGE, SWEEP, CLOUDTRAIL, ALARM, DIRECT, UNKNOWN -> {
        if (reported.stream().anyMatch(Reported::isLost)) {
          throw new RequestFailedException("it was carried out, but not announced", null);
        }
        var records = reported.stream().map(it -> it.record().fields()).toList();
        yield records.size() == 1 ? records.getFirst() : records;
      }
    };
  }

  private static Object replyToFailure(
      Request request, Unresolved failure, LogRecord record, List<Reported> others) {
    var source = request.metadata().source();
    return switch (source) {
      case HTTP_API, REST_API, FUNCTION_URL ->
          new HttpReply(source).unavailable(record, others.stream().map(Reported::record).toList());
      case WIDGET -> Popup.ofFailure(record);
      case EVENTBRIDGE, SWEEP, CLOUDTRAIL, ALARM, DIRECT, UNKNOWN ->
          throw new RequestFailedException(failure.reason(), failure.cause());
    };
  }

  /** Only the caller hears of it: it is neither published nor counted. */
  private Object describe(DescribeRequest request, Invocation invocation) {
    var reply = new HttpReply(request.metadata().source());
    try {
      var snapshot = service.describe(request);
      return reply.ok(invocation.log(LogRecord.described(request, snapshot, invocation.info())));
    } catch (AthenaUnavailableException e) {
      var failure = new Unresolved(request.calculation(), false, e);
      return reply.unavailable(reporter.failure(request, failure, invocation), List.of());
    } catch (AthenaSparkException e) {
      var outcome = e instanceof DeniedException ? Outcome.DENIED : Outcome.NOT_FOUND;
      var result = new StopResult(outcome, e.getMessage(), null, null);
      var record = LogRecord.of(request, result, invocation.info(), invocation.now()).error(e);
      return reply.of(outcome, invocation.log(record));
    }
  }

  /**
   * Sleeps a little shorter than asked: jitter, so that concurrent waiters don't poll in lockstep.
   */
  private static void sleep(Duration duration) throws InterruptedException {
    Thread.sleep(duration.multipliedBy(80 + new Random().nextInt(21)).dividedBy(100));
  }

  /** Lambda must deliver the event again. */
  public static final class RequestFailedException extends RuntimeException {
    RequestFailedException(String message, @Nullable Throwable cause) {
      super(message, cause, false, false);
    }
  }
}
