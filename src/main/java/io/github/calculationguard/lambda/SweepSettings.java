package io.github.calculationguard.lambda;

import io.github.calculationguard.aws.Clients;
import io.github.calculationguard.guard.Limits;
import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.Policy;
import io.github.calculationguard.guard.Rule;
import io.github.calculationguard.guard.WorkGroupPattern;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

/**
 * The sweep function's settings. Their names, units and bounds are the template's parameters'.
 *
 * @param callsASecond how many calls to Athena it may make
 */
record SweepSettings(
    String bus, String topicArn, String service, Policy policy, int callsASecond, Clients clients) {

  private static final double MOST = 100_000;

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
            settings.text("SERVICE", "calculation-guard", ".{1,128}", "1 to 128 characters"),
            policy(settings),
            settings.whole("CALLS_PER_SECOND", 5, 1, 50),
            new Clients(
                settings.millis("ATTEMPT_TIMEOUT_MILLIS", 3000, 100, 30_000),
                settings.whole("MAX_ATTEMPTS", 3, 1, 10)));
    settings.check();
    return sweep;
  }

  private static Policy policy(Settings settings) {
    return new Policy(
        new WorkGroupPattern(
            settings.text(
                "WORK_GROUP_PATTERN",
                "*",
                "[A-Za-z0-9._*?-]{1,128}",
                "a workgroup's name, in which * and ? may stand for other characters")),
        limits(settings),
        Duration.ofHours(settings.whole("MAX_EXEMPT_HOURS", 24, 0, 1000)),
        settings.mayTerminate(),
        settings.whole("MAX_ACTIONS_PER_SWEEP", 10, 1, 1000),
        Duration.ofMinutes(settings.whole("FINDING_EXPIRES_MINUTES", 10, 1, 1440)),
        settings.number("USD_PER_DPU_HOUR", 0.35, 0, 100),
        settings.text("OWNER_TAG", "owner", ".{1,128}", "1 to 128 characters"));
  }

  private static Limits limits(Settings settings) {
    var mode = settings.text("MODE", "observe", "off|observe|enforce", "off, observe or enforce");
    var most = new EnumMap<Rule, Double>(Rule.class);
    for (var rule : Rule.values()) {
      var standard =
          switch (rule) {
            case MAX_CALCULATION_MINUTES -> 120;
            case MAX_SESSION_IDLE_MINUTES -> 60;
            case MAX_CALCULATION_DPU_HOURS, MAX_SESSION_HOURS, MAX_SESSION_DPU_HOURS -> 0;
          };
      most.put(rule, settings.number(rule.name(), standard, 0, MOST));
    }
    return new Limits(
        Mode.of(mode).orElse(Mode.OBSERVE), most, settings.whole("WARN_AT_PERCENT", 80, 1, 100));
  }
}
