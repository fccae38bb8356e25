package io.github.calculationguard.browser;

import com.fasterxml.jackson.jr.ob.JSON;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.calculationguard.standin.LambdaFunction;
import io.github.calculationguard.standin.LambdaFunction.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Serves a page that treats a widget as CloudWatch's console does, and invokes functions for it.
 */
final class StandInConsole implements AutoCloseable {

  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final HttpServer server;
  private final Map<String, LambdaFunction> functions;
  private final List<Map<String, Object>> invocations = new CopyOnWriteArrayList<>();

  /**
   * @param functions by the ARN that a button names; the widget's own is called widget
   */
  StandInConsole(Map<String, LambdaFunction> functions) {
    this.functions = functions;
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext("/", this::page);
    server.createContext("/invoke", this::invoke);
    server.start();
  }

  URI address(String theme) {
    return URI.create(
        "http://127.0.0.1:%d/?theme=%s".formatted(server.getAddress().getPort(), theme));
  }

  /** Whatever was sent to a function, in order. */
  List<Map<String, Object>> invocations() {
    return invocations;
  }

  private void page(HttpExchange exchange) throws IOException {
    try (var page = StandInConsole.class.getResourceAsStream("console.html")) {
      answer(exchange, 200, "text/html", Objects.requireNonNull(page).readAllBytes());
    }
  }

  private void invoke(HttpExchange exchange) throws IOException {
    var query = exchange.getRequestURI().getRawQuery();
    var endpoint = URLDecoder.decode(query.replaceFirst("^endpoint=", ""), StandardCharsets.UTF_8);
    var event = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    invocations.add(JSON.std.mapFrom(event));
    var function = functions.get(endpoint);
    if (function == null) {
      answer(exchange, 404, "text/plain", endpoint.getBytes(StandardCharsets.UTF_8));
      return;
    }
    switch (function.invoke(event, TIMEOUT).outcome()) {
      case Outcome.Answer answer ->
          answer(exchange, 200, "application/json", answer.json().getBytes(StandardCharsets.UTF_8));
      case Outcome.Failure failure ->
          answer(
              exchange, 500, "application/json", failure.json().getBytes(StandardCharsets.UTF_8));
    }
  }

  private static void answer(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    try (exchange) {
      exchange.getResponseHeaders().set("Content-Type", type + "; charset=utf-8");
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
