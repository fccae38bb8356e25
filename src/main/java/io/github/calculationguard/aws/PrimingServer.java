package io.github.calculationguard.aws;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import javax.net.ssl.SSLServerSocket;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;

/**
 * AWS out of memory, to rehearse with. Every request goes by the SDK's own HTTP client and by TLS
 * to a socket of this process, whatever its endpoint says; and since that client trusts nobody
 * else, it could not speak to AWS even by mistake.
 *
 * <p>There is one session, idle, and one calculation, which is canceled as soon as it is asked to
 * be.
 */
public final class PrimingServer implements AutoCloseable {

  // A name, as AWS's endpoints have, so that what resolves and verifies names is rehearsed too.
  private static final String NAME = "localhost";
  private static final Pattern OPERATION = Pattern.compile("(?i)\r\nX-Amz-Target: \\w+\\.(\\w+)\r");
  private static final Pattern LENGTH = Pattern.compile("(?i)\r\nContent-Length: (\\d+)\r");

  private final Instant now;
  private final SSLServerSocket socket;
  private final AwsClients clients;
  private final ThrowawayTls tls;
  private final AtomicInteger calls = new AtomicInteger();

  public PrimingServer(AwsClients clients, Instant now) {
    this.clients = clients;
    this.now = now;
    try {
      tls = ThrowawayTls.of(NAME, now);
      socket =
          (SSLServerSocket)
              tls.server()
                  .getServerSocketFactory()
                  .createServerSocket(0, 1, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
    Thread.ofVirtual().start(this::accept);
  }

  /** A new way to it, with no connection and no credentials yet. */
  public ClientResources access() {
    var http = clients.http(tls.trust());
    return ClientResources.by(
        new SdkHttpClient() {
          @Override
          public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
            var redirected =
                request.httpRequest().toBuilder()
                    .protocol("https")
                    .host(NAME)
                    .port(socket.getLocalPort())
                    .build();
            return http.prepareRequest(
                HttpExecuteRequest.builder()
                    .request(redirected)
                    .contentStreamProvider(request.contentStreamProvider().orElse(null))
                    .build());
          }

          @Override
          public void close() {
            http.close();
          }
        });
  }

  /**
   * Shows itself to a client that is to speak to AWS alone. To refuse it, the client has to look
   * through all whom it trusts, which takes it long the first time.
   *
   * @throws IllegalStateException if it does not refuse
   */
  public void mustBeRefusedBy(SdkHttpClient other) {
    var request =
        SdkHttpRequest.builder()
            .method(SdkHttpMethod.GET)
            .protocol("https")
            .host(NAME)
            .port(socket.getLocalPort())
            .encodedPath("/")
            .build();
    try {
      var answer =
          other.prepareRequest(HttpExecuteRequest.builder().request(request).build()).call();
      throw new IllegalStateException("answered " + answer.httpResponse().statusCode());
    } catch (IOException e) {
      // As it must.
    }
  }

  /** How many it answered. */
  public int calls() {
    return calls.get();
  }

  private void accept() {
    try {
      while (true) {
        var connection = socket.accept();
        Thread.ofVirtual().start(() -> serve(connection));
      }
    } catch (IOException e) {
      // It was closed: the rehearsal is over.
    }
  }

  private void serve(Socket connection) {
    try (connection) {
      connection.setTcpNoDelay(true);
      var in = new BufferedInputStream(connection.getInputStream());
      for (var head = head(in); head != null; head = head(in)) {
        in.skipNBytes(Long.parseLong(found(LENGTH, head, "0")));
        connection.getOutputStream().write(answer(found(OPERATION, head, "Publish")));
        calls.incrementAndGet();
      }
    } catch (IOException e) {
      // The client has gone, and sees to it.
    }
  }

  /** What stands before the body of the next request; absent where there is none. */
  private static @Nullable String head(InputStream in) throws IOException {
    var head = new StringBuilder();
    while (head.indexOf("\r\n\r\n", head.length() - 4) < 0) {
      var next = in.read();
      if (next < 0) {
        return null;
      }
      head.append((char) next);
    }
    return head.toString();
  }

  private static String found(Pattern pattern, String head, String otherwise) {
    var matcher = pattern.matcher(head);
    return matcher.find() ? matcher.group(1) : otherwise;
  }

  private byte[] answer(String operation) {
    var body = body(operation);
    var type = operation.equals("Publish") ? "text/xml" : "application/x-amz-json-1.1";
    return "HTTP/1.1 200 OK\r\nx-amzn-RequestId: canned\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s"
        .formatted(type, body.length(), body)
        .getBytes(StandardCharsets.US_ASCII);
  }

  private String body(String operation) {
    var begun = now.minus(Duration.ofHours(3)).toEpochMilli();
    // Beyond any order that is given meanwhile, which therefore counts as what ended it.
    var ended = now.plus(Duration.ofHours(1)).toEpochMilli();
    var status =
        """
        {"State":"CANCELED","SubmissionDateTime":%d.123,"CompletionDateTime":%d.456}"""
            .formatted(begun / 1000, ended / 1000);
    return switch (operation) {
      case "Publish" ->
          """
          <PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>\
          <MessageId>canned</MessageId></PublishResult>\
          <ResponseMetadata><RequestId>canned</RequestId></ResponseMetadata></PublishResponse>""";
      case "StopCalculationExecution" -> "{\"State\":\"CANCELING\"}";
      case "TerminateSession" -> "{\"State\":\"TERMINATED\"}";
      case "GetCalculationExecution" ->
          """
          {"CalculationExecutionId":"canned","SessionId":"canned","Description":"canned",\
          "Status":%s,"Statistics":{"DpuExecutionInMillis":1}}"""
              .formatted(status);
      case "ListCalculationExecutions" ->
          """
          {"Calculations":[{"CalculationExecutionId":"canned","Description":"canned","Status":%s}]}"""
              .formatted(status);
      case "GetSession" ->
          """
          {"SessionId":"canned","WorkGroup":"canned","EngineVersion":"PySpark engine version 3",\
          "EngineConfiguration":{"MaxConcurrentDpus":20},\
          "Status":{"State":"IDLE","StartDateTime":%1$d.123,"IdleSinceDateTime":%1$d.123},\
          "Statistics":{"DpuExecutionInMillis":1}}"""
              .formatted(begun / 1000);
      case "ListExecutors" ->
          """
          {"SessionId":"canned","ExecutorsSummary":[{"ExecutorId":"canned","ExecutorType":"WORKER",\
          "ExecutorSize":1,"ExecutorState":"REGISTERED","StartDateTime":%d}]}"""
              .formatted(begun);
      case "ListTagsForResource" -> "{\"Tags\":[{\"Key\":\"owner\",\"Value\":\"canned\"}]}";
      default -> "{}";
    };
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
