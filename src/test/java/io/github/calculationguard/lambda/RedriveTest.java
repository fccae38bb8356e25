package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.json;
import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assumptions.assumeThat;

import module java.base;

import com.fasterxml.jackson.jr.ob.JSON;
import io.github.athenasparklocal.Course;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code docs/redrive} against an AWS CLI whose queues are folders: what it sends again, and what
 * it deletes. The acceptance run drives it with the real CLI.
 */
class RedriveTest {

  private static final String AWS =
      """
      #!/bin/sh
      # A message that was received has a name that ends in .hidden. The file "answer" is what Lambda answers.
      option() { while [ "$1" != "$name" ]; do shift; done; echo "$2"; }
      name=--queue-url
      case "$1 $2" in
        'cloudformation describe-stacks') echo ALIAS ;;
        'cloudformation describe-stack-resource') name=--logical-resource-id; echo "$ROOT/$(option "$@")" ;;
        'sqs receive-message')
          [ ! -e "$ROOT/denied" ] || { echo AccessDenied >&2; exit 254; }
          for file in "$(option "$@")"/*.json; do
            [ -e "$file" ] || exit 0
            mv "$file" "$file.hidden"
            jq -n --rawfile body "$file.hidden" --arg handle "$file.hidden" '{Messages: [{Body: $body, ReceiptHandle: $handle}]}'
            exit 0
          done ;;
        'sqs delete-message') name=--receipt-handle; rm "$(option "$@")" ;;
        'sqs change-message-visibility') name=--receipt-handle; file=$(option "$@"); mv "$file" "${file%.hidden}" ;;
        'lambda invoke')
          [ ! -e "$ROOT/braked" ] || { echo TooManyRequestsException >&2; exit 254; }
          name=--function-name; [ "$(option "$@")" = ALIAS ] || exit 9
          name=--payload; cp "$(option "$@" | sed 's#^fileb://##')" "$ROOT/given-$(ls "$ROOT" | grep -c given).json"
          cp "$ROOT/answer" "$9"
          cat "$ROOT/status" ;;
        *) echo "unknown: $*" >&2; exit 9 ;;
      esac
      """;

  @TempDir private Path root;

