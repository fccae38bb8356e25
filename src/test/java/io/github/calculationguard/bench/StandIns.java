package io.github.calculationguard.bench;

import io.github.athenasparklocal.LocalService;
import io.github.calculationguard.play.SampleEvent;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Scanner;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * Athena, SNS and EventBridge in a process of their own, by TLS, with answers that were made before
 * anybody asks: what a benchmark measures is then the client. Every calculation runs until it is
 * stopped, and is canceled at once.
 *
 * <p>It takes commands on its standard input, a line each, and answers in lines: {@code take} gives
 * the requests and the handshakes since the last time and forgets them, {@code drop} closes all
 * connections, {@code times} tells how long a request takes here, from its head to the end of its
 * answer. A number is how many milliseconds each answer is held back from now on.
 */
final class StandIns {

  private static final Pattern OPERATION = Pattern.compile("(?i)\r\nX-Amz-Target: \\w+\\.(\\w+)\r");
  private static final Pattern LENGTH = Pattern.compile("(?i)\r\nContent-Length: (\\d+)\r");

  private final List<String> requests = new ArrayList<>();
  private final List<Long> nanos = new ArrayList<>();
  private final Set<SSLSocket> connections = ConcurrentHashMap.newKeySet();
  private final Map<String, byte[]> answers = new ConcurrentHashMap<>();
  private final SSLContext tls;
  private volatile int delayMillis;

  private StandIns(SSLContext tls) {
    this.tls = tls;
  }

  /**
   * @param args the key store that holds the server's key, its password, and that key's alias
   */
  public static void main(String[] args) throws Exception {
    var standIns = new StandIns(tls(Path.of(args[0]), args[1].toCharArray()));
    System.out.println(
        Stream.of("athena", "sns", "events")
            .map(standIns::listen)
            .map(String::valueOf)
            .collect(Collectors.joining(" ")));
    try (var commands = new Scanner(System.in, StandardCharsets.UTF_8)) {
      while (commands.hasNextLine()) {
        var command = commands.nextLine();
        switch (command) {
          case "take" -> standIns.take();
          case "drop" -> standIns.drop();
          case "times" -> standIns.times();
          default -> standIns.delayMillis = Integer.parseInt(command);
        }
        System.out.println("done");
      }
    }
    System.exit(0);
  }

  private static SSLContext tls(Path store, char[] password)
      throws IOException, GeneralSecurityException {
    var keys = KeyStore.getInstance("PKCS12");
    try (var in = Files.newInputStream(store)) {
      keys.load(in, password);
    }
    keys.deleteEntry("authority");
    var managers = KeyManagerFactory.getInstance("PKIX");
    managers.init(keys, password);
    var context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context;
  }

