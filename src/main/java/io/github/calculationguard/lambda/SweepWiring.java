package io.github.calculationguard.lambda;

import io.github.calculationguard.aws.Access;
import io.github.calculationguard.aws.EventBridgeOrders;
import io.github.calculationguard.aws.SdkAthenaSpark;
import io.github.calculationguard.aws.SnsAnnouncements;
import io.github.calculationguard.guard.Pace;
import io.github.calculationguard.guard.Sweep;
import io.github.calculationguard.report.Announcements;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.Consumer;

/** The sweep function's parts, put together. */
record SweepWiring(
    SweepSettings settings,
    Sweep sweep,
    Announcements announcements,
    InstantSource clock,
    String version) {

  static SweepWiring of(Map<String, String> environment) {
    var settings = SweepSettings.from(environment);
    return of(settings, settings.clients().access(), InstantSource.system(), SweepWiring::pause);
  }

  static SweepWiring of(
      SweepSettings settings, Access access, InstantSource clock, Consumer<Duration> pause) {
    var clients = settings.clients();
    var pace = new Pace(settings.callsASecond(), clock, pause);
    return new SweepWiring(
        settings,
        new Sweep(
            new SdkAthenaSpark(clients.athena(access, pace), clock),
            pace,
            new EventBridgeOrders(clients.eventBridge(access), settings.bus(), clock),
            clock,
            settings.policy()),
        new SnsAnnouncements(clients.sns(access), settings.topicArn(), clock),
        clock,
        StopWiring.guardVersion());
  }

  static void pause(Duration duration) {
    try {
      Thread.sleep(duration);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
