package io.github.calculationguard.lambda;

import io.github.calculationguard.aws.AwsClients;
import io.github.calculationguard.stop.EscalationPolicy;
import java.time.Duration;
import java.util.Map;

/**
 * The stop function's settings. Their names, units and bounds are the template's parameters'.
 *
 * @param confirm how long an event's order may take
 * @param httpBudget how long a caller who waits may be kept waiting
 */
record StopSettings(
    String topicArn,
    String service,
    EscalationPolicy ladder,
    Duration confirm,
    Duration httpBudget,
    double usdPerDpuHour,
    String ownerTag,
    AwsClients clients) {

  /**
   * @throws Settings.WrongSettingsException naming each variable that is missing or wrong
   */
  static StopSettings from(Map<String, String> environment) {
    var settings = new Settings(environment);
    var stop =
        new StopSettings(
            settings.arn("TOPIC_ARN", "sns"),
            settings.service(),
            new EscalationPolicy(
                settings.mayTerminate(), settings.seconds("ESCALATE_AFTER_SECONDS", 20, 1, 600)),
            settings.seconds("CONFIRM_SECONDS", 60, 1, 600),
            settings.seconds("HTTP_BUDGET_SECONDS", 5, 2, 25),
            settings.usdPerDpuHour(),
            settings.ownerTag(),
            settings.clients());
    settings.check();
    return stop;
  }
}
