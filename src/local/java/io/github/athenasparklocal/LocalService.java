package io.github.athenasparklocal;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One AWS service at an address of this machine. It records every request, and goes wrong where it
 * is told to.
 */
public abstract class LocalService implements AutoCloseable
     {

  static {
    // Read once, when the server's classes load: without it every second answer waits 40 ms for an
    // acknowledgement.
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }

  /** A request as a service sees it. */
  public record Request(
      String method,
      String path,
      Function<String, @Nullable String> header,
      String body,
      String id) {}

  private static final Pattern ACCESS_KEY = Pattern.compile("Credential=([^/,\\s]+)/");

  // Longer than any client waits; for ever would keep its connection for ever.
  private static final int LONGEST_HANG_MINUTES = 2;

  private final HttpServer http;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final InstantSource clock;
  private final List<Call> calls = new ArrayList<>();
  private final Map<String, Integer> counts = new HashMap<>();
  private volatile Faults faults = Faults.none();

  /** Takes its address, and waits for {@link #listen}. */
  protected LocalService(InetSocketAddress address, InstantSource clock) {
    this.clock = clock;
    try {
      http = HttpServer.create(address, 0);
    } catch (IOException e) {
      throw new UncheckedIOException("can't listen on " + address, e);
    }
  }

  /** Begins to answer; the last thing that a service's constructor does. */
  protected final void listen() {
    http.setExecutor(threads);
    http.createContext("/", this::handle);
    http.start();
  }

  /** The loopback address, on a free port. */
  public static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  /** The name of the operation that a request asks for; empty where it names none. */
  protected abstract String operationOf(Request request);

  /** Does what a request asks for. */
  protected abstract Reply answer(String operation, Request request);

  /** Refuses in the service's own words. */
  protected abstract Reply refuse(String operation, Fault.Refusal refusal);

  /** Fails in the service's own shape. */
  protected abstract Reply fail(Fault.Chosen error);

  /** Where it listens. */
  public final URI endpoint() {
    var address = http.getAddress();
    return URI.create("http://" + address.getAddress().getHostAddress() + ":" + address.getPort());
  }

  /** Decides from now on what goes wrong. */
  public final void faults(Faults faults) {
    this.faults = faults;
  }

  /** Every request that arrived, in order, those that failed included. */
  public final List<Call> calls() {
    synchronized (calls) {
      return List.copyOf(calls);
    }
  }

  /** How many requests arrived, by operation. */
  public final Map<String, Integer> counts() {
    synchronized (calls) {
      return new TreeMap<>(counts);
    }
  }

  /** Forgets the requests that arrived, and counts anew. */
  public final void forgetCalls() {
    synchronized (calls) {
      calls.clear();
      counts.clear();
    }
  }

  private Call record(String operation, Request request) {
    var authorization = request.header().apply("Authorization");
    var key = ACCESS_KEY.matcher(authorization == null ? "" : authorization);
    var accessKeyId = key.find() ? key.group(1) : null;
    synchronized (calls) {
      var nth = counts.merge(operation, 1, Integer::sum);
      var call = new Call(operation, nth, request.body(), clock.instant(), accessKeyId);
      calls.add(call);
      return call;
    }
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      var request =
          new Request(
              exchange.getRequestMethod(),
              exchange.getRequestURI().getPath(),
              exchange.getRequestHeaders()::getFirst,
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8),
              UUID.randomUUID().toString());
      exchange.getResponseHeaders().set("x-amzn-RequestId", request.id());
      var operation = operationOf(request);
      switch (faults.on(record(operation, request))) {
        case null -> send(exchange, answerOrOwnUp(operation, request));
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

  private Reply answerOrOwnUp(String operation, Request request) {
    try {
      return answer(operation, request);
    } catch (RuntimeException e) {
      // A defect of this program: the client hears of it, rather than of a lost connection.
      return fail(new Fault.Chosen(500, "InternalServerException", "local defect: " + e));
    }
  }

  private void spoil(HttpExchange exchange, Fault.Mishap mishap, Reply reply) throws IOException {
    switch (mishap) {
      case HANGS -> hang();
      case CUT_OFF -> exchange.close();
      case TRUNCATED -> {
        var body = bytes(reply);
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
      var _ = closing.await(LONGEST_HANG_MINUTES, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void send(HttpExchange exchange, Reply reply) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", reply.contentType());
    // To this server 0 means "length unknown" and -1 "none".
    var body = bytes(reply);
    exchange.sendResponseHeaders(reply.status(), body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
  }

  private static byte[] bytes(Reply reply) {
    return reply.body().getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public final void close() {
    closing.countDown();
    http.stop(0);
    threads.shutdownNow();
  }
}
