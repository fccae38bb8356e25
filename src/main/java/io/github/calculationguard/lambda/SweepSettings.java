package io.github.calculationguard.lambda;

import io.github.calculationguard.aws.AwsClients;
import io.github.calculationguard.guard.SweepPolicy;
import java.util.Map;

/**
 * The sweep function's settings. Their names, units and bounds are the template's parameters'.
 *
 * @param callsASecond how many calls to Athena it may make
 */
record SweepSettings(
    String bus,
    String topicArn,
    String service,
    SweepPolicy policy,
    int callsASecond,
    AwsClients clients) {

  /**
   * @throws Settings.WrongSettingsException naming each variable that is missing or wrong
   */
  static SweepSettings from(Map<String, String> environment) {
    var settings = new Settings(environment);
    var sweep =
        new SweepSettings(
            settings.required(
                "BUS_NAME", "[A-Za-z0-9./_:-]{1,1600}", "the name or the ARN of an event bus"),
            settings.arn("TOPIC_ARN", "sns"),
            settings.service(),
            policy(settings),
            settings.callsASecond(),
            settings.clients());
    settings.check();
    return sweep;
  }

  private static SweepPolicy policy(Settings settings) {
    return new SweepPolicy(
        settings.scope(),
        settings.mayTerminate(),
        settings.whole("MAX_ACTIONS_PER_SWEEP", 10, 1, 1000),
        settings.usdPerDpuHour());
  }
}
