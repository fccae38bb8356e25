package io.github.calculationguard.bench;

import io.github.calculationguard.standin.FunctionProcess;
import io.github.calculationguard.standin.FunctionSettings;
import io.github.calculationguard.standin.Json;
import io.github.calculationguard.standin.LocalWorld;
import io.github.calculationguard.standin.RuntimeApi;
import io.github.calculationguard.standin.RuntimeApi.Event;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Measures the stop function against the same job in Python, in turns, each in Lambda's own runtime
 * interface client, and the sweep against a plain one. See bench/run.
 */
final class Bench {

  private static final String SWEEP_HANDLER = "io.github.calculationguard.lambda.SweepHandler";
  // A sweep's calls are always the same, and at a pace its time is nearly so.
  private static final int SWEEPS = 3;
  private static final List<String> CALLS =
      List.of(
          "StopCalculationExecution",
          "GetCalculationExecution",
          "GetSession",
          "ListExecutors",
          "ListTagsForResource",
          "Publish");

  /**
   * How long one invocation took, how long it took to send Stop, and of what the whole is made, in
   * milliseconds.
   *
   * @param parts to the beginning and to the end of each handshake, and to the answer
   */
  private record Timing(double whole, double toStop, List<Double> parts) {}

  private final Path out;
  private final Path python;
  private final int warm;
  private final StandInsProcess standIns;
  private final Measurements measured = new Measurements();
  private final Functions functions;

  private Bench(Path out, Path python, int warm) throws Exception {
    this.out = out;
    this.python = python;
    this.warm = warm;
    standIns = new StandInsProcess(out);
    functions = new Functions(out, standIns.endpoints());
  }

  /**
   * @param args where bench/run laid everything out, the Python to use, the rounds, and the warm
   *     invocations of each
   */
  public static void main(String[] args) throws Exception {
    var rounds = Integer.parseInt(args[2]);
    var bench = new Bench(Path.of(args[0]), Path.of(args[1]), Integer.parseInt(args[3]));
    try {
      System.out.println("One round that does not count, then " + rounds);
      bench.round(0);
      bench.measured.clear();
      for (var round = 1; round <= rounds; round++) {
        bench.round(round);
        System.out.printf(Locale.ROOT, "%n%d of %d%n%s", round, rounds, bench.measured.table());
      }
      bench.sweeps(Math.min(rounds, SWEEPS));
      System.out.printf("%n%s", bench.measured.table());
      var page = PageBench.run(bench.functions, Math.min(rounds, SWEEPS));
      var growth = SweepGrowth.run(Path.of("docs", "sweep-growth.svg"));
      System.out.printf("%n%s%n%s", page, growth);
      Files.writeString(
          Path.of("bench", "RESULTS.md"),
          bench.results(rounds)
              + Files.readString(Path.of("bench", "page.txt")).formatted(page, growth));
    } finally {
      bench.standIns.close();
    }
  }

  /** Each side once; who goes first changes, so that neither always has the quieter machine. */
  private void round(int round) throws IOException, InterruptedException {
    if (round % 2 == 0) {
      restored();
      python();
    } else {
      python();
      restored();
    }
    cold();
  }

  private void restored() throws IOException {
    Files.deleteIfExists(functions.classes());
    var function =
        new FunctionProcess(
            functions.settings(true),
            functions.javaCommand(Functions.STOP_HANDLER),
            functions.task());
    try {
      expect(function, Event.Initialised.class);
      standIns.ask("drop");
      standIns.ask("take");
      var restored = System.nanoTime();
      function.api().restore();
      expect(function, Event.Ready.class);
      var hook = millis(System.nanoTime() - restored);
      loadedBefore = Files.readAllLines(functions.classes()).size();
      var before = Machine.processorMillis(function.pid());
      var first = invoke(function);
      loadedByTheFirst = Files.readAllLines(functions.classes()).size() - loadedBefore;
      addFirst(measured.java(), first);
      measured.java().add(Figure.WITH_HOOK, hook + first.whole());
      measured.java().add(Figure.RESTORED_CPU, Machine.processorMillis(function.pid()) - before);
      warm(function, measured.java());
      check(function, 1 + warm);
    } finally {
      function.kill();
    }
  }

