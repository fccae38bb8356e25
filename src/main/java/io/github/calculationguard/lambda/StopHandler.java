package io.github.calculationguard.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import io.github.calculationguard.report.Announcements.NotAnnouncedException;
import io.github.calculationguard.report.Metrics;
import io.github.calculationguard.report.Popup;
import io.github.calculationguard.report.StopMessage;
import io.github.calculationguard.report.StopRecord;
import io.github.calculationguard.report.Story;
import io.github.calculationguard.report.Story.Teller;
import io.github.calculationguard.spark.AthenaUnavailableException;
import io.github.calculationguard.spark.DeniedException;
import io.github.calculationguard.spark.NoSuchThingException;
import io.github.calculationguard.spark.PlainException;
import io.github.calculationguard.stop.Given;
import io.github.calculationguard.stop.StopOrder;
import io.github.calculationguard.stop.StopOutcome;
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
    return handle(event, Arrival.of(context, wired.clock().instant()), context.getLogger());
  }

  Object handle(@Nullable Map<String, Object> event, Arrival arrival, LambdaLogger logger) {
    var teller =
        new Teller(
            wired.version(), arrival.requestId(), coldStart, wired.settings().usdPerDpuHour());
    coldStart = false;
    var log = new Lines(logger);
    var trigger =
        new EventReader(event == null ? Map.of() : event, arrival, wired.settings()).read();
    return switch (trigger) {
      case Trigger.Stop stop -> stop(stop, teller, log);
      case Trigger.Look look -> look(look, teller, log);
      case Trigger.Unusable unusable -> {
        var invalid = new StopOutcome.Invalid(unusable.why());
        var told = tell(story(unusable.given(), null, invalid, teller), log);
        yield answer(unusable.channel(), List.of(told));
      }
    };
  }

  private Object stop(Trigger.Stop trigger, Teller teller, Lines log) {
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

  private Object look(Trigger.Look trigger, Teller teller, Lines log) {
    try {
      var details = wired.stop().describe(trigger.calculation(), trigger.given());
      var record = StopRecord.of(details, trigger.order(), teller);
      log.write(record);
      return HttpReply.ok(record);
    } catch (NoSuchThingException e) {
      return notDescribed(trigger, new StopOutcome.NotFound(null, e.getMessage()), teller, log);
    } catch (DeniedException e) {
      return notDescribed(trigger, new StopOutcome.Denied(null, e.getMessage()), teller, log);
    } catch (AthenaUnavailableException e) {
      return failed(e.getMessage(), trigger.order(), trigger, teller, log);
    }
  }

  /** Whoever looked is told; there is nothing that others would have to know. */
  private Object notDescribed(Trigger.Look trigger, StopOutcome outcome, Teller teller, Lines log) {
    var story = story(trigger.given(), trigger.order(), outcome, teller);
    var record = StopRecord.ofLook(story);
    log.write(record);
    return HttpReply.of(story, record);
  }

  private Story story(Given given, @Nullable StopOrder order, StopOutcome outcome, Teller teller) {
    return new Story(given, order, outcome, teller, wired.clock().instant());
  }

  /** What was told of one outcome. */
  private record Told(Story story, StopRecord record, boolean isLost) {}

  private Told tell(Story story, Lines log) {
    var record = StopRecord.of(story);
    var metrics = Metrics.of(story);
    var isLost = false;
    if (story.isWorthAnnouncing()) {
      try {
        wired.announcements().publish(StopMessage.of(story), story.given().deadline());
        record.announced();
      } catch (NotAnnouncedException e) {
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

  private static Object answer(Trigger.Channel channel, List<Told> told) {
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

  private Object failed(String why, StopOrder order, Trigger trigger, Teller teller, Lines log) {
    var record = StopRecord.ofFailure(why, order, teller, wired.clock().instant());
    log.write(record);
    if (trigger instanceof Trigger.Stop) {
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
