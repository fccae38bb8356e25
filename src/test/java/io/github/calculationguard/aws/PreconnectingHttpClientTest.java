package io.github.calculationguard.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;

class PreconnectingHttpClientTest {

  private record Arrived(String what, InetSocketAddress from) {}

  private final List<Arrived> arrived = new CopyOnWriteArrayList<>();
  private final CountDownLatch opened = new CountDownLatch(1);
  private volatile CountDownLatch mayAnswerOpener = new CountDownLatch(0);
  private HttpServer server;
  private PreconnectingHttpClient client;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            var method = exchange.getRequestMethod();
            arrived.add(
                new Arrived(method + " " + exchange.getRequestURI(), exchange.getRemoteAddress()));
            if (method.equals("GET")) {
              opened.countDown();
              mayAnswerOpener.await();
            }
            exchange.sendResponseHeaders(method.equals("GET") ? 403 : 200, -1);
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
        });
    server.start();
    client = new PreconnectingHttpClient(Apache5HttpClient.builder().build());
  }

  @AfterEach
  void stop() {
    client.close();
    server.stop(0);
  }

  private SdkHttpRequest request(int port) {
    return SdkHttpRequest.builder()
        .method(SdkHttpMethod.POST)
        .protocol("http")
        .host("127.0.0.1")
        .port(port)
        .encodedPath("/order")
        .build();
  }

  private int send(int port) throws IOException {
    var request = HttpExecuteRequest.builder().request(request(port)).build();
    return client.prepareRequest(request).call().httpResponse().statusCode();
  }

  @Test
  void aRequestUsesTheConnectionThatWasOpenedAheadOfIt() throws Exception {
    var port = server.getAddress().getPort();
    client.rememberEndpoint(request(port));
    client.preconnect();

    assertThat(send(port)).isEqualTo(200);

    assertThat(arrived).extracting(Arrived::what).containsExactly("GET /", "POST /order");
    assertThat(arrived).extracting(Arrived::from).as("one connection").containsOnly(from(0));
  }

  @Test
  void aRequestWaitsForTheConnectionThatIsBeingOpened() throws Exception {
    mayAnswerOpener = new CountDownLatch(1);
    var port = server.getAddress().getPort();
    client.rememberEndpoint(request(port));
    client.preconnect();
    opened.await();
    var request = HttpExecuteRequest.builder().request(request(port)).build();
    var prepared = client.prepareRequest(request);
    mayAnswerOpener.countDown();

    assertThat(prepared.call().httpResponse().statusCode()).isEqualTo(200);

    assertThat(arrived).extracting(Arrived::from).as("one connection").containsOnly(from(0));
  }

  @Test
  void aConnectionThatCannotBeOpenedIsTheRequestsOwnError() throws Exception {
    var port = server.getAddress().getPort();
    server.stop(0);
    client.rememberEndpoint(request(port));
    client.preconnect();

    assertThatThrownBy(() -> send(port)).isInstanceOf(IOException.class);
  }

  /** Such as a class that cannot be loaded. */
  @Test
  void anErrorDoesNotKeepRequestsWaiting() throws Exception {
    var port = server.getAddress().getPort();
    var apache = Apache5HttpClient.builder().build();
    client =
        new PreconnectingHttpClient(
            new SdkHttpClient() {
              @Override
              public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
                if (request.httpRequest().method() == SdkHttpMethod.GET) {
                  throw new NoClassDefFoundError("odd");
                }
                return apache.prepareRequest(request);
              }

              @Override
              public void close() {
                apache.close();
              }
            });
    client.rememberEndpoint(request(port));
    client.preconnect();

    assertThat(send(port)).isEqualTo(200);
  }

  @Test
  void opensNothingBeforeItIsAskedTo() throws Exception {
    var port = server.getAddress().getPort();
    client.rememberEndpoint(request(port));

    assertThat(send(port)).isEqualTo(200);

    assertThat(arrived).extracting(Arrived::what).containsExactly("POST /order");
  }

  private InetSocketAddress from(int index) {
    return arrived.get(index).from();
  }
}