  private void python() throws IOException {
    var begun = System.nanoTime();
    var command = List.of(python.toString(), "-m", "awslambdaric", "peer.handler");
    var function = new FunctionProcess(functions.settings(false), command, Functions.peers());
    try {
      expect(function, Event.Ready.class);
      var before = Machine.processorMillis(function.pid());
      var first = invoke(function);
      addFirst(measured.peer(), first);
      measured.peer().add(Figure.WITH_HOOK, first.whole());
      measured.peer().add(Figure.RESTORED_CPU, Machine.processorMillis(function.pid()) - before);
      measured.peer().add(Figure.COLD, millis(answered - begun));
      warm(function, measured.peer());
      check(function, 1 + warm);
    } finally {
      function.kill();
    }
  }

  private static void addFirst(Measurements.Side side, Timing first) {
    if (first.parts().size() != Figure.PARTS.size()) {
      throw new IllegalStateException("the first order has to connect to Athena and to SNS, once");
    }
    side.add(Figure.RESTORED, first.whole());
    side.add(Figure.RESTORED_STOP, first.toStop());
    for (var i = 0; i < Figure.PARTS.size(); i++) {
      side.add(Figure.PARTS.get(i), first.parts().get(i));
    }
  }

  private void cold() throws IOException {
    var begun = System.nanoTime();
    var function =
        new FunctionProcess(
            functions.settings(false),
            functions.javaCommand(Functions.STOP_HANDLER),
            functions.task());
    try {
      expect(function, Event.Ready.class);
      invoke(function);
      measured.java().add(Figure.COLD, millis(answered - begun));
      check(function, 1);
    } finally {
      function.kill();
    }
  }

  private void warm(FunctionProcess function, Measurements.Side side) throws IOException {
    var whole = new double[warm];
    var toStop = new double[warm];
    var before = Machine.processorMillis(function.pid());
    for (var i = 0; i < warm; i++) {
      var timing = invoke(function);
      whole[i] = timing.whole();
      toStop[i] = timing.toStop();
    }
    side.add(Figure.WARM_P50, percentile(whole, 0.50));
    side.add(Figure.WARM_P99, percentile(whole, 0.99));
    side.add(Figure.WARM_STOP, percentile(toStop, 0.50));
    side.add(Figure.WARM_CPU, (Machine.processorMillis(function.pid()) - before) / warm);
    side.add(Figure.MEMORY, Machine.megabytes(function.pid()));
  }

  private void sweeps(int rounds) throws IOException, InterruptedException {
    try (var account = new SweepBench()) {
      var environment = account.environment();
      // As Lambda has it without SnapStart.
      environment.put("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1");
      var settings = FunctionSettings.of("sweep", SWEEP_HANDLER, LocalWorld.PLACE, environment);
      for (var round = 0; round < rounds; round++) {
        sweep(
            account,
            measured.java(),
            new FunctionProcess(settings, functions.javaCommand(SWEEP_HANDLER), functions.task()));
        var command = List.of(python.toString(), "-m", "awslambdaric", "sweep_peer.handler");
        sweep(account, measured.peer(), new FunctionProcess(settings, command, Functions.peers()));
      }
    }
  }

  private void sweep(SweepBench account, Measurements.Side side, FunctionProcess function)
      throws IOException {
    try {
      expect(function, Event.Ready.class);
      for (var figure : List.of(Figure.SWEEP_CALLS, Figure.SWEEP_AGAIN)) {
        var event = Files.readString(Path.of("events", "schedule-sweep.json"));
        function.api().hand(invocation(event, SweepBench.LONGEST));
        var from = System.nanoTime();
        var ended = (Event.Answered) expect(function, Event.Answered.class, SweepBench.LONGEST);
        expect(function, Event.Ready.class);
        account.check(ended.json(), function.log());
        side.add(figure, account.calls());
        tagsRead = Math.max(tagsRead, account.tagsRead());
        account.forget();
        if (figure == Figure.SWEEP_CALLS) {
          side.add(Figure.SWEEP_TIME, millis(ended.atNanos() - from) / 1000);
        }
      }
    } finally {
      function.kill();
    }
  }

  private long answered;
  private int tagsRead;
  private int loadedBefore;
  private int loadedByTheFirst;

