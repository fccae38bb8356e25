package io.github.calculationguard.lambda;

import io.github.calculationguard.aws.ClientResources;
import io.github.calculationguard.aws.SdkAthenaSpark;
import io.github.calculationguard.aws.SnsPublisher;
import io.github.calculationguard.report.NotificationPublisher;
import io.github.calculationguard.spark.SnapshotReader;
import io.github.calculationguard.stop.Sleeper;
import io.github.calculationguard.stop.StopService;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import software.amazon.awssdk.utils.SdkAutoCloseable;

/** The stop function's parts, put together. */
record StopWiring(
    StopSettings settings,
    ClientResources access,
    List<SdkAutoCloseable> clients,
    StopService stop,
    NotificationPublisher announcements,
    InstantSource clock,
    String version)
    implements AutoCloseable {

  static StopWiring of(Map<String, String> environment) {
    var settings = StopSettings.from(environment);
    return of(settings, settings.clients().access(), InstantSource.system(), StopWiring::pause);
  }

  static StopWiring of(
      StopSettings settings, ClientResources access, InstantSource clock, Sleeper pause) {
    var athenaClient = settings.clients().athena(access);
    var snsClient = settings.clients().sns(access);
    var athena = new SdkAthenaSpark(athenaClient, clock);
    return new StopWiring(
        settings,
        access,
        List.of(athenaClient, snsClient),
        new StopService(
            athena,
            settings.ladder(),
            new SnapshotReader(athena, settings.ownerTag(), clock),
            clock,
            pause),
        new SnsPublisher(snsClient, settings.topicArn(), clock),
        clock,
        guardVersion());
  }

  @Override
  public void close() {
    clients.forEach(SdkAutoCloseable::close);
    access.close();
  }

  /** A little shorter than asked, by chance, so that many who wait do not come back at once. */
  private static void pause(Duration duration) throws InterruptedException {
    Thread.sleep(duration.multipliedBy(80 + new Random().nextInt(21)).dividedBy(100));
  }

  static String guardVersion() {
    try (var in = StopWiring.class.getResourceAsStream("/io/github/calculationguard/version.txt")) {
      return new String(
          Objects.requireNonNull(in, "version.txt is in the package").readAllBytes(),
          StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