  private int listen(String service) {
    var socket = socket();
    Thread.ofPlatform()
        .start(
            () -> {
              while (true) {
                try {
                  var connection = (SSLSocket) socket.accept();
                  var accepted = System.nanoTime();
                  connection.setTcpNoDelay(true);
                  Thread.ofPlatform().start(() -> serve(service, connection, accepted));
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              }
            });
    return socket.getLocalPort();
  }

  private SSLServerSocket socket() {
    try {
      return (SSLServerSocket)
          tls.getServerSocketFactory()
              .createServerSocket(0, 50, LocalService.loopback().getAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void take() {
    synchronized (requests) {
      requests.forEach(System.out::println);
      requests.clear();
    }
  }

  private void times() {
    synchronized (requests) {
      var sorted = nanos.stream().sorted().toList();
      System.out.printf(
          Locale.ROOT,
          "%d µs (p50) and %d µs (p99)%n",
          sorted.get(sorted.size() / 2) / 1000,
          sorted.get(sorted.size() * 99 / 100) / 1000);
    }
  }

  private void drop() throws IOException {
    for (var connection : connections) {
      connection.close();
    }
  }

  private void serve(String service, SSLSocket connection, long accepted) {
    connections.add(connection);
    try (connection) {
      connection.startHandshake();
      synchronized (requests) {
        requests.add("TLS %s %d %d -".formatted(service, accepted, System.nanoTime()));
      }
      var in = new BufferedInputStream(connection.getInputStream());
      var out = connection.getOutputStream();
      for (var head = head(in); head != null; head = head(in)) {
        var arrived = System.nanoTime();
        var body = in.readNBytes(Integer.parseInt(found(LENGTH, head, "0")));
        var operation = operation(head);
        if (delayMillis > 0 && !operation.equals("Connect")) {
          LockSupport.parkNanos(delayMillis * 1_000_000L);
        }
        var answer = answers.computeIfAbsent(operation, this::answer);
        var answered = System.nanoTime();
        var text = body.length == 0 ? "-" : new String(body, StandardCharsets.US_ASCII);
        synchronized (requests) {
          if (delayMillis == 0) {
            nanos.add(answered - arrived);
          }
          requests.add("%s %s %d %d %s".formatted(operation, service, arrived, answered, text));
        }
        out.write(answer);
      }
    } catch (IOException e) {
      // The client is gone, or was dropped.
    } finally {
      connections.remove(connection);
    }
  }

  private static @Nullable String head(InputStream in) throws IOException {
    var head = new StringBuilder(1024);
    while (head.indexOf("\r\n\r\n", head.length() - 4) < 0) {
      var next = in.read();
      if (next < 0) {
        return null;
      }
      head.append((char) next);
    }
    return head.toString();
  }

  /** SNS's requests name theirs in the body. What is no call only opens a connection. */
  private static String operation(String head) {
    return head.startsWith("POST ") ? found(OPERATION, head, "Publish") : "Connect";
  }

  private static String found(Pattern pattern, String head, String otherwise) {
    var matcher = pattern.matcher(head);
    return matcher.find() ? matcher.group(1) : otherwise;
  }

  private byte[] answer(String operation) {
    var body = body(operation);
    return ("HTTP/1.1 200 OK\r\nx-amzn-RequestId: 1c0d6f2e-6a2e-4a0e-9d0c-0f4c8c6d3c11\r\nContent-Type: "
            + (operation.equals("Publish") ? "text/xml" : "application/x-amz-json-1.1")
            + "\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body)
        .getBytes(StandardCharsets.US_ASCII);
  }

  private final String begun = Instant.now().minus(Duration.ofHours(3)).getEpochSecond() + ".123";
  private final String ended = Instant.now().plus(Duration.ofHours(1)).getEpochSecond() + ".456";

  private String body(String operation) {
    return switch (operation) {
      case "Connect" -> "";
      case "Publish" ->
          "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>94f20ce6-13c5-43a0-9a9e-ca52d816e90b</MessageId></PublishResult><ResponseMetadata><RequestId>f187a3c1-376f-11df-8963-01868b7c937a</RequestId></ResponseMetadata></PublishResponse>";
      case "PutEvents" ->
          "{\"FailedEntryCount\":0,\"Entries\":[{\"EventId\":\"6a7e8feb-b491-4cf7-a9f1-bf3703467718\"}]}";
      case "StopCalculationExecution" -> "{\"State\":\"CANCELING\"}";
      case "GetCalculationExecution" ->
          "{\"CalculationExecutionId\":\"%s\",\"SessionId\":\"%s\",\"WorkingDirectory\":\"s3://bucket/folder\",\"Status\":{\"State\":\"CANCELED\",\"SubmissionDateTime\":%s,\"CompletionDateTime\":%s},\"Statistics\":{\"DpuExecutionInMillis\":43200000,\"Progress\":\"0.4\"}}"
              .formatted(SampleEvent.CALCULATION, SampleEvent.SESSION, begun, ended);
      case "GetSession" ->
          "{\"SessionId\":\"%s\",\"WorkGroup\":\"analytics-spark\",\"EngineVersion\":\"PySpark engine version 3\",\"EngineConfiguration\":{\"CoordinatorDpuSize\":1,\"MaxConcurrentDpus\":20,\"DefaultExecutorDpuSize\":1},\"Status\":{\"State\":\"IDLE\",\"StartDateTime\":%s,\"IdleSinceDateTime\":%s},\"Statistics\":{\"DpuExecutionInMillis\":43200000}}"
              .formatted(SampleEvent.SESSION, begun, ended);
      case "ListExecutors" ->
          "{\"SessionId\":\"%s\",\"ExecutorsSummary\":[{\"ExecutorId\":\"c6c1ebb5-c3bd-1f10-4a9c-6a8d4f1a2b3c\",\"ExecutorType\":\"COORDINATOR\",\"StartDateTime\":%2$s,\"ExecutorState\":\"REGISTERED\",\"ExecutorSize\":1},{\"ExecutorId\":\"d6c1ebb5-c3bd-1f10-4a9c-6a8d4f1a2b3c\",\"ExecutorType\":\"WORKER\",\"StartDateTime\":%2$s,\"ExecutorState\":\"REGISTERED\",\"ExecutorSize\":4}]}"
              .formatted(SampleEvent.SESSION, begun.replace(".", ""));
      case "ListTagsForResource" ->
          "{\"Tags\":[{\"Key\":\"Owner\",\"Value\":\"team data\"},{\"Key\":\"stage\",\"Value\":\"test\"}]}";
      default -> throw new IllegalStateException(operation);
    };
  }
}
