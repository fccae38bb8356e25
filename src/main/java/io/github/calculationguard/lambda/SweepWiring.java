package io.github.calculationguard.lambda;

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
import software.amazon.awssdk.http.SdkHttpClient;

/** The sweep function's parts, put together. */
record SweepWiring(
    SweepSettings settings,
    Sweep sweep,
    Announcements announcements,
    InstantSource clock,
    String version) {

  static SweepWiring of(Map<String, String> environment) {
    var settings = SweepSettings.from(environment);
    return of(settings, settings.clients().http(), InstantSource.system(), SweepWiring::pause);
  }

  static SweepWiring of(
      SweepSettings settings, SdkHttpClient http, InstantSource clock, Consumer<Duration> pause) {
    var clients = settings.clients();
    var pace = new Pace(settings.callsASecond(), clock, pause);
    return new SweepWiring(
        settings,
        new Sweep(
            new SdkAthenaSpark(clients.athena(http, pace), clock),
            pace,
            new EventBridgeOrders(clients.eventBridge(http), settings.bus(), clock),
            clock,
            settings.policy()),
        new SnsAnnouncements(clients.sns(http), settings.topicArn(), clock),
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
