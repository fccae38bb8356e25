package io.github.calculationguard.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import io.github.calculationguard.guard.SweepReport;
import io.github.calculationguard.report.Metrics;
import io.github.calculationguard.report.NotificationPublisher.NotPublishedException;
import io.github.calculationguard.report.StopReport.InvocationInfo;
import io.github.calculationguard.report.SweepMessage;
import io.github.calculationguard.report.SweepRecord;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.PlainException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Sweeps once, whatever the event: to be sent one means "look now". */
public final class SweepHandler
    implements RequestHandler<Map<String, Object>, Map<String, Object>> {

  private final SweepWiring wired;
  private boolean coldStart = true;

  /**
   * For Lambda.
   *
   * @throws Settings.WrongSettingsException naming each variable of the environment that is missing
   *     or wrong
   */
  public SweepHandler() {
    this(SweepWiring.of(System.getenv()));
  }

  SweepHandler(SweepWiring wired) {
    this.wired = wired;
  }

  /**
   * Answers with the report. What could not be announced is announced by the next sweep.
   *
   * @throws SweepFailedException if not even the workgroups could be listed; the next sweep tries
   *     again
   */
  @Override
  public Map<String, Object> handleRequest(@Nullable Map<String, Object> event, Context context) {
    var arrival = Invocation.of(context, wired.clock().instant());
    var service = wired.settings().service();
    var usdPerDpuHour = wired.settings().policy().usdPerDpuHour();
    var teller = new InvocationInfo(wired.version(), arrival.requestId(), coldStart, usdPerDpuHour);
    coldStart = false;
    var log = new JsonLogger(context.getLogger());
    var deadline = new Deadline(arrival.end());
    try {
      var report = wired.sweep().run(arrival.place(), deadline);
      var lines = SweepRecord.of(report, teller);
      lines.forEach(log::write);
      var metrics = SweepRecord.metrics(report);
      if (!report.news().isEmpty() && !announce(report, teller, deadline)) {
        metrics.count("AnnouncementFailures", 1);
      }
      log.write(metrics, service, wired.clock().instant());
      return lines.getFirst().fields();
    } catch (AthenaSparkException e) {
      log.write(SweepRecord.ofFailure(e.getMessage(), arrival.place(), teller, arrival.now()));
      log.write(new Metrics().count("SweepFailures", 1), service, wired.clock().instant());
      throw new SweepFailedException(e.getMessage());
    }
  }

  private boolean announce(SweepReport report, InvocationInfo teller, Deadline deadline) {
    try {
      var message = SweepMessage.of(report, teller, wired.settings().service());
      wired.announcements().publish(message, deadline);
      wired.sweep().notified(report);
      return true;
    } catch (NotPublishedException e) {
      return false;
    }
  }

  /** Nothing could be found out. */
  public static final class SweepFailedException extends PlainException {
    SweepFailedException(String message) {
      super(message);
    }
  }
}
