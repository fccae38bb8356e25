package io.github.calculationguard.aws;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import module java.base;

import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;

/**
 * An in-memory AWS that answers priming requests over TLS, on a loopback socket of this process. It
 * has one session, idle, and one calculation, which is canceled once it is asked to be, or stays
 * CANCELING if its ID says that it is slow.
 *
 * <p>Its key store, which {@code .ci/make-rehearsal-store} makes, protects nothing: only the
 * clients that this class makes trust it. They trust nobody else, so they cannot reach the real
 * AWS.
 */
public final class PrimingServer implements AutoCloseable {

  // A name, as AWS's endpoints have, so that its resolution and verification are rehearsed too.
  private static final String HOST = "localhost";
  // In the ID of a calculation that is not canceled in time.
  private static final String SLOW = "-slow";
  private static final char[] PASSWORD = "rehearsal".toCharArray();

  private final AwsClients real;
  private final String begin;
  private final String end;
  private final Properties answers = new Properties();
  private final ServerSocket socket;
  private final TrustManagerFactory trustManagers = TrustManagerFactory.getInstance("PKIX");
  private final Map<String, Integer> calls = new ConcurrentHashMap<>();

  public PrimingServer(AwsClients real, Instant now) throws IOException, GeneralSecurityException {
    this.real = real;
    begin = String.valueOf(now.minus(Duration.ofHours(3)).getEpochSecond());
    // Later than each request of the rehearsal, so that the calculation counts as stopped by it.
    end = String.valueOf(now.plus(Duration.ofHours(1)).getEpochSecond());
    var store = KeyStore.getInstance("PKCS12");
    try (var keys = PrimingServer.class.getResourceAsStream("rehearsal.p12");
        var texts = PrimingServer.class.getResourceAsStream("rehearsal.properties")) {
      store.load(keys, PASSWORD);
      answers.load(texts);
    }
    // Unlike PKIX it does not read the store again.
    var keys = KeyManagerFactory.getInstance("SunX509");
    keys.init(store, PASSWORD);
    // The authority alone: a client that trusted the server's own certificate would check no chain,
    // and that code would not be primed.
    var trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("authority", store.getCertificate("authority"));
    trustManagers.init(trusted);
    var tls = SSLContext.getInstance("TLS");
    tls.init(keys.getKeyManagers(), null, null);
    var here = InetAddress.getLoopbackAddress();
    socket = tls.getServerSocketFactory().createServerSocket(0, 1, here);
    Thread.ofVirtual().start(this::accept);
  }

  /** New clients whose requests all come here, whatever their endpoint. */
  public AwsClients clients() {
    return real.withHttpClient(this::redirected, trustManagers);
  }

  private SdkHttpClient redirected(SdkHttpClient http) {
    return new SdkHttpClient() {
      @Override
      public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
        real.http().rememberEndpoint(request.httpRequest());
        var here = request.httpRequest().copy(PrimingServer.this::address);
        var body = request.contentStreamProvider().orElse(null);
        return http.prepareRequest(
            HttpExecuteRequest.builder().request(here).contentStreamProvider(body).build());
      }

      @Override
      public void close() {
        http.close();
      }
    };
  }

  /**
   * Offers this server's certificate to the HTTP client of the real AWS, which must reject it. To
   * do so the client loads all authorities that it trusts, which is slow the first time.
   *
   * @throws IllegalStateException if the client accepts the certificate
   */
  public void verifyRealClientRejects() {
    var request = SdkHttpRequest.builder().method(SdkHttpMethod.GET).encodedPath("/");
    try {
      var hello = HttpExecuteRequest.builder().request(address(request).build()).build();
      var _ = real.http().prepareRequest(hello).call();
    } catch (IOException e) {
      return;
    }
    throw new IllegalStateException("the client trusts the rehearsal's certificate");
  }

  private SdkHttpRequest.Builder address(SdkHttpRequest.Builder request) {
    return request.protocol("https").host(HOST).port(socket.getLocalPort());
  }

  /** The number of requests answered, by operation. */
  public Map<String, Integer> calls() {
    return calls;
  }

  private void accept() {
    try {
      while (true) {
        var connection = socket.accept();
        Thread.ofVirtual().start(() -> serve(connection));
      }
    } catch (IOException e) {
      // The socket was closed.
    }
  }

  private void serve(Socket connection) {
    try (connection) {
      connection.setTcpNoDelay(true);
      // In this charset a character is a byte, as Content-Length counts.
      var in = new BufferedReader(new InputStreamReader(connection.getInputStream(), ISO_8859_1));
      for (var line = in.readLine(); line != null; line = in.readLine()) {
        var isCall = line.startsWith("POST ");
        var headers = new TreeMap<String, String>(String.CASE_INSENSITIVE_ORDER);
        for (line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
          var colon = line.indexOf(':');
          headers.put(line.substring(0, colon), line.substring(colon + 1).strip());
        }
        var body = new StringBuilder();
        while (body.length() < Integer.parseInt(headers.getOrDefault("Content-Length", "0"))) {
          body.append((char) in.read());
        }
        // SNS's requests name their operation in the body. What is no call only connects.
        var target = headers.getOrDefault("X-Amz-Target", isCall ? "Publish" : "Connect");
        var operation = target.substring(target.indexOf('.') + 1);
        var isSlow = body.indexOf(SLOW) >= 0 && answers.containsKey(operation + SLOW);
        connection.getOutputStream().write(answer(isSlow ? operation + SLOW : operation));
        calls.merge(operation, 1, Integer::sum);
      }
    } catch (IOException e) {
      // The client closed the connection, and handles that itself.
    }
  }

  private byte[] answer(String operation) {
    var body = answers.getProperty(operation, "{}").replace("BEGIN", begin).replace("END", end);
    var type = operation.equals("Publish") ? "text/xml" : "application/x-amz-json-1.1";
    return "HTTP/1.1 200 OK\r\nx-amzn-RequestId: canned\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s"
        .formatted(type, body.length(), body)
        .getBytes(ISO_8859_1);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
