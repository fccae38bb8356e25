package io.github.athenasparklocal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.athena.model.AthenaException;
import software.amazon.awssdk.services.athena.model.TooManyRequestsException;

/** The server beside the operations: results, state, limits, and clients that misbehave. */
class ServerTest extends AthenaTest {

  private final HttpClient http = HttpClient.newHttpClient();

  private HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return http.send(request.build(), BodyHandlers.ofString());
  }

  private HttpRequest.Builder at(String path) {
    return HttpRequest.newBuilder(athena.endpoint().resolve(path));
  }

  private String completed(String code) {
    var session = session();
    var id =
        client
            .startCalculationExecution(r -> r.sessionId(session).codeBlock(code))
            .calculationExecutionId();
    pass(2);
    var uri =
        client.getCalculationExecution(r -> r.calculationExecutionId(id)).result().stdOutS3Uri();
    return URI.create(uri).getPath();
  }

  @Test
  void servesResultsAsS3Does() throws IOException, InterruptedException {
    var path = "/athena-spark-local" + completed("print('0123456789')");
    var whole = send(at(path));
    assertThat(whole.body()).isEqualTo("0123456789\n");
    assertThat(whole.headers().firstValue("ETag")).get().asString().matches("\"[0-9a-f]{32}\"");
    var head = send(at(path).method("HEAD", BodyPublishers.noBody()));
    assertThat(head.headers().firstValue("Content-Length")).contains("11");
    var part = send(at(path).header("Range", "bytes=2-4"));
    assertThat(part.statusCode()).isEqualTo(206);
    assertThat(part.body()).isEqualTo("234");
    assertThat(send(at(path + "x")).statusCode()).isEqualTo(404);
    assertThat(send(at(path + "x")).body()).contains("<Code>NoSuchKey</Code>");
    var prefix = path.substring("/athena-spark-local/".length(), path.lastIndexOf('/') + 1);
    var list = send(at("/athena-spark-local?list-type=2&prefix=" + prefix)).body();
    assertThat(list)
        .contains("<Key>" + prefix + "result</Key>", "<KeyCount>3</KeyCount>")
        .contains("<IsTruncated>false</IsTruncated>");
    var first = send(at("/athena-spark-local?list-type=2&max-keys=2&prefix=" + prefix)).body();
    assertThat(first).contains("<IsTruncated>true</IsTruncated>").doesNotContain("stdout</Key>");
    assertThat(
            send(at(
                    "/athena-spark-local?list-type=2&prefix="
                        + prefix
                        + "&continuation-token="
                        + prefix
                        + "stderr"))
                .body())
        .contains("stdout</Key>", "<KeyCount>1</KeyCount>");
    var folders = send(at("/athena-spark-local?delimiter=/")).body();
    assertThat(folders)
        .contains("<CommonPrefixes><Prefix>" + prefix.split("/", -1)[0] + "/</Prefix>");
  }

  @Test
  void findsTheBucketInTheHostsName() throws IOException {
    var path = completed("print(7)");
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), athena.endpoint().getPort())) {
      var request =
          "GET %s HTTP/1.1\r\nHost: athena-spark-local.localhost:1\r\nConnection: close\r\n\r\n"
              .formatted(path);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      var answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertThat(answer).startsWith("HTTP/1.1 200").endsWith("\r\n\r\n7\n");
    }
  }

  @Test
  void copiesResultsToAnotherS3() throws IOException, InterruptedException {
    try (var other = new LocalAthena(clock, REGION);
        var copying =
            new LocalAthena(new LocalAthenaOptions().clock(clock).s3Endpoint(other.endpoint()))) {
      copying.model().addWorkGroup("spark", SparkModel.PYSPARK_3, Map.of());
      var session = copying.model().add(SessionSetup.in("spark").startedAt(NOON.minusSeconds(60)));
      var id =
          copying
              .model()
              .add(
                  CalculationSetup.in(session)
                      .code("print('there')")
                      .course(Course.SHORT)
                      .submittedAt(NOON.minusSeconds(30)));
      try (var sdk = client(copying.endpoint(), "AKIALOCAL")) {
        sdk.getCalculationExecution(r -> r.calculationExecutionId(id));
      }
      var path = "/athena-spark-local/%s/%s/stdout".formatted(session, id);
      var response = send(HttpRequest.newBuilder(other.endpoint().resolve(path)));
      assertThat(response.body()).isEqualTo("there\n");
    }
  }

  @Test
  void showsItsStateAndForgetsIt() throws IOException, InterruptedException {
    var session = session();
    calculation(session, "");
    pass(1);
    var state = send(at("/_local/state")).body();
    assertThat(JSON.std.mapFrom(state)).containsKeys("regions", "calls");
    assertThat(state).contains("\"id\":\"" + session + "\",\"state\":\"BUSY\"", "\"dpus\":1");
    assertThat(athena.counts()).as("reading it is no call").doesNotContainKey("");
    var reset = send(at("/_local/reset").POST(BodyPublishers.noBody()));
    assertThat(JSON.std.mapFrom(reset.body()).get("calls")).isEqualTo(Map.of());
    assertThat(reset.body()).doesNotContain(session);
    assertThat(send(at("/_local/other")).statusCode()).isEqualTo(404);
  }

  @Test
  void refusesMoreThanItsOptionsAllow() {
    var options = new LocalAthenaOptions().clock(clock).primaryWorkGroup().maxSessions(1);
    try (var limited = new LocalAthena(options.maxCallsPerSecond(3));
        var sdk = client(limited.endpoint(), "AKIALOCAL")) {
      limited.model().addWorkGroup("spark", SparkModel.PYSPARK_3, Map.of());
      sdk.startSession(r -> r.workGroup("spark").engineConfiguration(e -> {}));
      assertThatThrownBy(
              () -> sdk.startSession(r -> r.workGroup("spark").engineConfiguration(e -> {})))
          .isInstanceOfSatisfying(
              TooManyRequestsException.class,
              e -> assertThat(e.reasonAsString()).isEqualTo("CONCURRENT_QUERY_LIMIT_EXCEEDED"));
      assertThatThrownBy(() -> IntStream.range(0, 9).forEach(i -> sdk.listWorkGroups(r -> {})))
          .isInstanceOfSatisfying(
              AthenaException.class, e -> assertThat(e.isThrottlingException()).isTrue());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal",
      })
  void closesAConnectionWhoseBodyStalls(String request) throws IOException {
    athena.bodyTimeout(Duration.ofMillis(100));
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), athena.endpoint().getPort())) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      assertThat(socket.getInputStream().readAllBytes()).isEmpty();
    }
  }

  @Test
  void keepsNoMoreThanTheLatestRequests() throws IOException, InterruptedException {
    var large = "x".repeat(10 << 20);
    for (var i = 0; i < 5; i++) {
      send(
          at("/")
              .header("X-Amz-Target", "AmazonAthena.Large")
              .POST(BodyPublishers.ofString(large)));
    }
    assertThat(athena.counts()).containsEntry("Large", 5);
    assertThat(athena.calls()).allMatch(call -> call.body().length() <= 100_000);
    var tooLarge = BodyPublishers.ofString(large + large);
    assertThat(send(at("/").POST(tooLarge)).statusCode()).isEqualTo(413);
  }

  @Test
  void servesAThousandClientsAtOnce() throws IOException {
    var sockets =
        IntStream.range(0, 1000)
            .mapToObj(i -> CompletableFuture.supplyAsync(() -> connect()))
            .toList()
            .stream()
            .map(CompletableFuture::join)
            .toList();
    var request =
        "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: AmazonAthena.ListWorkGroups\r\nContent-Length: 2\r\n\r\n{}";
    for (var round = 0; round < 3; round++) {
      for (var socket : sockets) {
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      }
      for (var socket : sockets) {
        assertThat(reply(socket)).as("round %d", round).startsWith("HTTP/1.1 200");
      }
    }
    for (var socket : sockets) {
      socket.close();
    }
    assertThat(athena.counts()).isEqualTo(Map.of("ListWorkGroups", 3000));
  }

  /** One reply of a connection that stays open. */
  private static String reply(Socket socket) throws IOException {
    var in = socket.getInputStream();
    var head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      var next = in.read();
      if (next < 0) {
        return "closed after: " + head;
      }
      head.append((char) next);
    }
    var length = head.toString().toLowerCase(Locale.ROOT).split("content-length: ", -1)[1];
    in.skipNBytes(Long.parseLong(length.split("\r", -1)[0]));
    return head.toString();
  }

  private Socket connect() {
    try {
      return new Socket(InetAddress.getLoopbackAddress(), athena.endpoint().getPort());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
