package io.github.calculationguard.aws;

import module java.base;

import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;

/**
 * An HTTP client that can open connections ahead of the requests that will use them. TLS is most of
 * what the first request after a restore waits for.
 */
final class PreconnectingHttpClient implements SdkHttpClient {

  private final SdkHttpClient http;

  /** By host and port, in the order of their first use. */
  private final Map<String, SdkHttpRequest> endpoints;

  private final Map<String, CountDownLatch> opening = new ConcurrentHashMap<>();

  PreconnectingHttpClient(SdkHttpClient http) {
    this(http, Collections.synchronizedMap(new LinkedHashMap<>()));
  }

  private PreconnectingHttpClient(SdkHttpClient http, Map<String, SdkHttpRequest> endpoints) {
    this.http = http;
    this.endpoints = endpoints;
  }

  /** Another client for the same endpoints. */
  PreconnectingHttpClient withHttpClient(SdkHttpClient other) {
    return new PreconnectingHttpClient(other, endpoints);
  }

  void rememberEndpoint(SdkHttpRequest request) {
    endpoints.computeIfAbsent(key(request), _ -> opener(request));
  }

  /**
   * Begins to open a connection to each remembered endpoint, one after the other, because the first
   * is needed first. Returns at once. What fails is tried again by the request that needs it.
   */
  void preconnect() {
    var tasks = new ArrayList<Runnable>();
    endpoints.forEach(
        (key, request) -> {
          var done = new CountDownLatch(1);
          opening.put(key, done);
          tasks.add(() -> connect(request, done));
        });
    Thread.startVirtualThread(() -> tasks.forEach(Runnable::run));
  }

  /** Sends an unsigned GET /. Any response leaves the connection in the pool. */
  private void connect(SdkHttpRequest request, CountDownLatch done) {
    try {
      var opener = HttpExecuteRequest.builder().request(request).build();
      var body = http.prepareRequest(opener).call().responseBody();
      try (var in = body.orElse(AbortableInputStream.createEmpty())) {
        in.transferTo(OutputStream.nullOutputStream());
      }
    } catch (IOException | RuntimeException | Error e) {
      // The request that needs the connection reports the error.
    } finally {
      done.countDown();
    }
  }

  private static SdkHttpRequest opener(SdkHttpRequest request) {
    return SdkHttpRequest.builder()
        .method(SdkHttpMethod.GET)
        .protocol(request.protocol())
        .host(request.host())
        .port(request.port())
        .encodedPath("/")
        .build();
  }

  private static String key(SdkHttpRequest request) {
    return request.host() + ':' + request.port();
  }

  @Override
  public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
    var prepared = http.prepareRequest(request);
    var done = opening.get(key(request.httpRequest()));
    return done == null || done.getCount() == 0 ? prepared : new Waiting(done, prepared);
  }

  /** Waits for the connection, instead of opening a second one. */
  private record Waiting(CountDownLatch done, ExecutableHttpRequest request)
      implements ExecutableHttpRequest {

    @Override
    public HttpExecuteResponse call() throws IOException {
      try {
        done.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while a connection was opened");
      }
      return request.call();
    }

    @Override
    public void abort() {
      request.abort();
    }
  }

  @Override
  public String clientName() {
    return http.clientName();
  }

  @Override
  public void close() {
    http.close();
  }
}
