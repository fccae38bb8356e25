package io.github.calculationguard.browser;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One page of a headless Chromium, driven by its DevTools protocol.
 *
 * @see <a href="https://chromedevtools.github.io/devtools-protocol/">the protocol</a>
 */
final class Chromium implements AutoCloseable {

  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome");
  private static final int PATIENCE_SECONDS = 30;
  private static final String LISTENING = "DevTools listening on ";

  private final Path profile;
  private final Process process;
  private final HttpClient http = HttpClient.newHttpClient();
  private final WebSocket socket;
  private final AtomicInteger lastId = new AtomicInteger();
  private final Map<Integer, CompletableFuture<Map<String, Object>>> awaited =
      new ConcurrentHashMap<>();

  /** Where there is one on this machine. */
  static Optional<Path> installed() {
    return Stream.of(Objects.requireNonNullElse(System.getenv("PATH"), "").split(":"))
        .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  Chromium(Path binary) {
    try {
      profile = Files.createTempDirectory("chromium");
      process =
          new ProcessBuilder(
                  binary.toString(),
                  "--headless",
                  "--no-sandbox",
                  "--disable-gpu",
                  "--disable-quic",
                  "--disable-dev-shm-usage",
                  "--no-first-run",
                  "--disable-background-networking",
                  "--disable-component-update",
                  "--disable-sync",
                  "--hide-scrollbars",
                  "--user-data-dir=" + profile,
                  "--remote-debugging-port=0",
                  "about:blank")
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      socket =
          http.newWebSocketBuilder()
              .buildAsync(page(devTools(process.errorReader())), new Answers())
              .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException("Chromium did not start", e);
    }
  }

  /** The browser says on standard error where it listens. */
  private URI devTools(BufferedReader said) throws IOException {
    for (var line = said.readLine(); line != null; line = said.readLine()) {
      if (line.startsWith(LISTENING)) {
        Thread.ofVirtual().start(() -> said.lines().forEach(_ -> {}));
        return URI.create(line.substring(LISTENING.length()));
      }
    }
    throw new IOException("Chromium ended, and did not say where it listens");
  }

  private URI page(URI devTools) throws IOException, InterruptedException {
    var request =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + devTools.getPort() + "/json/new?about:blank"))
            .PUT(BodyPublishers.noBody())
            .build();
    var target = JSON.std.mapFrom(http.send(request, BodyHandlers.ofString()).body());
    return URI.create(String.valueOf(target.get("webSocketDebuggerUrl")));
  }

  /** Opens an address at a size, and waits until an expression of JavaScript is true. */
  void open(URI address, int width, int height, String ready) {
    command(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1.5, "mobile", false));
    command("Page.navigate", Map.of("url", address.toString()));
    await(ready);
  }

  /** Waits until an expression of JavaScript is true, in whatever document is there by then. */
  void await(String expression) {
    evaluate(
        """
        new Promise((done, fail) => {
          const ends = Date.now() + %d
          const look = () => {
            try { if (%s) return done(true) } catch (_) { /* not yet there */ }
            Date.now() > ends ? fail(new Error('in vain')) : setTimeout(look, 10)
          }
          look()
        })"""
            .formatted(PATIENCE_SECONDS * 1000, expression));
  }

  /** The value of an expression of JavaScript, or of what it promises, as JSON has it. */
  @Nullable Object evaluate(String expression) {
    var answer =
        command(
            "Runtime.evaluate",
            Map.of("expression", expression, "awaitPromise", true, "returnByValue", true));
    if (answer.get("exceptionDetails") != null) {
      throw new AssertionError(expression + ": " + answer.get("exceptionDetails"));
    }
    return answer.get("result") instanceof Map<?, ?> result ? result.get("value") : null;
  }

  /** Presses the left button of the mouse over what an expression of JavaScript finds. */
  void click(String element) {
    var at =
        (Map<?, ?>)
            Objects.requireNonNull(
                evaluate(
                    """
                    (() => { const it = %s; it.scrollIntoView({block: 'center'});
                    const box = it.getBoundingClientRect()
                    return {x: box.x + box.width / 2, y: box.y + box.height / 2} })()"""
                        .formatted(element)));
    for (var type : List.of("mousePressed", "mouseReleased")) {
      command(
          "Input.dispatchMouseEvent",
          Map.of(
              "type",
              type,
              "x",
              Objects.requireNonNull(at.get("x")),
              "y",
              Objects.requireNonNull(at.get("y")),
              "button",
              "left",
              "clickCount",
              1));
    }
  }

  /** What is to be seen, as PNG. */
  byte[] screenshot() {
    var data = command("Page.captureScreenshot", Map.of("format", "png")).get("data");
    return Base64.getDecoder().decode(String.valueOf(data));
  }

  @SuppressWarnings("unchecked")
  private Map<String, Object> command(String method, Map<String, ?> parameters) {
    var id = lastId.incrementAndGet();
    var answer = new CompletableFuture<Map<String, Object>>();
    awaited.put(id, answer);
    try {
      var text = JSON.std.asString(Map.of("id", id, "method", method, "params", parameters));
      socket.sendText(text, true).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      var whole = answer.get(PATIENCE_SECONDS + 5, TimeUnit.SECONDS);
      if (whole.get("result") instanceof Map<?, ?> result) {
        return (Map<String, Object>) result;
      }
      throw new AssertionError(method + ": " + whole);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (Exception e) {
      throw new IllegalStateException(method, e);
    }
  }

  @Override
  public void close() {
    socket.abort();
    http.close();
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    try (var files = Files.walk(profile)) {
      process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Hands each answer to whoever awaits it; events are nobody's. */
  private final class Answers implements WebSocket.Listener {

    private final StringBuilder text = new StringBuilder();

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      text.append(part);
      if (last) {
        hand(text.toString());
        text.setLength(0);
      }
      from.request(1);
      return null;
    }

    private void hand(String message) {
      try {
        var json = JSON.std.mapFrom(message);
        if (json.get("id") instanceof Integer id && awaited.get(id) != null) {
          Objects.requireNonNull(awaited.remove(id)).complete(json);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(message, e);
      }
    }
  }
}
