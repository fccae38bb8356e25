package io.github.calculationguard.standin;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.athenasparklocal.LocalService;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The Lambda Runtime API of one execution environment, where a runtime gets its work and brings its
 * answers.
 *
 * @see <a href="https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html">Runtime API</a>
 */
public final class RuntimeApi implements AutoCloseable {

  /** What the runtime did. */
  public sealed interface Event {

    /** It is initialised and waits to be restored. */
    record Initialised() implements Event {}

    /** It asked for work, and so it is done with what it had. */
    record Ready() implements Event {}

    /** It answered an invocation. */
    record Answered(String requestId, String json, long atNanos) implements Event {}

    /** An invocation failed in it. */
    record Failed(String requestId, String json, long atNanos) implements Event {}

    /** It could not start, or not be restored. */
    record Broken(String json) implements Event {}

    /** Its process is no more. */
    record Exited(int status) implements Event {}
  }

  /** An invocation for the runtime. */
  public record Invocation(String requestId, String traceId, String event, Instant deadline) {}

  private static final Pattern INVOCATION =
      Pattern.compile("/2018-06-01/runtime/invocation/([^/]+)/(response|error)");

  private static final String CREDENTIALS = "/2021-04-23/credentials";

  /** Dummy credentials. */
  private static final Map<String, String> FAKE_CREDENTIALS =
      Map.of("AccessKeyId", "local", "SecretAccessKey", "local", "Token", "local");

  private final HttpServer http;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final BlockingQueue<Invocation> work = new ArrayBlockingQueue<>(1);
  private final BlockingQueue<Boolean> restore = new ArrayBlockingQueue<>(1);
  private final String functionArn;
  private volatile @Nullable String current;
  private volatile long handedOver;
  private volatile boolean restored;

  public RuntimeApi(String functionArn) {
    this.functionArn = functionArn;
    try {
      http = HttpServer.create(LocalService.loopback(), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    http.setExecutor(threads);
    http.createContext("/", this::handle);
    http.start();
  }

  /** The value of AWS_LAMBDA_RUNTIME_API. */
  public String address() {
    var address = http.getAddress();
    return address.getAddress().getHostAddress() + ":" + address.getPort();
  }

  /** Where SnapStart's functions get their credentials. */
  public String credentials() {
    return "http://" + address() + CREDENTIALS;
  }

  /** What the runtime did, in order. */
  public BlockingQueue<Event> events() {
    return events;
  }

  /** Hands an invocation to a runtime that is ready. */
  public void hand(Invocation invocation) {
    current = invocation.requestId();
    work.add(invocation);
  }

  /** Restores an initialised runtime, as from its snapshot. */
  public void restore() {
    restore.add(true);
  }

  /** When the runtime got the work that it has or had last, by {@link System#nanoTime}. */
  public long handedOverNanos() {
    return handedOver;
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      var path = exchange.getRequestURI().getPath();
      var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      switch (path) {
        case "/2018-06-01/runtime/invocation/next" -> next(exchange);
        case "/2018-06-01/runtime/init/error", "/2018-06-01/runtime/restore/error" -> {
          events.add(new Event.Broken(body));
          accept(exchange);
        }
        case "/2018-06-01/runtime/restore/next" -> {
          events.add(new Event.Initialised());
          restored = restore.take();
          send(exchange, 200, "");
        }
        case CREDENTIALS -> send(exchange, 200, Json.text(someCredentials()));
        default -> finish(exchange, path, body);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void next(HttpExchange exchange) throws IOException, InterruptedException {
    events.add(new Event.Ready());
    var invocation = work.take();
    var headers = exchange.getResponseHeaders();
    headers.set("Lambda-Runtime-Aws-Request-Id", invocation.requestId());
    headers.set("Lambda-Runtime-Deadline-Ms", Long.toString(invocation.deadline().toEpochMilli()));
    headers.set("Lambda-Runtime-Invoked-Function-Arn", functionArn);
    headers.set("Lambda-Runtime-Trace-Id", invocation.traceId());
    handedOver = System.nanoTime();
    send(exchange, 200, invocation.event());
  }

  private void finish(HttpExchange exchange, String path, String body) throws IOException {
    var arrived = System.nanoTime();
    var invocation = INVOCATION.matcher(path);
    if (!invocation.matches()) {
      send(exchange, 404, error("UnknownPath", path));
      return;
    }
    var id = invocation.group(1);
    if (!id.equals(current)) {
      send(exchange, 400, error("InvalidRequestID", "Invalid request ID"));
      return;
    }
    current = null;
    events.add(
        invocation.group(2).equals("response")
            ? new Event.Answered(id, body, arrived)
            : new Event.Failed(id, body, arrived));
    accept(exchange);
  }

  private static void accept(HttpExchange exchange) throws IOException {
    send(exchange, 202, "{\"status\":\"OK\"}");
  }

  private static void send(HttpExchange exchange, int status, String body) throws IOException {
    var bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  public static String error(String type, String message) {
    return Json.text(Map.of("errorType", type, "errorMessage", message));
  }

  // The SDKs read the root's second part as seconds since 1970.
  public static String newTraceId() {
    var hex = UUID.randomUUID().toString().replace("-", "");
    return "Root=1-%s-%s;Parent=%s;Sampled=0"
        .formatted(
            HexFormat.of().toHexDigits(Instant.now().getEpochSecond(), 8),
            hex.substring(0, 24),
            hex.substring(16));
  }

  /** Their key says whether they are of the time before the snapshot, or of after the restore. */
  private Map<String, String> someCredentials() {
    var credentials = new HashMap<>(FAKE_CREDENTIALS);
    credentials.put("AccessKeyId", restored ? "restored" : "snapshot");
    credentials.put("Expiration", Instant.now().plus(Duration.ofHours(1)).toString());
    return credentials;
  }

  @Override
  public void close() {
    http.stop(0);
    threads.shutdownNow();
  }
}
