package io.github.athenasparklocal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.athena.AthenaClient;

/** Code that really runs, by a clock twenty times as fast as the real one. */
class ExecuteTest {

  private static final long POLL_NANOS = 20_000_000;

  private final LocalAthena athena =
      new LocalAthena(new LocalAthenaOptions().clock(new FastClock(20)).execute());
  private final AthenaClient client =
      AthenaTest.client(athena.endpoint(), "AKIALOCAL", Duration.ofSeconds(20));

  @BeforeEach
  void needsPython() throws InterruptedException {
    try {
      var status = new ProcessBuilder("python3", "--version").start().waitFor();
      assumeTrue(status == 0, "python3 does not work here");
    } catch (IOException e) {
      assumeTrue(false, "there is no python3 here");
    }
    athena.model().addWorkGroup("spark", SparkModel.PYSPARK_3, Map.of());
  }

  @AfterEach
  void close() {
    client.close();
    athena.close();
  }

  private String session() {
    return athena
        .model()
        .add(
            SessionSetup.in("spark")
                .idleTimeout(Duration.ofHours(8))
                .startedAt(java.time.Instant.now().minusSeconds(60)));
  }

  private String run(String session, String code) {
    await(() -> athena.model().sessionState(session), "IDLE");
    return client
        .startCalculationExecution(r -> r.sessionId(session).codeBlock(code))
        .calculationExecutionId();
  }

  private void await(java.util.function.Supplier<String> state, String expected) {
    CompletableFuture.runAsync(
            () -> {
              while (!state.get().equals(expected)) {
                // A real process is waited for; the clock of the test does not move it.
                LockSupport.parkNanos(POLL_NANOS);
              }
            })
        .orTimeout(30, TimeUnit.SECONDS)
        .join();
  }

  private String read(String s3Uri) throws IOException, InterruptedException {
    var uri = URI.create(s3Uri);
    var object = athena.endpoint().resolve("/" + uri.getHost() + uri.getPath());
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(object).build(), BodyHandlers.ofString())
        .body();
  }

  @Test
  void runsCodeInOneProcessForASession() throws IOException, InterruptedException {
    var session = session();
    var first = run(session, "x = 6\nprint('computed', x * 7)");
    await(() -> athena.model().calculationState(first), "COMPLETED");
    var result = client.getCalculationExecution(r -> r.calculationExecutionId(first)).result();
    assertThat(read(result.stdOutS3Uri())).isEqualTo("computed 42\n");
    var second = run(session, "print(x)\nmissing");
    await(() -> athena.model().calculationState(second), "FAILED");
    var failed = client.getCalculationExecution(r -> r.calculationExecutionId(second)).result();
    assertThat(read(failed.stdOutS3Uri())).as("the same names").isEqualTo("6\n");
    assertThat(read(failed.stdErrorS3Uri()))
        .startsWith("Traceback (most recent call last):\n  File \"<stdin>\", line 2")
        .contains("NameError: name 'missing' is not defined");
  }

  @Test
  void stopsCodeAndKillsItWithItsSession() throws IOException, InterruptedException {
    var session = session();
    var marker = java.nio.file.Files.createTempFile("execute", ".pid");
    var sleeps =
        run(
            session,
            "import os, time\nopen('%s', 'w').write(str(os.getpid()))\ntime.sleep(600)"
                .formatted(marker));
    await(() -> Long.toString(size(marker) > 0 ? 1 : 0), "1");
    await(() -> athena.model().calculationState(sleeps), "RUNNING");
    client.stopCalculationExecution(r -> r.calculationExecutionId(sleeps));
    await(() -> athena.model().calculationState(sleeps), "CANCELED");
    var again = run(session, "print('still here')");
    await(() -> athena.model().calculationState(again), "COMPLETED");
    var pid = Long.parseLong(java.nio.file.Files.readString(marker));
    assertThat(ProcessHandle.of(pid)).isPresent();
    client.terminateSession(r -> r.sessionId(session));
    await(() -> Boolean.toString(ProcessHandle.of(pid).isPresent()), "false");
    java.nio.file.Files.delete(marker);
  }

  private static long size(java.nio.file.Path file) {
    try {
      return java.nio.file.Files.size(file);
    } catch (IOException e) {
      return 0;
    }
  }
}
