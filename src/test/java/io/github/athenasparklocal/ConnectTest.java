package io.github.athenasparklocal;

import static io.github.athenasparklocal.AthenaTest.NOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.athena.AthenaClient;
import software.amazon.awssdk.services.athena.model.GetSessionEndpointResponse;

/** The servers behind GetSessionEndpoint, with a Python whose PySpark is a fake. */
class ConnectTest {

  private static final long POLL_NANOS = 20_000_000;

  /** Listens where it is told, and sends its token to whoever connects. */
  private static final String SERVER =
      """
      #!/usr/bin/env python3
      import socket, sys
      file = sys.argv[sys.argv.index("--properties-file") + 1]
      settings = dict(line.split() for line in open(file))
      address = settings["spark.connect.grpc.binding.address"]
      server = socket.create_server((address, int(settings["spark.connect.grpc.binding.port"])))
      while True:
          client, _ = server.accept()
          client.sendall(settings["spark.connect.authenticate.token"].encode())
          client.close()
      """;

  private final HandClock clock = new HandClock(NOON);
  private final List<String> console = new CopyOnWriteArrayList<>();
  @TempDir private Path directory;

  @BeforeEach
  void needsPython() throws InterruptedException {
    try {
      var status = new ProcessBuilder("python3", "--version").start().waitFor();
      assumeTrue(status == 0, "python3 does not work here");
    } catch (IOException e) {
      assumeTrue(false, "there is no python3 here");
    }
  }

  private Path script(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    assertThat(file.toFile().setExecutable(true)).isTrue();
    return file;
  }

  /** A Python with a PySpark of a release, whose server is a script. */
  private String python(String release, String server) throws IOException {
    var pyspark = directory.resolve("packages/pyspark");
    script(pyspark.resolve("bin/spark-submit"), server);
    Files.createFile(pyspark.resolve("__init__.py"));
    Files.createFile(
        Files.createDirectory(pyspark.resolve("jars"))
            .resolve("spark-connect_2.13-" + release + ".jar"));
    return script(
            directory.resolve("bin/python3"),
            "#!/bin/sh\nPYTHONPATH='%s' exec python3 \"$@\"\n".formatted(pyspark.getParent()))
        .toString();
  }

  private LocalAthena athena(String python) {
    var options = new LocalAthenaOptions().clock(clock).execute().python(python);
    var athena = new LocalAthena(options.console(console::add));
    athena.model().addWorkGroup("connect", SparkModel.SPARK_35, Map.of());
    return athena;
  }

  private static AthenaClient client(LocalAthena athena) {
    return AthenaTest.client(athena.endpoint(), "AKIALOCAL", Duration.ofSeconds(60));
  }

  private String session(LocalAthena athena, Duration idleTimeout) {
    return athena
        .model()
        .add(
            SessionSetup.in("connect")
                .idleTimeout(idleTimeout)
                .startedAt(clock.instant().minusSeconds(10)));
  }

  private static GetSessionEndpointResponse endpoint(AthenaClient client, String session) {
    return client.getSessionEndpoint(r -> r.sessionId(session));
  }

  /** What the server behind an address sends; absent if there is none. */
  private static @Nullable String sentBy(GetSessionEndpointResponse endpoint) {
    var port = URI.create(endpoint.endpointUrl()).getPort();
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return null;
    }
  }

  private static void awaitEnd(GetSessionEndpointResponse endpoint) {
    CompletableFuture.runAsync(
            () -> {
              while (sentBy(endpoint) != null) {
                // A real process is waited for; the clock of the test does not move it.
                LockSupport.parkNanos(POLL_NANOS);
              }
            })
        .orTimeout(30, TimeUnit.SECONDS)
        .join();
  }

  @Test
  void servesEachSessionUntilItEnds() throws IOException {
    var athena = athena(python("4.0.0", SERVER));
    try (athena;
        var client = client(athena)) {
      var terminated = session(athena, Duration.ofHours(8));
      var first = endpoint(client, terminated);
      assertThat(first.endpointUrl()).matches("sc://localhost:\\d+");
      assertThat(sentBy(first)).isEqualTo(first.authToken());
      var again = endpoint(client, terminated);
      assertThat(again.endpointUrl()).as("one server").isEqualTo(first.endpointUrl());
      var idle = endpoint(client, session(athena, Duration.ofMinutes(10)));
      assertThat(sentBy(idle)).isEqualTo(idle.authToken()).isNotEqualTo(first.authToken());
      client.terminateSession(r -> r.sessionId(terminated));
      awaitEnd(first);
      assertThat(sentBy(idle)).isNotNull();
      clock.advance(Duration.ofMinutes(10));
      awaitEnd(idle);
      var removed = endpoint(client, session(athena, Duration.ofHours(8)));
      athena.reset();
      awaitEnd(removed);
      athena.model().addWorkGroup("connect", SparkModel.SPARK_35, Map.of());
      var last = endpoint(client, session(athena, Duration.ofHours(8)));
      assertThat(sentBy(last)).isNotNull();
      athena.close();
      awaitEnd(last);
    }
    assertThat(console).isEmpty();
  }

  @Test
  void saysOnceWhyThereIsNoServer() throws IOException {
    try (var athena = athena(python("3.5.6", SERVER));
        var client = client(athena)) {
      for (var i = 0; i < 2; i++) {
        var session = session(athena, Duration.ofHours(8));
        assertThat(endpoint(client, session).endpointUrl())
            .isEqualTo(athena.endpoint() + "/spark-connect/" + session);
      }
      assertThat(console)
          .singleElement()
          .asString()
          .startsWith("No Spark Connect server is behind GetSessionEndpoint: ")
          .endsWith("Install it there: pip install 'pyspark[connect]>=4'");
    }
  }

  @Test
  void saysWhyAServerDoesNotStart() throws IOException {
    try (var athena =
            athena(python("4.0.0", "#!/bin/sh\necho JAVA_HOME is not set >&2; exit 1\n"));
        var client = client(athena)) {
      var _ = endpoint(client, session(athena, Duration.ofHours(8)));
      assertThat(console)
          .containsExactly(
              "No Spark Connect server is behind GetSessionEndpoint:"
                  + " the server of PySpark ended with status 1: JAVA_HOME is not set");
    }
  }

  @Test
  void saysThatThereIsNoPython() {
    try (var athena = athena("no-such-python");
        var client = client(athena)) {
      var _ = endpoint(client, session(athena, Duration.ofHours(8)));
      assertThat(console)
          .singleElement()
          .asString()
          .startsWith(
              "No Spark Connect server is behind GetSessionEndpoint: Can't start no-such-python: ");
    }
  }
}
