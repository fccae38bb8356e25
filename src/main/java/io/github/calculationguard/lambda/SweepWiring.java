package io.github.calculationguard.lambda;

import io.github.calculationguard.aws.ClientResources;
import io.github.calculationguard.aws.EventBridgeFindings;
import io.github.calculationguard.aws.SdkAthenaSpark;
import io.github.calculationguard.aws.SnsPublisher;
import io.github.calculationguard.guard.RateLimiter;
import io.github.calculationguard.guard.Sweep;
import io.github.calculationguard.report.NotificationPublisher;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.Consumer;

/** The sweep function's parts, put together. */
record SweepWiring(
    SweepSettings settings,
    Sweep sweep,
    NotificationPublisher announcements,
    InstantSource clock,
    String version) {

  static SweepWiring of(Map<String, String> environment) {
    var settings = SweepSettings.from(environment);
    return of(settings, settings.clients().access(), InstantSource.system(), SweepWiring::pause);
  }

  static SweepWiring of(
      SweepSettings settings,
      ClientResources access,
      InstantSource clock,
      Consumer<Duration> pause) {
    var clients = settings.clients();
    var pace = new RateLimiter(settings.callsASecond(), clock, pause);
    return new SweepWiring(
        settings,
        new Sweep(
            new SdkAthenaSpark(clients.athena(access, pace), clock),
            pace,
            new EventBridgeFindings(clients.eventBridge(access), settings.bus(), clock),
            clock,
            settings.policy()),
        new SnsPublisher(clients.sns(access), settings.topicArn(), clock),
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