  /** Gives one order, and checks its answer and every call that it led to. */
  private Timing invoke(FunctionProcess function) throws IOException {
    var calculation = UUID.randomUUID().toString();
    var event =
        """
        {"version":"0","id":"%s","detail-type":"Athena Calculation Stop Requested","source":"cost.guard",\
        "account":"123456789012","time":"%s","region":"us-east-1","resources":[],\
        "detail":{"calculationExecutionId":"%s","reason":"over the day's budget","requestedBy":"budget"}}\
        """
            .formatted(
                UUID.randomUUID(), Instant.now().truncatedTo(ChronoUnit.SECONDS), calculation);
    function.api().hand(invocation(event, Duration.ofSeconds(90)));
    var ended = (Event.Answered) expect(function, Event.Answered.class);
    expect(function, Event.Ready.class);
    var answer = Json.object(ended.json());
    if (!"CANCELED".equals(answer.get("outcome"))
        || !calculation.equals(answer.get("calculation_id"))) {
      throw new IllegalStateException("answered " + ended.json());
    }
    answered = ended.atNanos();
    var arrived = standIns.ask("take").stream().map(it -> it.split(" ", 3)).toList();
    var handshakes = arrived.stream().filter(it -> it[0].equals("TLS")).toList();
    var calls = arrived.stream().filter(it -> !it[0].equals("TLS")).toList();
    if (!calls.stream().map(call -> call[0]).toList().equals(CALLS)
        || !Stream.of(0, 1, 5).allMatch(i -> calls.get(i)[2].contains(calculation))) {
      throw new IllegalStateException(
          "called " + calls.stream().map(Arrays::toString).collect(Collectors.joining("\n")));
    }
    var from = function.api().handedOverNanos();
    var parts = new ArrayList<Double>();
    var last = from;
    for (var handshake : handshakes) {
      var begun = Long.parseLong(handshake[1]);
      var done = Long.parseLong(handshake[2]);
      parts.add(millis(begun - last));
      parts.add(millis(done - begun));
      last = done;
    }
    parts.add(millis(answered - last));
    var toStop = millis(Long.parseLong(calls.getFirst()[1]) - from);
    return new Timing(millis(answered - from), toStop, parts);
  }

  private static RuntimeApi.Invocation invocation(String event, Duration time) {
    return new RuntimeApi.Invocation(
        UUID.randomUUID().toString(), RuntimeApi.newTraceId(), event, Instant.now().plus(time));
  }

  /** Every order is one line of the log, and nothing else is an outcome. */
  private static void check(FunctionProcess function, int orders) {
    var log = function.log();
    var told = log.stream().filter(line -> line.contains("\"outcome\"")).count();
    if (told != orders) {
      throw new IllegalStateException(told + " lines of " + orders + "\n" + String.join("\n", log));
    }
  }

  private static Event expect(FunctionProcess function, Class<? extends Event> expected) {
    return expect(function, expected, Duration.ofSeconds(90));
  }

  private static Event expect(
      FunctionProcess function, Class<? extends Event> expected, Duration time) {
    var event = function.await(time);
    if (!expected.isInstance(event)) {
      throw new IllegalStateException(event + "\n" + String.join("\n", function.log()));
    }
    return event;
  }

  private static double millis(long nanos) {
    return nanos / 1e6;
  }

  private static double percentile(double[] values, double part) {
    var sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[Math.min(sorted.length - 1, (int) (part * sorted.length))];
  }

  private String results(int rounds) throws IOException, InterruptedException {
    return Files.readString(Path.of("bench", "results.txt"))
        .formatted(
            Instant.now().truncatedTo(ChronoUnit.DAYS).toString().substring(0, 10),
            rounds,
            warm,
            measured.table(),
            Files.size(out.resolve("package.zip")) / 1e6,
            System.getProperty("java.runtime.version"),
            Machine.pythonVersions(python),
            loadedBefore,
            loadedByTheFirst,
            SweepBench.story(),
            tagsRead,
            SweepBench.LEAST_CALLS,
            CALLS.size(),
            String.join(", ", CALLS),
            standIns.ask("times").getFirst(),
            Machine.cpu(),
            Runtime.getRuntime().availableProcessors(),
            System.getProperty("os.name") + " " + System.getProperty("os.version"));
  }
}
