package io.github.calculationguard.aws;

import module java.base;

import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.athena.model.GetCalculationExecutionResponse;

/** Where a calculation's files are in S3, as far as Athena names them. */
final class CalculationOutput {

  private CalculationOutput() {}

  /** Each URI by what it is, the most important first. */
  static SequencedMap<String, String> of(GetCalculationExecutionResponse calculation) {
    var result = calculation.result();
    var output = new LinkedHashMap<String, String>();
    put(output, "result", result == null ? null : result.resultS3Uri());
    put(output, "stdout", result == null ? null : result.stdOutS3Uri());
    put(output, "stderr", result == null ? null : result.stdErrorS3Uri());
    put(output, "working directory", calculation.workingDirectory());
    return output;
  }

  private static void put(Map<String, String> output, String name, @Nullable String uri) {
    if (uri != null && !uri.isBlank()) {
      output.put(name, uri);
    }
  }
}
