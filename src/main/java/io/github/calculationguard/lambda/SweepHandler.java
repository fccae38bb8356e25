package io.github.calculationguard.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.logging.LogLevel;
import io.github.calculationguard.guard.SweepReport;
import io.github.calculationguard.report.Announcements.NotAnnouncedException;
import io.github.calculationguard.report.Metrics;
import io.github.calculationguard.report.StopRecord;
import io.github.calculationguard.report.Story.Teller;
import io.github.calculationguard.report.SweepMessage;
import io.github.calculationguard.report.SweepRecord;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.Deadline;
import java.nio.charset.StandardCharsets;
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
    var arrival = Arrival.of(context, wired.clock().instant());
    var teller =
        new Teller(
            wired.version(),
            arrival.requestId(),
            coldStart,
            wired.settings().policy().usdPerDpuHour());
    coldStart = false;
    var log = context.getLogger();
    var deadline = new Deadline(arrival.end());
    try {
      var report = wired.sweep().run(arrival.place(), deadline);
      var lines = SweepRecord.of(report, teller);
      lines.forEach(line -> write(line, log));
      var metrics = SweepRecord.metrics(report);
      if (!report.news().isEmpty() && !announce(report, teller, deadline)) {
        metrics.count("AnnouncementFailures", 1);
      }
      write(metrics, log);
      return lines.getFirst().fields();
    } catch (AthenaSparkException e) {
      write(SweepRecord.ofFailure(e.getMessage(), arrival.place(), teller, arrival.now()), log);
      write(new Metrics().count("SweepFailures", 1), log);
      throw new SweepFailedException(e.getMessage());
    }
  }

  private boolean announce(SweepReport report, Teller teller, Deadline deadline) {
    try {
      wired
          .announcements()
          .publish(SweepMessage.of(report, teller, wired.settings().service()), deadline);
      wired.sweep().told(report);
      return true;
    } catch (NotAnnouncedException e) {
      return false;
    }
  }

  private static void write(StopRecord record, LambdaLogger log) {
    log.log(bytes(record.line()), LogLevel.valueOf(record.level()));
  }

  /** Without a level, so that no setting of the log's level filters metrics away. */
  private void write(Metrics metrics, LambdaLogger log) {
    log.log(bytes(metrics.line(wired.settings().service(), wired.clock().instant())));
  }

  private static byte[] bytes(String line) {
    return (line + '\n').getBytes(StandardCharsets.UTF_8);
  }

  /** Nothing could be found out. It says in one line why; there is no bug to trace. */
  public static final class SweepFailedException extends RuntimeException {
    SweepFailedException(String message) {
      super(message, null, false, false);
    }
  }
}
