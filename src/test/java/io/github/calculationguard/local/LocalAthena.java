package io.github.calculationguard.local;

import io.github.calculationguard.spark.Place;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;

/**
 * Athena's Spark API over HTTP, for any AWS SDK and the AWS CLI: point {@code
 * AWS_ENDPOINT_URL_ATHENA} at it. Signatures are not checked.
 */
public final class LocalAthena implements AutoCloseable, LocalServer.Service {

  private static final String TARGET = "AmazonAthena.";

  private final SparkModel model;
  private final AthenaApi api;
  private final LocalServer server;

  /** Listens on the loopback address, on a free port. */
  public LocalAthena(InstantSource clock, Place place) {
    this(clock, place, Pace.USUAL, LocalServer.loopback());
  }

  /**
   * @param address port 0 for a free one
   */
  public LocalAthena(InstantSource clock, Place place, Pace pace, InetSocketAddress address) {
    model = new SparkModel(clock, place, pace);
    api = new AthenaApi(model);
    server = new LocalServer(address, clock, this);
  }

  /** Where it listens. */
  public URI endpoint() {
    return server.endpoint();
  }

  /** What is in it, to set up and to look at. */
  public SparkModel model() {
    return model;
  }

  /** Decides from now on what goes wrong. */
  public void faults(Faults faults) {
    server.faults(faults);
  }

  /** Every request that arrived, in order, those that failed included. */
  public List<Call> calls() {
    return server.calls();
  }

  /** How many requests arrived, by operation. */
  public Map<String, Integer> counts() {
    return server.counts();
  }

  /** Forgets the requests that arrived, and counts anew. */
  public void forgetCalls() {
    server.forgetCalls();
  }

  @Override
  public void close() {
    server.close();
  }

  @Override
  public String operationOf(LocalServer.Request request) {
    var target = request.headers().get("X-Amz-Target");
    return request.method().equals("POST") && target != null && target.startsWith(TARGET)
        ? target.substring(TARGET.length())
        : "";
  }

  @Override
  public Reply answer(String operation, LocalServer.Request request) {
    try {
      return Reply.json(200, api.run(operation, request.body()));
    } catch (Refused refused) {
      return refused.reply();
    }
  }

  @Override
  public Reply refuse(String operation, Fault.Refusal refusal) {
    var place = model.place();
    return (switch (refusal) {
          case THROTTLED -> Refused.of(400, "ThrottlingException", "Rate exceeded");
          case INTERNAL_ERROR ->
              Refused.of(500, "InternalServerException", "An internal error occurred");
          case UNAVAILABLE ->
              Refused.of(503, "ServiceUnavailableException", "The service is not available");
          case EXPIRED_TOKEN ->
              Refused.of(
                  400,
                  "ExpiredTokenException",
                  "The security token included in the request is expired");
          case DENIED ->
              Refused.of(
                  400,
                  "AccessDeniedException",
                  ("User: arn:%1$s:sts::%3$s:assumed-role/guard/guard is not authorized to perform:"
                          + " athena:%4$s on resource: arn:%1$s:athena:%2$s:%3$s:workgroup/primary"
                          + " because no identity-based policy allows the athena:%4$s action")
                      .formatted(place.partition(), place.region(), place.accountId(), operation));
        })
        .reply();
  }

  @Override
  public Reply fail(Fault.Chosen error) {
    return Refused.of(error.status(), error.code(), error.message()).reply();
  }
}
