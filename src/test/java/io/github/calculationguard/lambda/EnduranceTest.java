package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.json;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.Template;
import io.github.calculationguard.report.Json;
import io.github.calculationguard.standin.FunctionSettings;
import io.github.calculationguard.standin.LambdaFunction.Outcome;
import io.github.calculationguard.standin.LocalLambda;
import io.github.calculationguard.standin.LocalWorld;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * One warm function takes order after order, and is at the end as it was at the start: in memory,
 * threads, open files and speed.
 */
@Tag("drill")
@EnabledOnOs(OS.LINUX)
class EnduranceTest {

  private static final int ORDERS = Integer.getInteger("drill.orders", 20_000);
  private static final int A_STAGE = ORDERS / 20;

  /** What the function is after a number of orders. */
  private record Sample(long heapBytes, int threads, int files, long medianMicros) {}

  private final LocalWorld world = new LocalWorld(InstantSource.system());
  private final Set<String> announced = new HashSet<>();
  private final Set<Long> processes = new HashSet<>();

  @Test
  void staysAsItWasAfterTheFirstThousandOrders() throws Exception {
    var begun = System.nanoTime();
    world.athena().model().addWorkGroup("etl", SparkModel.PYSPARK_3, Map.of("owner", "team data"));
    var environment = new HashMap<>(world.environment());
    environment.put("TOPIC_ARN", world.sns().addTopic("guard"));
    environment.put("JAVA_TOOL_OPTIONS", Template.read().javaOptions());
    var settings =
        FunctionSettings.of("guard", StopHandler.class.getName(), LocalWorld.PLACE, environment);
    var samples = new ArrayList<Sample>();
    try (world;
        var lambda = new LocalLambda(settings)) {
      for (var stage = 0; stage < ORDERS / A_STAGE; stage++) {
        samples.add(stage(lambda, stage));
      }
    }
    var first = samples.get(1);
    var last = samples.getLast();
    System.out.printf(
        "endurance: %d orders through one function in %d s; after %d and after all: heap %d and %d"
            + " KiB, threads %d and %d, files %d and %d, median %d and %d µs; %d announced%n",
        ORDERS,
        Duration.ofNanos(System.nanoTime() - begun).toSeconds(),
        2 * A_STAGE,
        first.heapBytes() / 1024,
        last.heapBytes() / 1024,
        first.threads(),
        last.threads(),
        first.files(),
        last.files(),
        first.medianMicros(),
        last.medianMicros(),
        announced.size());

    assertThat(processes).as("one process all the time").hasSize(1);
    assertThat(announced).hasSize(ORDERS);
    assertThat(last.heapBytes()).isLessThan(first.heapBytes() + 2 * 1024 * 1024);
    assertThat(last.threads()).isLessThanOrEqualTo(first.threads() + 2);
    assertThat(last.files()).isLessThanOrEqualTo(first.files() + 2);
    assertThat(last.medianMicros()).isLessThan(first.medianMicros() * 3 / 2);
  }

  private Sample stage(LocalLambda lambda, int stage) throws IOException, InterruptedException {
    var took = new ArrayList<Long>();
    for (var nth = stage * A_STAGE; nth < (stage + 1) * A_STAGE; nth++) {
      var result = lambda.invoke(order(nth), Duration.ofSeconds(30));
      assertThat(result.outcome()).isInstanceOf(Outcome.Answer.class);
      took.add(result.took().toNanos() / 1000);
    }
    for (var message : world.sns().messages()) {
      var said = json(message.text("sqs"));
      assertThat(said).containsEntry("outcome", "CANCELED");
      assertThat(announced.add((String) said.get("order_id"))).as("told once").isTrue();
    }
    world.sns().forget();
    world.athena().forgetCalls();
    took.sort(null);
    var process = lambda.processId();
    processes.add(process);
    return new Sample(
        liveBytes(process), threads(process), files(process), took.get(took.size() / 2));
  }

  private String order(int nth) {
    var session = "s-" + nth;
    var calculation = "c-" + nth;
    var now = Instant.now();
    var model = world.athena().model();
    model.add(SessionSetup.in("etl").id(session).startedAt(now.minusSeconds(3600)));
    model.add(
        CalculationSetup.in(session)
            .id(calculation)
            .description("Order " + nth)
            .submittedAt(now.minusSeconds(1800))
            .course(Course.onStop(new Course.OnStop.Cancels(Duration.ZERO))));
    return Json.line(
        Map.of(
            "id",
            "order-" + nth,
            "detail-type",
            "Athena Calculation Stop Requested",
            "source",
            "com.example.drill",
            "time",
            now.truncatedTo(ChronoUnit.SECONDS).toString(),
            "detail",
            Map.of("calculationExecutionId", calculation, "reason", "drill")));
  }

  /** What is left on the heap after a full collection, which the histogram begins with. */
  private static long liveBytes(long process) throws IOException, InterruptedException {
    var jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    var asked =
        new ProcessBuilder(List.of(jcmd, Long.toString(process), "GC.class_histogram"))
            .redirectErrorStream(true)
            .start();
    var said = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    asked.waitFor();
    var total = said.lines().filter(line -> line.startsWith("Total")).findFirst();
    return Long.parseLong(
        total.orElseThrow(() -> new IOException(said)).trim().split("\\s+", -1)[2]);
  }

  private static int threads(long process) throws IOException {
    try (var lines = Files.lines(Path.of("/proc", Long.toString(process), "status"))) {
      return lines
          .filter(line -> line.startsWith("Threads:"))
          .map(line -> Integer.parseInt(line.replaceAll("\\D", "")))
          .findFirst()
          .orElseThrow();
    }
  }

  private static int files(long process) throws IOException {
    try (var files = Files.list(Path.of("/proc", Long.toString(process), "fd"))) {
      return (int) files.count();
    }
  }
}
