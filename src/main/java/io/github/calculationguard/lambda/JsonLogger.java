package io.github.calculationguard.lambda;

import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.amazonaws.services.lambda.runtime.logging.LogLevel;
import io.github.calculationguard.report.Json;
import io.github.calculationguard.report.LogRecord;
import io.github.calculationguard.report.Metrics;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;

/** Writes to Lambda's log, in its byte form, a line at a time. */
record JsonLogger(LambdaLogger log) {

  void write(LogRecord record) {
    write(record.fields());
  }

  /** At the level that stands in it, by Lambda's name. */
  void write(Map<String, ?> fields) {
    log.log(bytes(Json.line(fields)), LogLevel.valueOf(String.valueOf(fields.get("level"))));
  }

  /** Without a level, so that no setting of the log's level filters metrics away. */
  void write(Metrics metrics, String service, Instant at) {
    log.log(bytes(metrics.line(service, at)));
  }

  private static byte[] bytes(String line) {
    return (line + '\n').getBytes(StandardCharsets.UTF_8);
  }
}
