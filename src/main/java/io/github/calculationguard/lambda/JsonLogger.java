package io.github.calculationguard.lambda;

import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.amazonaws.services.lambda.runtime.logging.LogLevel;
import io.github.calculationguard.report.Json;
import io.github.calculationguard.report.LogRecord;
import io.github.calculationguard.report.Metrics;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;

/** Writes JSON lines to Lambda's log. In its byte form the log takes them as they are. */
record JsonLogger(LambdaLogger log) {

  void write(LogRecord record) {
    write(record.fields());
  }

  /** Writes a line at the level that it names. */
  void write(Map<String, ?> fields) {
    log.log(bytes(Json.line(fields)), LogLevel.valueOf(String.valueOf(fields.get("level"))));
  }

  /** Writes metrics without a level, so that no log level filters them out. */
  void write(Metrics metrics, String service, Instant at) {
    log.log(bytes(metrics.line(service, at)));
  }

  private static byte[] bytes(String line) {
    return (line + '\n').getBytes(StandardCharsets.UTF_8);
  }
}
