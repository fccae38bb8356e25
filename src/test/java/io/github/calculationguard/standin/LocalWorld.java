package io.github.calculationguard.standin;

import io.github.athenasparklocal.AwsRegion;
import io.github.athenasparklocal.FastClock;
import io.github.athenasparklocal.LocalAthena;
import io.github.athenasparklocal.LocalService;
import io.github.athenasparklocal.Pace;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.spark.AccountRegion;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;

/** Athena, SNS and EventBridge of one account and Region, with one clock. */
public final class LocalWorld implements AutoCloseable {

  /** An account that AWS uses in its own samples. */
  public static final AccountRegion PLACE = new AccountRegion("aws", "us-east-1", "123456789012");

  private static final AwsRegion REGION =
      new AwsRegion(PLACE.partition(), PLACE.region(), PLACE.accountId());

  private final LocalAthena athena;
  private final LocalSns sns;
  private final LocalEventBridge eventBridge;

  /** Listens on the loopback address, on free ports. */
  public LocalWorld(InstantSource clock) {
    this(clock, LocalService.loopback());
  }

  /**
   * @param athenaAddress where Athena listens; the other two take free ports beside it
   */
  public LocalWorld(InstantSource clock, InetSocketAddress athenaAddress) {
    var beside = new InetSocketAddress(athenaAddress.getAddress(), 0);
    athena = new LocalAthena(clock, REGION, Pace.USUAL, athenaAddress);
    sns = new LocalSns(clock, PLACE, beside);
    eventBridge = new LocalEventBridge(clock, PLACE, beside);
  }

  /** Its Athena. */
  public LocalAthena athena() {
    return athena;
  }

  /** Its SNS. */
  public LocalSns sns() {
    return sns;
  }

  /** Its EventBridge. */
  public LocalEventBridge eventBridge() {
    return eventBridge;
  }

  /** The variables by which AWS's SDKs, boto3 and the AWS CLI find this world. */
  public Map<String, String> environment() {
    var environment = new LinkedHashMap<String, String>();
    environment.put("AWS_ENDPOINT_URL_ATHENA", athena.endpoint().toString());
    environment.put("AWS_ENDPOINT_URL_SNS", sns.endpoint().toString());
    environment.put("AWS_ENDPOINT_URL_EVENTBRIDGE", eventBridge.endpoint().toString());
    environment.put("AWS_REGION", PLACE.region());
    // The name that Python's SDK and the first AWS CLI read.
    environment.put("AWS_DEFAULT_REGION", PLACE.region());
    environment.put("AWS_ACCESS_KEY_ID", "local");
    environment.put("AWS_SECRET_ACCESS_KEY", "local");
    return environment;
  }

  @Override
  public void close() {
    athena.close();
    sns.close();
    eventBridge.close();
  }

  /**
   * Serves such a world, with three workgroups, until somebody interrupts it, and prints how to
   * reach it.
   *
   * @param args {@code [ADDRESS[:PORT]] [SPEED]}: where it listens (the loopback address, a free
   *     port), and how many times as fast as the real one its clock runs (1)
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    var address = args.length > 0 ? args[0].split(":", 2) : new String[] {"127.0.0.1"};
    var port = address.length > 1 ? Integer.parseInt(address[1]) : 0;
    var speed = args.length > 1 ? Double.parseDouble(args[1]) : 1;
    var socket = new InetSocketAddress(InetAddress.getByName(address[0]), port);
    try (var world = new LocalWorld(new FastClock(speed), socket)) {
      world.athena().model().addWorkGroup("primary", SparkModel.SQL_3, Map.of());
      world.athena().model().addWorkGroup("spark", SparkModel.PYSPARK_3, Map.of("team", "data"));
      world.athena().model().addWorkGroup("spark-connect", SparkModel.SPARK_35, Map.of());
      world.sns().addTopic("local");
      world
          .environment()
          .forEach((name, value) -> System.out.println("export " + name + "=" + value));
      Thread.currentThread().join();
    }
  }
}
