package io.github.calculationguard.lambda;

import io.github.calculationguard.aws.ClientResources;
import io.github.calculationguard.aws.SdkAthenaSpark;
import io.github.calculationguard.guard.InventoryReader;
import io.github.calculationguard.guard.RateLimiter;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.Consumer;

/** The widget function's parts, put together. */
record WidgetWiring(
    WidgetSettings settings, InventoryReader lookout, InstantSource clock, String version) {

  static WidgetWiring of(Map<String, String> environment) {
    var settings = WidgetSettings.from(environment);
    return of(settings, settings.clients().access(), InstantSource.system(), SweepWiring::pause);
  }

  static WidgetWiring of(
      WidgetSettings settings,
      ClientResources access,
      InstantSource clock,
      Consumer<Duration> pause) {
    var pace = new RateLimiter(settings.callsASecond(), clock, pause);
    return new WidgetWiring(
        settings,
        new InventoryReader(
            new SdkAthenaSpark(settings.clients().athena(access, pace), clock),
            clock,
            settings.scope()),
        clock,
        StopWiring.guardVersion());
  }
}
