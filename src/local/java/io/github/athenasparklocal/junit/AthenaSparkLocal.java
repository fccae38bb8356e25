package io.github.athenasparklocal.junit;

import io.github.athenasparklocal.Faults;
import io.github.athenasparklocal.HandClock;
import io.github.athenasparklocal.LocalAthena;
import io.github.athenasparklocal.LocalAthenaOptions;
import io.github.athenasparklocal.SparkModel;
import java.net.URI;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.athena.AthenaClient;

/**
 * A local Athena for the tests of a class, with the workgroups {@code primary} and {@code spark}.
 * It is reset before each test.
 *
 * <pre>{@code
 * @RegisterExtension static final AthenaSparkLocal athena = new AthenaSparkLocal();
 * }</pre>
 */
public final class AthenaSparkLocal implements BeforeEachCallback, AfterAllCallback {

  private static final Region REGION = Region.US_EAST_1;

  private final HandClock clock = new HandClock(Instant.now());
  private final LocalAthena athena =
      new LocalAthena(new LocalAthenaOptions().clock(clock).primaryWorkGroup());
  private final AthenaClient client =
      AthenaClient.builder()
          .endpointOverride(athena.endpoint())
          .region(REGION)
          .credentialsProvider(
              StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "local")))
          .build();

  /** Listens on the loopback address, on a free port. */
  public AthenaSparkLocal() {}

  @Override
  public void beforeEach(ExtensionContext context) {
    athena.faults(Faults.none());
    athena.reset();
    athena.model().addWorkGroup("spark", SparkModel.PYSPARK_3, Map.of());
  }

  @Override
  public void afterAll(ExtensionContext context) {
    client.close();
    athena.close();
  }

  /** Where it listens. */
  public URI endpoint() {
    return athena.endpoint();
  }

  /** A client of it. */
  public AthenaClient client() {
    return client;
  }

  /** Its clock, which only the test moves. */
  public HandClock clock() {
    return clock;
  }

  /** Sets which requests fail until the test ends. */
  public void faults(Faults faults) {
    athena.faults(faults);
  }

  /** The sessions and calculations. */
  public SparkModel model() {
    return athena.model();
  }
}
