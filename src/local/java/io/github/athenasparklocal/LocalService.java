package io.github.athenasparklocal;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One AWS service on this machine. It records requests, and fails on demand.
 */
public abstract class LocalService implements AutoCloseable
     {

  static {
    // Read once, when the server's classes load. Without nodelay every second answer waits 40 ms for
    // an acknowledgement; maxReqTime, in seconds, ends requests whose head or body stalls; without
    // maxIdleConnections only 200 clients can keep their connections.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    System.getProperties().putIfAbsent("sun.net.httpserver.maxReqTime", "60");
    System.getProperties().putIfAbsent("sun.net.httpserver.maxIdleConnections", "10000");
  }

  /** An HTTP request, with its whole body. */
  public record Request(
      String method,
      URI uri,
      Function<String, @Nullable String> header,
      ByteBuffer content,
      String id) {

    public String path() {
      return uri.getPath();
    }

    /** The body as text. */
    public String body() {
      return StandardCharsets.UTF_8.decode(content.duplicate()).toString();
    }

    byte[] bytes() {
      var bytes = new byte[content.remaining()];
      content.duplicate().get(bytes);
      return bytes;
    }
  }

  private static final Pattern ACCESS_KEY = Pattern.compile("Credential=([^/,\\s]+)/");

  // Longer than any client waits. Without a limit its connection would stay open.
  private static final int MAX_HANG_MINUTES = 2;

  // A notebook may have 10 MB.
  private static final int MAX_BODY = 16 << 20;
  private static final int BACKLOG = 1024;
  private static final int DEFAULT_BODY_SECONDS = 30;


  private final HttpServer http;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final InstantSource clock;
  private final CallLog calls = new CallLog();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("local-service-timer").factory());
  private volatile Faults faults = Faults.none();
  private volatile Duration bodyTimeout = Duration.ofSeconds(DEFAULT_BODY_SECONDS);

  /** Binds the address. {@link #listen} starts to serve. */
  protected LocalService(InetSocketAddress address, InstantSource clock) {
    this.clock = clock;
    try {
      http = HttpServer.create(address, BACKLOG);
    } catch (IOException e) {
      throw new UncheckedIOException("can't listen on " + address, e);
    }
  }

  /** Starts to serve. The last statement of a constructor. */
  protected final void listen() {
    http.setExecutor(threads);
    http.createContext("/", this::handle);
    http.start();
  }

  /** The loopback address, on a free port. */
  public static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  /** The operation of a request; empty if it names none. */
  protected abstract String operationOf(Request request);

  /** Answers requests that are not operations, such as for a page; absent for operations. */
  protected @Nullable Reply answerOther(Request request) {
    return request.method().equals("POST") ? null : new Reply(404, "text/plain", "");
  }

  /** Runs an operation. */
  protected abstract Reply answer(String operation, Request request);

  /** The service's response for a refusal. */
  protected abstract Reply refuse(String operation, Fault.Refusal refusal);

  /** The service's response for an error. */
  protected abstract Reply fail(Fault.Chosen error);

  /** Where it listens. */
  public final URI endpoint() {
    var address = http.getAddress();
    return URI.create("http://" + address.getAddress().getHostAddress() + ":" + address.getPort());
  }

  /** Sets which requests fail from now on. */
  public final void faults(Faults faults) {
    this.faults = faults;
  }

  /** Sets how long a request's body may take. The default is 30 seconds. */
  public final void bodyTimeout(Duration bodyTimeout) {
    this.bodyTimeout = bodyTimeout;
  }

  /**
   * The latest requests, in order, those that failed included: at most 100,000 of them, and 8 MB of
   * their bodies.
   */
  public final List<Call> calls() {
    return calls.latest();
  }

  /** How many requests arrived, by operation. */
  public final Map<String, Integer> counts() {
    return calls.counts();
  }

  /** Clears the recorded requests and their counts. */
  public final void forgetCalls() {
    calls.forget();
  }

  private Call record(String operation, Request request) {
    var authorization = request.header().apply("Authorization");
    var key = ACCESS_KEY.matcher(authorization == null ? "" : authorization);
    return calls.add(
        operation, request.body(), clock.instant(), key.find() ? key.group(1) : null);
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      var body = read(exchange);
      if (body.length > MAX_BODY) {
        send(exchange, new Reply(413, "text/plain", "The body has more than 16 MB\n"));
        return;
      }
      var request =
          new Request(
              exchange.getRequestMethod(),
              exchange.getRequestURI(),
              exchange.getRequestHeaders()::getFirst,
              ByteBuffer.wrap(body),
              UUID.randomUUID().toString());
      exchange.getResponseHeaders().set("x-amzn-RequestId", request.id());
      var other = answerOther(request);
      if (other != null) {
        send(exchange, other);
        return;
      }
      var operation = operationOf(request);
      switch (faults.on(record(operation, request))) {
        case null -> send(exchange, answerOrReportDefect(operation, request));
        case Fault.Refusal refusal -> send(exchange, refuse(operation, refusal));
        case Fault.Chosen chosen -> send(exchange, fail(chosen));
        case Fault.Spoilt spoilt ->
            spoil(
                exchange,
                spoilt.mishap(),
                spoilt.effective() ? answer(operation, request) : Reply.json(200, Map.of()));
      }
    }
  }

  private byte[] read(HttpExchange exchange) throws IOException {
    var timeout =
        timer.schedule(exchange::close, bodyTimeout.toMillis(), TimeUnit.MILLISECONDS);
    try {
      return exchange.getRequestBody().readNBytes(MAX_BODY + 1);
    } finally {
      timeout.cancel(false);
    }
  }

  private Reply answerOrReportDefect(String operation, Request request) {
    try {
      return answer(operation, request);
    } catch (RuntimeException e) {
      // A defect of this program. The client gets an answer instead of a lost connection.
      return fail(new Fault.Chosen(500, "InternalServerException", "local defect: " + e));
    }
  }

  private void spoil(HttpExchange exchange, Fault.Mishap mishap, Reply reply) throws IOException {
    switch (mishap) {
      case HANGS -> hang();
      case CUT_OFF -> exchange.close();
      case TRUNCATED -> {
        var body = reply.body();
        exchange.getResponseHeaders().set("Content-Type", reply.contentType());
        exchange.sendResponseHeaders(reply.status(), body.length);
        exchange.getResponseBody().write(Arrays.copyOf(body, body.length / 2));
        exchange.getResponseBody().flush();
        exchange.close();
      }
      case MALFORMED -> send(exchange, new Reply(200, reply.contentType(), "{\"State\": <oops"));
      case EMPTY -> send(exchange, new Reply(200, reply.contentType(), ""));
    }
  }

  private void hang() {
    try {
      var _ = closing.await(MAX_HANG_MINUTES, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void send(HttpExchange exchange, Reply reply) throws IOException {
    var headers = exchange.getResponseHeaders();
    headers.set("Content-Type", reply.contentType());
    reply.headers().forEach(headers::set);
    var body = reply.body();
    if (exchange.getRequestMethod().equals("HEAD")) {
      headers.set("Content-Length", Integer.toString(body.length));
      exchange.sendResponseHeaders(reply.status(), -1);
      return;
    }
    // To this server 0 means "length unknown" and -1 "none".
    exchange.sendResponseHeaders(reply.status(), body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
  }

  /** Releases what the service uses. It serves no more requests. */
  protected void closing() {}

  @Override
  public final void close() {
    closing.countDown();
    closing();
    http.stop(0);
    threads.shutdownNow();
    timer.shutdownNow();
  }
}
