package io.github.calculationguard.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import io.github.calculationguard.aws.ClientResources;
import io.github.calculationguard.lambda.OutcomeReporter.Reported;
import io.github.calculationguard.report.InvocationInfo;
import io.github.calculationguard.report.LogRecord;
import io.github.calculationguard.report.NotificationPublisher;
import io.github.calculationguard.report.Popup;
import io.github.calculationguard.spark.AthenaSpark;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.AthenaSparkException.DeniedException;
import io.github.calculationguard.spark.AthenaSparkException.NotFoundException;
import io.github.calculationguard.spark.Snapshot;
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

  private final InstantSource clock;
  private final Duration confirm;
  private final Duration httpBudget;
  private final double usdPerDpuHour;
  private final boolean isSamLocal;
  private final String version = Configuration.guardVersion();
  private final StopService service;
  private final OutcomeReporter reporter;
  private @Nullable Priming priming;
  private boolean coldStart = true;

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
    this(
        configuration,
        configuration.clients().athena(resources, clock),
        configuration.clients().sns(resources, configuration.topicArn(), clock),
        clock,
        StopHandler::sleep);
    // Lambda's list of resources does not keep them alive.
    priming = new Priming(configuration, resources, clock);
    Core.getGlobalContext().register(priming);
  }

  StopHandler(
      Configuration configuration,
      AthenaSpark athena,
      NotificationPublisher publisher,
      InstantSource clock,
      Sleeper sleeper) {
    this.clock = clock;
    confirm = configuration.confirm();
    httpBudget = configuration.httpBudget();
    usdPerDpuHour = configuration.usdPerDpuHour();
    isSamLocal = configuration.isSamLocal();
    var reader = new Snapshot.Reader(athena, configuration.ownerTag(), clock);
    service = new StopService(athena, configuration.escalation(), reader, clock, sleeper);
    reporter = new OutcomeReporter(publisher, clock, configuration.service());
    configuration.check();
  }

  static StopHandler of(
      Configuration configuration,
      ClientResources resources,
      InstantSource clock,
      Sleeper sleeper) {
    var clients = configuration.clients();
    return new StopHandler(
        configuration,
        clients.athena(resources, clock),
        clients.sns(resources, configuration.topicArn(), clock),
        clock,
        sleeper);
  }

  /**
   * Ends in outcomes; or, where a retry may help and nobody waits for the reply, in an exception,
   * so that Lambda delivers the event again, and at last sends it to the dead-letter queue.
   */
  @Override
  public Object handleRequest(@Nullable Map<String, Object> event, Context context) {
    var trace = System.getProperty(TRACE);
    var invocation = Invocation.of(context, trace, isSamLocal, clock.instant());
    return handle(event == null ? Map.of() : event, invocation, context.getLogger());
  }

  Object handle(Map<String, Object> event, Invocation invocation, LambdaLogger logger) {
    var info = new InvocationInfo(version, invocation.requestId(), coldStart, usdPerDpuHour);
    coldStart = false;
    var log = new JsonLogger(logger);
    return switch (new RequestParser(event, invocation, confirm, httpBudget).parse()) {
      case StopRequest request -> report(request, service.stop(request), info, log);
      case DescribeRequest request -> describe(request, info, log);
      case InvalidRequest request -> {
        var result = StopResult.invalid(request.reason());
        yield reply(request, List.of(reporter.report(request, result, info, log)));
      }
      case KeepAlive request -> {
        var record = LogRecord.keepAlive(request, info, clock.instant());
        log.write(record);
        yield record.fields();
      }
    };
  }

  private Object report(
      StopRequest request, StopReport report, InvocationInfo info, JsonLogger log) {
    var isHttp = request.metadata().source().isHttp();
    var reported = new ArrayList<Reported>();
    var failures = new ArrayList<Unresolved>();
    report.results().forEach(it -> reported.add(reporter.report(request, it, info, log)));
    for (var unresolved : report.unresolved()) {
      var isDefect = !(unresolved.cause() instanceof AthenaUnavailableException);
      if (unresolved.stopSent() && (isHttp || isDefect)) {
        // An HTTP caller polls for the effect, instead of sending Stop again.
        reported.add(reporter.report(request, unresolved.effectUnknown(), info, log));
      }
      if (isDefect || !(unresolved.stopSent() && isHttp)) {
        failures.add(unresolved);
      }
    }
    if (failures.isEmpty()) {
      return reply(request, reported);
    }
    var records = failures.stream().map(it -> reporter.failure(request, it, info, log)).toList();
    return switch (request.metadata().source()) {
      case HTTP_API, REST_API, FUNCTION_URL ->
          new HttpReply(request.metadata().source())
              .unavailable(records.getFirst(), reported.stream().map(Reported::record).toList());
      case WIDGET -> Popup.ofFailure(records.getFirst());
      case EVENTBRIDGE, SWEEP, CLOUDTRAIL, ALARM, DIRECT, UNKNOWN -> {
        var first = failures.getFirst();
        throw new RequestFailedException(first.reason(), first.cause());
      }
    };
  }

  private Object reply(Request request, List<Reported> reported) {
    var first = reported.getFirst();
    return switch (request.metadata().source()) {
      case HTTP_API, REST_API, FUNCTION_URL ->
          new HttpReply(request.metadata().source()).of(first.result().outcome(), first.record());
      case WIDGET -> Popup.of(first.message(), first.record());
      case EVENTBRIDGE, SWEEP, CLOUDTRAIL, ALARM, DIRECT, UNKNOWN -> {
        if (reported.stream().anyMatch(Reported::isLost)) {
          throw new RequestFailedException("it was carried out, but not announced", null);
        }
        yield reported.size() == 1
            ? first.record().fields()
            : reported.stream().map(it -> it.record().fields()).toList();
      }
    };
  }

  private Object describe(DescribeRequest request, InvocationInfo info, JsonLogger log) {
    var reply = new HttpReply(request.metadata().source());
    try {
      var record = LogRecord.described(request, service.describe(request), info);
      log.write(record);
      return reply.ok(record);
    } catch (NotFoundException e) {
      return notDescribed(request, Outcome.NOT_FOUND, e, info, log);
    } catch (DeniedException e) {
      return notDescribed(request, Outcome.DENIED, e, info, log);
    } catch (AthenaUnavailableException e) {
      var unresolved = new Unresolved(request.calculation(), false, e);
      return reply.unavailable(reporter.failure(request, unresolved, info, log), List.of());
    }
  }

  /** Only the caller hears of it. */
  private Object notDescribed(
      DescribeRequest request,
      Outcome outcome,
      AthenaSparkException e,
      InvocationInfo info,
      JsonLogger log) {
    var result = new StopResult(outcome, e.getMessage(), null, null);
    var record = LogRecord.of(request, result, info, clock.instant()).error(e);
    log.write(record);
    return new HttpReply(request.metadata().source()).of(outcome, record);
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
