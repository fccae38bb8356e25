package io.github.calculationguard.standin;

import io.github.athenasparklocal.AwsRegion;
import io.github.athenasparklocal.LocalAthena;
import io.github.athenasparklocal.LocalAthenaOptions;
import io.github.athenasparklocal.LocalService;
import io.github.calculationguard.spark.AccountRegion;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;

/** Athena, SNS and EventBridge of one account and Region, with one clock. */
public final class LocalWorld implements AutoCloseable {

  /** An account that AWS uses in its own samples. */
  public static final AccountRegion PLACE = new AccountRegion("aws", "us-east-1", "123456789012");

  private static final String INTERNAL_BUS = "guard-internal";

  private final AccountRegion place;
  private final LocalAthena athena;
  private final LocalSns sns;
  private final LocalEventBridge eventBridge;

  /** Listens on the loopback address, on free ports. */
  public LocalWorld(InstantSource clock) {
    this(clock, PLACE);
  }

  /** In an account and Region of the caller's choice. */
  public LocalWorld(InstantSource clock, AccountRegion place) {
    this(clock, place, LocalService.loopback());
  }

  /**
   * @param athenaAddress where Athena listens; the other two take free ports beside it
   */
  public LocalWorld(InstantSource clock, InetSocketAddress athenaAddress) {
    this(clock, PLACE, athenaAddress);
  }

  private LocalWorld(InstantSource clock, AccountRegion place, InetSocketAddress athenaAddress) {
    this.place = place;
    var beside = new InetSocketAddress(athenaAddress.getAddress(), 0);
    athena =
        new LocalAthena(
            new LocalAthenaOptions()
                .clock(clock)
                .region(new AwsRegion(place.partition(), place.region(), place.accountId()))
                .address(athenaAddress));
    sns = new LocalSns(clock, place, beside);
    eventBridge = new LocalEventBridge(clock, place, beside);
    eventBridge.addBus(INTERNAL_BUS);
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

  /**
   * The environment variables by which the AWS SDKs and the AWS CLI find these services, and by
   * which the guard finds its internal bus. It watches all workgroups.
   */
  public Map<String, String> environment() {
    var environment = new LinkedHashMap<String, String>();
    environment.put("AWS_ENDPOINT_URL_ATHENA", athena.endpoint().toString());
    environment.put("AWS_ENDPOINT_URL_SNS", sns.endpoint().toString());
    environment.put("AWS_ENDPOINT_URL_EVENTBRIDGE", eventBridge.endpoint().toString());
    environment.put("BUS_NAME", INTERNAL_BUS);
    environment.put("WORK_GROUP_PATTERN", "*");
    environment.put("AWS_REGION", place.region());
    // boto3 and version 1 of the AWS CLI read this name.
    environment.put("AWS_DEFAULT_REGION", place.region());
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
}
