package io.github.calculationguard.lambda;

import io.github.calculationguard.aws.Access;
import io.github.calculationguard.aws.SdkAthenaSpark;
import io.github.calculationguard.guard.Lookout;
import io.github.calculationguard.guard.Pace;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.Consumer;

/** The widget function's parts, put together. */
record WidgetWiring(WidgetSettings settings, Lookout lookout, InstantSource clock, String version) {

  static WidgetWiring of(Map<String, String> environment) {
    var settings = WidgetSettings.from(environment);
    return of(settings, settings.clients().access(), InstantSource.system(), SweepWiring::pause);
  }

  static WidgetWiring of(
      WidgetSettings settings, Access access, InstantSource clock, Consumer<Duration> pause) {
    var pace = new Pace(settings.callsASecond(), clock, pause);
    return new WidgetWiring(
        settings,
        new Lookout(
            new SdkAthenaSpark(settings.clients().athena(access, pace), clock),
            clock,
            settings.workGroups(),
            settings.limits(),
            settings.maxExempt(),
            settings.ownerTag()),
        clock,
        StopWiring.guardVersion());
  }
}
