package io.github.calculationguard.standin;

import com.amazonaws.services.lambda.runtime.ClientContext;
import com.amazonaws.services.lambda.runtime.CognitoIdentity;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.api.client.logging.LambdaContextLogger;
import com.amazonaws.services.lambda.runtime.api.client.logging.LogSink;
import com.amazonaws.services.lambda.runtime.logging.LogFormat;
import com.amazonaws.services.lambda.runtime.logging.LogLevel;
import com.amazonaws.services.lambda.runtime.serialization.PojoSerializer;
import com.amazonaws.services.lambda.runtime.serialization.events.LambdaEventSerializers;
import com.amazonaws.services.lambda.runtime.serialization.factories.JacksonFactory;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A function in this JVM, for machines where {@link LocalLambda} can't run: its event and its
 * answer go through the interface client's own serialisation and its log through the client's own
 * logger.
 */
public final class InProcessLambda implements LambdaFunction {

  private final FunctionSettings settings;
  private final RequestHandler<Object, Object> handler;
  private final PojoSerializer<Object> in;
  private final PojoSerializer<Object> out;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("function").factory());

  /**
   * @param handler its class names the types of its input and output
   */
  @SuppressWarnings("unchecked") // What the handler is given is read by its own type.
  public InProcessLambda(FunctionSettings settings, RequestHandler<?, ?> handler) {
    this.settings = settings;
    this.handler = (RequestHandler<Object, Object>) handler;
    var types =
        Arrays.stream(handler.getClass().getGenericInterfaces())
            .filter(type -> type instanceof ParameterizedType)
            .map(type -> (ParameterizedType) type)
            .filter(type -> type.getRawType().equals(RequestHandler.class))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException(handler + " is no RequestHandler"))
            .getActualTypeArguments();
    in = serializer(types[0]);
    out = serializer(types[1]);
  }

  @SuppressWarnings("unchecked") // As the interface client does it.
  private static PojoSerializer<Object> serializer(Type type) {
    return type instanceof Class<?> event
            && LambdaEventSerializers.isLambdaSupportedEvent(event.getName())
        ? LambdaEventSerializers.serializerFor(
            (Class<Object>) event, InProcessLambda.class.getClassLoader())
        : JacksonFactory.getInstance().getSerializer(type);
  }

  @Override
  public Result invoke(String event, Duration timeout) {
    var log = new CopyOnWriteArrayList<String>();
    var context = new LocalContext(settings, Instant.now().plus(timeout), log);
    var from = System.nanoTime();
    Outcome outcome;
    var running = thread.submit(() -> run(event, context));
    try {
      outcome = new Outcome.Answer(running.get(timeout.toNanos(), TimeUnit.NANOSECONDS));
    } catch (ExecutionException e) {
      var cause = e.getCause() == null ? e : e.getCause();
      outcome =
          new Outcome.Failure(
              RuntimeApi.error(cause.getClass().getName(), String.valueOf(cause.getMessage())));
    } catch (TimeoutException e) {
      running.cancel(true);
      outcome = LocalLambda.timedOut(context.getAwsRequestId(), timeout);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
    var took = Duration.ofNanos(System.nanoTime() - from);
    return new Result(context.getAwsRequestId(), outcome, log, took);
  }

  private String run(String event, Context context) {
    var answer = handler.handleRequest(in.fromJson(event), context);
    if (answer == null) {
      return "null";
    }
    var json = new ByteArrayOutputStream();
    out.toJson(answer, json);
    return json.toString(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }

  /** Records log entries. */
  private record Sink(List<String> entries) implements LogSink {

    @Override
    public void log(byte[] message) {
      entries.add(new String(message, StandardCharsets.UTF_8).stripTrailing());
    }

    @Override
    public void log(LogLevel level, LogFormat format, byte[] message) {
      log(message);
    }

    @Override
    public void close() {}
  }

  private static final class LocalContext implements Context {

    private final FunctionSettings settings;
    private final Instant deadline;
    private final LambdaLogger logger;
    private final String requestId = UUID.randomUUID().toString();

    LocalContext(FunctionSettings settings, Instant deadline, List<String> log) {
      this.settings = settings;
      this.deadline = deadline;
      this.logger = new LambdaContextLogger(new Sink(log), LogLevel.INFO, LogFormat.JSON);
    }

    @Override
    public String getAwsRequestId() {
      return requestId;
    }

    @Override
    public String getLogGroupName() {
      return "/aws/lambda/" + settings.name();
    }

    @Override
    public String getLogStreamName() {
      return "local";
    }

    @Override
    public String getFunctionName() {
      return settings.name();
    }

    @Override
    public String getFunctionVersion() {
      return "$LATEST";
    }

    @Override
    public String getInvokedFunctionArn() {
      return settings.arn();
    }

    @Override
    public @Nullable CognitoIdentity getIdentity() {
      return null;
    }

    @Override
    public @Nullable ClientContext getClientContext() {
      return null;
    }

    @Override
    public int getRemainingTimeInMillis() {
      return (int) Math.max(0, Duration.between(Instant.now(), deadline).toMillis());
    }

    @Override
    public int getMemoryLimitInMB() {
      return settings.memoryMegabytes();
    }

    @Override
    public LambdaLogger getLogger() {
      return logger;
    }
  }
}
