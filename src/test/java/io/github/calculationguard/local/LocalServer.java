package io.github.calculationguard.local;

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
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One AWS service at an address of this machine: it records every request, and spoils what it is
 * told to.
 */
final class LocalServer implements AutoCloseable {

  static {
    // Read once, when the server's classes load: without it every second answer waits 40 ms for an
    // acknowledgement.
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }

  private static final Pattern ACCESS_KEY = Pattern.compile("Credential=([^/,\\s]+)/");

  /** What makes a service out of a server. */
  interface Service {

    /** The name of the operation that a request asks for; empty where it names none. */
    String operationOf(Request request);

    Reply answer(String operation, Request request);

    Reply refuse(String operation, Fault.Refusal refusal);

    Reply fail(Fault.Chosen error);
  }

  /** A request as a service sees it. */
  record Request(String method, String path, Headers headers, String body, String id) {}

  /** The headers of a request. */
  @FunctionalInterface
  interface Headers {
    @Nullable String get(String name);
  }

  private final HttpServer http;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Service service;
  private final InstantSource clock;
  private final List<Call> calls = new ArrayList<>();
  private final Map<String, Integer> counts = new HashMap<>();
  private volatile Faults faults = Faults.none();

  /**
   * @param address port 0 for a free one
   */
  LocalServer(InetSocketAddress address, InstantSource clock, Service service) {
    this.service = service;
    this.clock = clock;
    try {
      http = HttpServer.create(address, 0);
    } catch (IOException e) {
      throw new UncheckedIOException("can't listen on " + address, e);
    }
    http.setExecutor(threads);
    http.createContext("/", this::handle);
    http.start();
  }

  static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  URI endpoint() {
    var address = http.getAddress();
    return URI.create("http://" + address.getAddress().getHostAddress() + ":" + address.getPort());
  }

  void faults(Faults faults) {
    this.faults = faults;
  }

  synchronized List<Call> calls() {
    return List.copyOf(calls);
  }

  synchronized Map<String, Integer> counts() {
    return new TreeMap<>(counts);
  }

  synchronized void forgetCalls() {
    calls.clear();
    counts.clear();
  }

  private synchronized Call record(String operation, Request request) {
    var nth = counts.merge(operation, 1, Integer::sum);
    var authorization = request.headers().get("Authorization");
    var key = ACCESS_KEY.matcher(authorization == null ? "" : authorization);
    var call =
        new Call(operation, nth, request.body(), clock.instant(), key.find() ? key.group(1) : null);
    calls.add(call);
    return call;
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
      var operation = service.operationOf(request);
      switch (faults.on(record(operation, request))) {
        case null -> send(exchange, service.answer(operation, request));
        case Fault.Refusal refusal -> send(exchange, service.refuse(operation, refusal));
        case Fault.Chosen chosen -> send(exchange, service.fail(chosen));
        case Fault.Spoilt spoilt -> {
          if (spoilt.effective()) {
            var unspoilt = service.answer(operation, request);
            spoil(exchange, spoilt.mishap(), unspoilt);
          } else {
            spoil(exchange, spoilt.mishap(), new Reply(200, "application/x-amz-json-1.1", "{}"));
          }
        }
      }
    }
  }

  private void spoil(HttpExchange exchange, Fault.Mishap mishap, Reply reply) throws IOException {
    switch (mishap) {
      case HANGS -> awaitClosing();
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

  private void awaitClosing() {
    try {
      closing.await();
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
  public void close() {
    closing.countDown();
    http.stop(0);
    threads.shutdownNow();
  }
}
