package io.github.calculationguard.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import io.github.calculationguard.report.LogRecord;
import io.github.calculationguard.report.Metrics;
import io.github.calculationguard.report.NotificationPublisher.NotPublishedException;
import io.github.calculationguard.report.Popup;
import io.github.calculationguard.report.StopMessage;
import io.github.calculationguard.report.StopReport;
import io.github.calculationguard.report.StopReport.InvocationInfo;
import io.github.calculationguard.spark.AthenaUnavailableException;
import io.github.calculationguard.spark.DeniedException;
import io.github.calculationguard.spark.NotFoundException;
import io.github.calculationguard.spark.PlainException;
import io.github.calculationguard.stop.RequestMetadata;
import io.github.calculationguard.stop.StopOutcome;
import io.github.calculationguard.stop.StopRequest;
import java.util.List;
import java.util.Map;
import org.crac.Core;
import org.jspecify.annotations.Nullable;

/**
 * Takes an order in whatever shape it comes, carries it out, tells what became of it, and answers.
 */
public final class StopHandler implements RequestHandler<Map<String, Object>, Object> {

  private final StopWiring wired;
  // Lambda's list of those that a snapshot concerns does not keep them alive.
  private final Priming priming;
  private boolean coldStart = true;

  /**
   * For Lambda.
   *
   * @throws Settings.WrongSettingsException naming each variable of the environment that is missing
   *     or wrong
   */
  public StopHandler() {
    this(StopWiring.of(System.getenv()));
    Core.getGlobalContext().register(priming);
  }

  StopHandler(StopWiring wired) {
    this.wired = wired;
    priming = new Priming(wired);
  }

  /**
   * Ends in an outcome; or, where trying again may help and nobody waits for the answer, in an
   * exception, so that Lambda gives the order again and parks it at last.
   */
  @Override
  public Object handleRequest(@Nullable Map<String, Object> event, Context context) {
    return handle(event, Invocation.of(context, wired.clock().instant()), context.getLogger());
  }

  Object handle(@Nullable Map<String, Object> event, Invocation arrival, LambdaLogger logger) {
    var teller =
        new InvocationInfo(
            wired.version(), arrival.requestId(), coldStart, wired.settings().usdPerDpuHour());
    coldStart = false;
    var log = new JsonLogger(logger);
    var trigger =
        new RequestParser(event == null ? Map.of() : event, arrival, wired.settings()).read();
    return switch (trigger) {
      case Request.Stop stop -> stop(stop, teller, log);
      case Request.Look look -> look(look, teller, log);
      case Request.Unusable unusable -> {
        var invalid = new StopOutcome.Invalid(unusable.why());
        var told = tell(story(unusable.given(), null, invalid, teller), log);
        yield answer(unusable.channel(), List.of(told));
      }
    };
  }

  private Object stop(Request.Stop trigger, InvocationInfo teller, JsonLogger log) {
    var order = trigger.order();
    try {
      var told =
          wired.stop().run(order).stream()
              .map(outcome -> tell(story(order.given(), order, outcome, teller), log))
              .toList();
      return answer(trigger.channel(), told);
    } catch (AthenaUnavailableException e) {
      return failed(e.getMessage(), order, trigger, teller, log);
    }
  }

  private Object look(Request.Look trigger, InvocationInfo teller, JsonLogger log) {
    try {
      var details = wired.stop().describe(trigger.calculation(), trigger.given());
      var record = LogRecord.of(details, trigger.order(), teller);
      log.write(record);
      return HttpReply.ok(record);
    } catch (NotFoundException e) {
      return notDescribed(trigger, new StopOutcome.NotFound(null, e.getMessage()), teller, log);
    } catch (DeniedException e) {
      return notDescribed(trigger, new StopOutcome.Denied(null, e.getMessage()), teller, log);
    } catch (AthenaUnavailableException e) {
      return failed(e.getMessage(), trigger.order(), trigger, teller, log);
    }
  }

  /** Whoever looked is told; there is nothing that others would have to know. */
  private Object notDescribed(
      Request.Look trigger, StopOutcome outcome, InvocationInfo teller, JsonLogger log) {
    var story = story(trigger.given(), trigger.order(), outcome, teller);
    var record = LogRecord.ofLook(story);
    log.write(record);
    return HttpReply.of(story, record);
  }

  private StopReport story(
      RequestMetadata given,
      @Nullable StopRequest order,
      StopOutcome outcome,
      InvocationInfo teller) {
    return new StopReport(given, order, outcome, teller, wired.clock().instant());
  }

  /** What was told of one outcome. */
  private record Told(StopReport story, LogRecord record, boolean isLost) {}

  private Told tell(StopReport story, JsonLogger log) {
    var record = LogRecord.of(story);
    var metrics = Metrics.of(story);
    var isLost = false;
    if (story.isWorthAnnouncing()) {
      try {
        wired.announcements().publish(StopMessage.of(story), story.given().deadline());
        record.announced();
      } catch (NotPublishedException e) {
        // A message that gets lost must not hide a stop, so its failure is a part of the record.
        record.notAnnounced(e.getMessage());
        metrics.count("AnnouncementFailures", 1);
        isLost = true;
      }
    }
    log.write(record);
    log.write(metrics, wired.settings().service(), wired.clock().instant());
    return new Told(story, record, isLost);
  }

  private static Object answer(Request.Channel channel, List<Told> told) {
    return switch (channel) {
      case HTTP -> HttpReply.of(told.getFirst().story(), told.getFirst().record());
      case WIDGET -> Popup.of(told.getFirst().story(), told.getFirst().record());
      case EVENT -> {
        if (told.stream().anyMatch(Told::isLost)) {
          throw new OrderFailedException("it was carried out, and could not be announced");
        }
        yield told.size() == 1
            ? told.getFirst().record().fields()
            : told.stream().map(one -> one.record().fields()).toList();
      }
    };
  }

  private Object failed(
      String why, StopRequest order, Request trigger, InvocationInfo teller, JsonLogger log) {
    var record = LogRecord.ofFailure(why, order, teller, wired.clock().instant());
    log.write(record);
    if (trigger instanceof Request.Stop) {
      log.write(Metrics.ofFailure(), wired.settings().service(), wired.clock().instant());
    }
    return switch (trigger.channel()) {
      case HTTP -> HttpReply.unavailable(record);
      case WIDGET -> Popup.ofFailure(record);
      case EVENT -> throw new OrderFailedException(why);
    };
  }

  /** Lambda is to give the order again. */
  public static final class OrderFailedException extends PlainException {
    OrderFailedException(String message) {
      super(message);
    }
  }
}
