package io.github.calculationguard.lambda;

import io.github.calculationguard.aws.AwsClients;
import io.github.calculationguard.guard.InventoryReader.Scope;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The widget function's settings. Their names, units and bounds are the template's parameters'.
 *
 * @param stopFunctionArn whom Stop calls; absent where there is no such button
 * @param callsASecond how many calls to Athena it may make
 */
record WidgetSettings(
    Scope scope,
    double usdPerDpuHour,
    @Nullable String stopFunctionArn,
    int callsASecond,
    AwsClients clients) {

  /**
   * @throws Settings.WrongSettingsException naming each variable that is wrong
   */
  static WidgetSettings from(Map<String, String> environment) {
    var settings = new Settings(environment);
    var stopFunction = environment.get("STOP_FUNCTION_ARN");
    var widget =
        new WidgetSettings(
            settings.scope(),
            settings.usdPerDpuHour(),
            stopFunction == null || stopFunction.isEmpty()
                ? null
                : settings.arn("STOP_FUNCTION_ARN", "lambda"),
            settings.callsASecond(),
            settings.clients());
    settings.check();
    return widget;
  }
}
