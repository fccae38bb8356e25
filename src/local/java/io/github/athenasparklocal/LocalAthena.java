package io.github.athenasparklocal;

import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Athena's Spark API over HTTP, for any AWS SDK and the AWS CLI: point {@code
 * AWS_ENDPOINT_URL_ATHENA} at it, and {@code AWS_ENDPOINT_URL_S3} to read results. Signatures are
 * not checked. Each Region is a world of its own.
 */
public final class LocalAthena extends LocalService {

  private static final String TARGET = "AmazonAthena.";
  private static final Pattern SCOPE = Pattern.compile("Credential=[^/,\\s]+/\\d+/([a-z0-9-]+)/");

  private record World(SparkModel model, AthenaApi api) {}

  private final LocalAthenaOptions options;
  private final AwsRegion region;
  private final Runner runner;
  private final ObjectStore objects;
  private final Settings settings;
  private final Console console = new Console(this);
  private final S3Endpoint s3;
  private final Throttle throttle;
  private final Map<String, World> worlds = new ConcurrentHashMap<>();

  /** Listens on the loopback address, on a free port. */
  public LocalAthena(InstantSource clock, AwsRegion region) {
    this(new LocalAthenaOptions().clock(clock).region(region));
  }

  /** Listens where the options say. */
  public LocalAthena(LocalAthenaOptions options) {
    super(options.address, options.clock);
    this.options = options;
    region = options.region;
    runner = options.execute ? new PythonRunner(options.python, options.console) : Runner.NONE;
    objects = new ObjectStore(S3Copy.to(options.s3Endpoint));
    settings = new Settings(options.maxSessions, this::endpoint, objects);
    s3 = new S3Endpoint(objects);
    throttle = new Throttle(options.maxCallsPerSecond);
    // So that the first request does not wait for it.
    var _ = world(region.name());
    listen();
  }

  /** The sessions and calculations of the default Region. */
  public SparkModel model() {
    return model(region.name());
  }

  /** The sessions and calculations of a Region. */
  public SparkModel model(String regionName) {
    return world(regionName).model();
  }

  private World world(String name) {
    return worlds.computeIfAbsent(
        name,
        key -> {
          var here = new AwsRegion(region.partition(), key, region.accountId());
          var model = new SparkModel(options.clock, here, options.pace);
          if (options.primary) {
            model.addWorkGroup("primary", SparkModel.SQL_3, Map.of());
          }
          return new World(model, new AthenaApi(model, settings, runner));
        });
  }

  /** By the names of their Regions. */
  Map<String, SparkModel> models() {
    var models = new ConcurrentHashMap<String, SparkModel>();
    worlds.forEach((name, world) -> models.put(name, world.model()));
    return models;
  }

  /** Removes all sessions, calculations, notebooks and workgroups, and all results. */
  public void reset() {
    for (var world : worlds.values()) {
      world.model().sessionIds().forEach(runner::end);
      world.api().reset();
      if (options.primary) {
        world.model().addWorkGroup("primary", SparkModel.SQL_3, Map.of());
      }
    }
    objects.clear();
    forgetCalls();
  }

  @Override
  protected @Nullable Reply answerOther(Request request) {
    if (request.header().apply("X-Amz-Target") != null) {
      return null;
    }
    var reply = console.answer(request);
    if (reply != null) {
      return reply;
    }
    return request.method().equals("POST") ? null : s3.answer(request);
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
    if (!throttle.allows()) {
      return refuse(operation, Fault.Refusal.THROTTLED);
    }
    try {
      return Reply.json(200, world(regionOf(request)).api().run(operation, request.body()));
    } catch (Refused refused) {
      return refused.reply();
    }
  }

  private String regionOf(Request request) {
    var authorization = request.header().apply("Authorization");
    var scope = SCOPE.matcher(authorization == null ? "" : authorization);
    return scope.find() ? scope.group(1) : region.name();
  }

  @Override
  protected Reply refuse(String operation, Fault.Refusal refusal) {
    var denied =
        ("User: arn:%1$s:sts::%3$s:assumed-role/guard/guard is not authorized to perform:"
                + " athena:%4$s on resource: arn:%1$s:athena:%2$s:%3$s:workgroup/primary"
                + " because no identity-based policy allows the athena:%4$s action")
            .formatted(region.partition(), region.name(), region.accountId(), operation);
    return Refused.by(refusal, "InternalServerException", denied).reply();
  }

  @Override
  protected Reply fail(Fault.Chosen error) {
    return Refused.of(error.status(), error.code(), error.message()).reply();
  }

  @Override
  protected void closing() {
    for (var world : worlds.values()) {
      world.model().sessionIds().forEach(runner::end);
    }
  }
}
