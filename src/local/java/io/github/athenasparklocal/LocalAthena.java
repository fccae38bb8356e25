package io.github.athenasparklocal;

import java.net.InetSocketAddress;
import java.time.InstantSource;

/**
 * Athena's Spark API over HTTP, for any AWS SDK and the AWS CLI: point {@code
 * AWS_ENDPOINT_URL_ATHENA} at it. Signatures are not checked.
 */
public final class LocalAthena extends LocalService {

  private static final String TARGET = "AmazonAthena.";

  private final SparkModel model;
  private final AthenaApi api;

  /** Listens on the loopback address, on a free port. */
  public LocalAthena(InstantSource clock, AwsRegion place) {
    this(clock, place, Pace.USUAL, loopback());
  }

  /**
   * @param address port 0 for a free one
   */
  public LocalAthena(
      InstantSource clock, AwsRegion place, Pace pace, InetSocketAddress address) {
    super(address, clock);
    model = new SparkModel(clock, place, pace);
    api = new AthenaApi(model);
    listen();
  }

  /** What is in it, to set up and to look at. */
  public SparkModel model() {
    return model;
  }

  @Override
  protected String operationOf(Request request) {
    var target = request.header().apply("X-Amz-Target");
    return request.method().equals("POST") && target != null && target.startsWith(TARGET)
        ? target.substring(TARGET.length())
        : "";
  }

  @Override
  protected Reply answer(String operation, Request request) {
    try {
      return Reply.json(200, api.run(operation, request.body()));
    } catch (Refused refused) {
      return refused.reply();
    }
  }

  @Override
  protected Reply refuse(String operation, Fault.Refusal refusal) {
    var place = model.place();
    var denied =
        ("User: arn:%1$s:sts::%3$s:assumed-role/guard/guard is not authorized to perform:"
                + " athena:%4$s on resource: arn:%1$s:athena:%2$s:%3$s:workgroup/primary"
                + " because no identity-based policy allows the athena:%4$s action")
            .formatted(place.partition(), place.name(), place.accountId(), operation);
    return Refused.by(refusal, "InternalServerException", denied).reply();
  }

  @Override
  protected Reply fail(Fault.Chosen error) {
    return Refused.of(error.status(), error.code(), error.message()).reply();
  }
}