  @BeforeEach
  void makeAnAccount() throws IOException {
    assumeThat(
            Stream.of(System.getenv().getOrDefault("PATH", "").split(":", -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, "jq"))))
        .as("jq is installed")
        .isTrue();
    Files.createDirectories(root.resolve("bin"));
    Files.writeString(root.resolve("bin/aws"), AWS);
    assertThat(root.resolve("bin/aws").toFile().setExecutable(true)).isTrue();
    for (var queue : List.of("UndeliveredOrders", "FailedOrders")) {
      Files.createDirectory(root.resolve(queue));
    }
    answers("{\"outcome\": \"CANCELED\", \"announced\": true}", "{\"StatusCode\": 200}");
  }

  private void answers(String answer, String status) throws IOException {
    Files.writeString(root.resolve("answer"), answer);
    Files.writeString(root.resolve("status"), status);
  }

  private void park(String queue, String name, Object body) throws IOException {
    Files.writeString(root.resolve(queue, name + ".json"), JSON.std.asString(body));
  }

  private record Run(int status, String output) {}

  private Run redrive(String... options) throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of("docs/redrive", "--stack", "guard"));
    command.addAll(List.of(options));
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().merge("PATH", root + "/bin", (path, bin) -> bin + ":" + path);
    builder.environment().put("ROOT", root.toString());
    var process = builder.start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(process.waitFor(), output);
  }

  private List<String> parked() throws IOException {
    var all = new ArrayList<String>();
    for (var queue : List.of("UndeliveredOrders", "FailedOrders")) {
      try (var files = Files.list(root.resolve(queue))) {
        files
            .map(file -> file.getFileName().toString().replaceFirst("\\..*", ""))
            .sorted()
            .forEach(all::add);
      }
    }
    return all;
  }

  private List<Map<String, Object>> given() throws IOException {
    try (var files = Files.list(root)) {
      var found = new ArrayList<Map<String, Object>>();
      for (var file :
          files.filter(it -> it.getFileName().toString().startsWith("given")).toList()) {
        found.add(json(Files.readString(file)));
      }
      return found;
    }
  }

  private static Map<String, Object> failed(Object payload) {
    return Map.of(
        "timestamp",
        "2026-11-22T09:40:00.123Z",
        "requestContext",
        Map.of("condition", "EventAgeExceeded"),
        "requestPayload",
        payload);
  }

  @ParameterizedTest
  @CsvSource({
    "eventbridge-stop-requested.json, CANCELED",
    "alarm-state-change.json, CANCELED",
    "alarm-contributor.json, CANCELED",
    "cloudtrail-start-calculation.json, CANCELED",
    "direct-stop.json, CANCELED",
    "handover.json, CANCELED",
    // Its session is to end, which nothing allows here.
    "eventbridge-end-session.json, RUNNING",
    "direct-end-session.json, RUNNING"
  })
  void givesEachOrderAgainThroughTheAliasDirect(String file, String state)
      throws IOException, InterruptedException {
    park("UndeliveredOrders", "one", sample(file));
    park("FailedOrders", "two", failed(sample(file)));

    var run = redrive();

    assertThat(run.output()).contains("2 carried out and deleted, 0 only deleted, 0 kept");
    assertThat(run.status()).isZero();
    assertThat(parked()).isEmpty();
    assertThat(given()).hasSize(2);
    for (var event : given()) {
      try (var guarded = GuardedWorld.running(Course.USUAL)) {
        var direct = new TestContext("request-1").at("guard-StopFunction:direct");
        guarded.play(event, direct);
        assertThat(GuardedWorld.line(direct).get("outcome")).isNotEqualTo("INVALID");
        assertThat(guarded.model().calculationState(GuardedWorld.CALCULATION)).isEqualTo(state);
      }
    }
  }

  @Test
  void keepsTheIdAndTheTimeOfAnOrder() throws IOException, InterruptedException {
    park("FailedOrders", "event", failed(sample("eventbridge-stop-requested.json")));
    park("FailedOrders", "handed over", failed(sample("handover.json")));
    park("FailedOrders", "timeless", failed(Map.of("sessionId", GuardedWorld.SESSION)));

    redrive();

    assertThat(given())
        .extracting(event -> event.get("id"), event -> event.get("time"))
        .containsExactlyInAnyOrder(
            tuple(
                sample("eventbridge-stop-requested.json").get("id"),
                sample("eventbridge-stop-requested.json").get("time")),
            tuple("JKJaXmPLvHcESHA=", "2026-11-22T09:29:59.250Z"),
            // Lambda gave up at 9:40, and had it for at most an hour.
            tuple(null, "2026-11-22T08:40:00Z"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"finding-calculation.json", "finding-session.json"})
  void deletesExpiredFindingsAndKeepAlivesWithoutGivingThem(String finding)
      throws IOException, InterruptedException {
    park("UndeliveredOrders", "finding", sample(finding));
    park("FailedOrders", "keep-alive", failed(Map.of("keepAlive", true)));

    var run = redrive();

    assertThat(run.output()).contains("0 carried out and deleted, 2 only deleted, 0 kept");
    assertThat(run.status()).isZero();
    assertThat(given()).isEmpty();
    assertThat(parked()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"errorMessage": "Athena is down"} | {"StatusCode": 200, "FunctionError": "Unhandled"} | Athena is down
          {"outcome": "INVALID"}             | {"StatusCode": 200}                               | INVALID
          null                               | {"StatusCode": 200}                               | null
          """)
  void keepsWhatWasNotCarriedOut(String answer, String status, String said)
      throws IOException, InterruptedException {
    answers(answer, status);
    park("FailedOrders", "order", failed(sample("direct-stop.json")));
    park("FailedOrders", "other", failed(Map.of("something", "else")));
    park("UndeliveredOrders", "garbage", "no event");
    park("UndeliveredOrders", "odd", Map.of("detail", "a text", "timestamp", 1));

    var run = redrive();

    assertThat(run.output()).contains(said, "0 carried out and deleted, 0 only deleted, 4 kept");
    assertThat(run.status()).isEqualTo(1);
    assertThat(parked()).containsExactly("garbage", "odd", "order", "other");
  }

  @Test
  void triesNothingFurtherWhileTheBrakeIsOn() throws IOException, InterruptedException {
    Files.createFile(root.resolve("braked"));
    park("FailedOrders", "one", failed(sample("direct-stop.json")));
    park("FailedOrders", "two", failed(sample("direct-stop.json")));

    var run = redrive();

    assertThat(run.output()).contains("TooManyRequestsException", "the brake is on", "1 kept");
    assertThat(run.status()).isEqualTo(1);
    assertThat(parked()).containsExactly("one", "two");
  }

  @Test
  void showsWhatItWouldDoAndChangesNothing() throws IOException, InterruptedException {
    park("UndeliveredOrders", "finding", sample("finding-session.json"));
    park("FailedOrders", "order", failed(sample("direct-stop.json")));

    var run = redrive("--dry-run");

    assertThat(run.output())
        .contains("would    stop calculation " + GuardedWorld.CALCULATION)
        .contains("1 would be sent again, 1 would be deleted only, 0 need a person");
    assertThat(given()).isEmpty();
    assertThat(parked()).containsExactly("finding", "order");
    try (var files = Files.list(root.resolve("FailedOrders"))) {
      assertThat(files).allMatch(file -> file.toString().endsWith(".json"));
    }
  }

  @Test
  void endsWithAnErrorIfItCannotReadAQueue() throws IOException, InterruptedException {
    Files.createFile(root.resolve("denied"));

    var run = redrive();

    assertThat(run.output()).contains("AccessDenied", "redrive: cannot read the queue");
    assertThat(run.status()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--unknown", "--region", "more"})
  void saysHowItIsCalled(String option) throws IOException, InterruptedException {
    var run = redrive(option);

    assertThat(run.output()).startsWith("usage: docs/redrive --stack STACK");
    assertThat(run.status()).isEqualTo(2);
  }
}
