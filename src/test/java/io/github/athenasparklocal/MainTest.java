package io.github.athenasparklocal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MainTest {

  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);

  @Test
  void printsHowToReachIt() {
    try (var athena = Main.start(out, "--port", "0", "--speed", "20")) {
      assertThat(printed.toString(StandardCharsets.UTF_8))
          .contains("export AWS_ENDPOINT_URL_ATHENA=" + athena.endpoint() + "\n")
          .contains("export AWS_ENDPOINT_URL_S3=" + athena.endpoint() + "\n")
          .contains("export AWS_ACCESS_KEY_ID=local\n");
      assertThat(athena.model().workGroups()).containsKeys("primary", "spark", "spark-connect");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "--nonsense, unknown option --nonsense; see --help",
    "--port, --port needs a value; see --help",
    "--port 70000, '--port takes a whole number from 0 to 65535, not 70000'",
    "--port=1.5, '--port takes a whole number from 0 to 65535, not 1.5'",
    "--speed fast, '--speed takes a number from 0.001 to 1000000, not fast'",
    "--faults Nothing=DENIED, there is no operation Nothing",
    "--faults GetSession=BAD, there is no fault BAD; there are THROTTLED",
    "--faults GetSession, --faults takes a list such as",
    "--s3-endpoint nowhere, --s3-endpoint takes a URL such as",
    "--s3-endpoint ftp://there, '--s3-endpoint takes a URL such as http://localhost:9000, not ftp'",
    "--python python3, --python needs --execute",
    "--execute --python no-such-python, --execute needs a Python; name one by --python: ",
    "--port 0 --seed absent.json, can't read absent.json: there is no such file",
  })
  void refusesABadOption(String options, String message) {
    assertThatThrownBy(() -> Main.start(out, options.split(" ", -1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void refusesATakenPort() throws IOException {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var port = Integer.toString(taken.getLocalPort());
      assertThatThrownBy(() -> Main.start(out, "--port", port))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "can't listen on 127.0.0.1, port %s: Address already in use; choose others by --host and --port, where 0 is a free port"
                  .formatted(port));
    }
  }

  @Test
  void startsWithASeed(@TempDir Path directory) throws IOException {
    var seed = directory.resolve("seed.json");
    Files.writeString(
        seed,
        """
        {"workGroups": [{"name": "etl", "tags": {"owner": "ada"}}],
         "sessions": [
           {"id": "s", "workGroup": "etl", "startedAgo": "PT5H", "maxDpus": 8, "idleTimeout": "PT20H"},
           {"id": "gone", "workGroup": "etl", "startedAgo": "PT5H", "failedAgo": "PT1H"}],
         "calculations": [
           {"id": "first", "session": "s", "submittedAgo": "PT3H", "runs": "PT9H", "ignoresStop": true},
           {"id": "waits", "session": "s", "code": "print(1)"}]}
        """);
    try (var athena = Main.start(out, "--port", "0", "--seed", seed.toString())) {
      assertThat(athena.model().calculationState("first")).isEqualTo("RUNNING");
      assertThat(athena.model().sessionState("gone")).isEqualTo("FAILED");
      assertThat(athena.model().calculationState("waits")).isEqualTo("CREATING");
      assertThat(athena.model().workGroups()).containsOnlyKeys("primary", "etl");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'[]', the seed is not a JSON object",
    "'{\"sessions\": [{}]}', sessions[0] has no workGroup",
    "'{\"sessions\": [{\"workGroup\": \"absent\"}]}', sessions[0]: no workgroup absent",
    "'{\"workGroups\": [{\"name\": \"a\", \"nmae\": 1}]}', workGroups[0] has unknown members: [nmae]",
    "'{\"calculations\": [{\"session\": \"s\", \"runs\": \"3h\"}]}', runs of calculations[0] is not a duration",
    "'{', expected a name in double quotes at character 2",
  })
  void saysWhereASeedIsWrong(String seed, String message, @TempDir Path directory)
      throws IOException {
    var file = directory.resolve("seed.json");
    Files.writeString(file, seed);
    assertThatThrownBy(() -> Main.start(out, "--port", "0", "--seed", file.toString()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(file + ": " + message);
  }

  @Test
  void endsWithinASecondOfASignal() throws IOException, InterruptedException {
    var process = java("--port", "0");
    var reader = process.inputReader();
    while (!Objects.requireNonNull(reader.readLine()).contains("AWS_SECRET_ACCESS_KEY")) {
      // Until all of it is printed.
    }
    var before = System.nanoTime();
    process.destroy();
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(System.nanoTime() - before).isLessThan(TimeUnit.SECONDS.toNanos(1));
  }

  @ParameterizedTest
  @CsvSource({"--help, 0, --seed FILE", "--bad, 2, athena-spark-local: unknown option --bad"})
  void printsForPeople(String option, int status, String expected)
      throws IOException, InterruptedException {
    var process = java(option);
    var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isEqualTo(status);
    assertThat(text).contains(expected).doesNotContain("\tat ");
  }

  /** So that a Java of its time can tell people that it is too old. */
  @Test
  void isStartedByAClassForJava8() throws IOException {
    var launcher = Path.of("target/launcher-classes/io/github/athenasparklocal/Launcher.class");
    var java8 = 52;
    assertThat(Files.readAllBytes(launcher)[7]).isEqualTo((byte) java8);
  }

  private static Process java(String... options) throws IOException {
    var command =
        new java.util.ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                String.join(
                    File.pathSeparator,
                    "target/launcher-classes",
                    "target/local-classes",
                    "src/local/resources"),
                "io.github.athenasparklocal.Launcher"));
    command.addAll(List.of(options));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }
}
