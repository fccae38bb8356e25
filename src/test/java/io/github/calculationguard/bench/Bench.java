package io.github.calculationguard.bench;

import io.github.calculationguard.standin.FunctionProcess;
import io.github.calculationguard.standin.Json;
import io.github.calculationguard.standin.RuntimeApi;
import io.github.calculationguard.standin.RuntimeApi.Event;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.ObjDoubleConsumer;
import java.util.function.ToDoubleFunction;

/**
 * Measures the stop function against the same job in Python, in turns, each in Lambda's own runtime
 * interface client, and the sweep against a plain one. See bench/run.
 */
final class Bench {

  private static final String SWEEP_HANDLER = "io.github.calculationguard.lambda.SweepHandler";
  // A sweep's calls are always the same, and at a pace its time is nearly so.
  private static final int SWEEPS = 3;
  static final List<String> CALLS =
      List.of(
          "StopCalculationExecution",
          "GetCalculationExecution",
          "GetSession",
          "ListExecutors",
          "ListTagsForResource",
          "Publish",
          "PutEvents");

  /** How many calls at least name the calculation. */
  static final int NAMING = 4;

  // As template.yaml has it.
  private static final int MEGABYTES = 512;
  private static final int FEW = 30;
  private static final int DELAY_MILLIS = 20;
  // What a call waits for is not noise: fewer orders are enough.
  private static final int DELAYED_PART = 10;

  private final Path out;
  private final Path python;
  private final int warm;
  private final StandInsProcess standIns;
  private final Measurements measured = new Measurements();
  private final Functions functions;
  private final Map<String, Order> drawn = new TreeMap<>();

  private Bench(Path out, Path python, int warm, Share share, int megabytes) throws Exception {
    this.out = out;
    this.python = python;
    this.warm = warm;
    standIns = new StandInsProcess(out);
    functions = new Functions(out, python, standIns.endpoints(), share, megabytes);
  }

  /**
   * @param args where bench/run laid everything out, the Python to use, the rounds, the warm
   *     invocations of each, and the share of a processor that each side gets, or 1
   */
  public static void main(String[] args) throws Exception {
    var rounds = Integer.parseInt(args[2]);
    if (args[4].equals("memory")) {
      MemoryTable.write(Path.of(args[0]), rounds);
      return;
    }
    var part = Double.parseDouble(args[4]);
    try (var share = part < 1 ? Share.of(part) : Share.whole()) {
      var bench =
          new Bench(
              Path.of(args[0]), Path.of(args[1]), Integer.parseInt(args[3]), share, MEGABYTES);
      try {
        bench.rounds(rounds);
        if (part < 1) {
          var results = bench.shared(rounds, part);
          Files.writeString(Path.of("bench", "RESULTS-share.md"), results);
        } else {
          bench.whole(rounds);
        }
      } finally {
        bench.standIns.close();
      }
    }
  }

  private void rounds(int rounds) throws IOException, InterruptedException {
    System.out.println("One round that does not count, then " + rounds);
    round(0);
    measured.clear();
    for (var round = 1; round <= rounds; round++) {
      round(round);
      System.out.printf(Locale.ROOT, "%n%d of %d%n%s", round, rounds, measured.table());
    }
  }

  private void whole(int rounds) throws IOException, InterruptedException {
    sweeps(Math.min(rounds, SWEEPS));
    System.out.printf("%n%s", measured.table());
    var page = PageBench.run(functions, Math.min(rounds, SWEEPS));
    var growth = SweepGrowth.run(Path.of("docs", "sweep-growth.svg"));
    System.out.printf("%n%s%n%s", page, growth);
    var more = Files.readString(Path.of("bench", "page.txt")).formatted(page, growth);
    Files.writeString(Path.of("bench", "RESULTS.md"), results(rounds) + more);
    Files.writeString(Path.of("docs", "order-timeline.svg"), picture());
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
    var side = measured.java();
    try (var function = functions.stop(true)) {
      expect(function, Event.Initialised.class);
      standIns.ask("drop");
      standIns.ask("take");
      loadedBefore = Files.readAllLines(functions.classes()).size();
      var before = Machine.processorMillis(function.pid());
      var first = firstAfterRestore(function);
      loadedByTheFirst = Files.readAllLines(functions.classes()).size() - loadedBefore;
      addFirst(side, first);
      side.add(Figure.WITH_HOOK, first.millisWithHook());
      side.add(Figure.RESTORED_CPU, Machine.processorMillis(function.pid()) - before);
      warm(function, side);
      check(function, 1 + warm + warm / DELAYED_PART);
    }
    try (var function = functions.stop(true)) {
      expect(function, Event.Initialised.class);
      standIns.ask("drop");
      standIns.ask("take");
      delayed("Java, restored", side, () -> firstAfterRestore(function));
    }
  }

  private void python() throws IOException {
    var side = measured.peer();
    var begun = System.nanoTime();
    try (var function = functions.python("peer.handler", standIns.endpoints())) {
      expect(function, Event.Ready.class);
      var before = Machine.processorMillis(function.pid());
      var first = order(function);
      addFirst(side, first);
      side.add(Figure.WITH_HOOK, first.millis());
      side.add(Figure.RESTORED_CPU, Machine.processorMillis(function.pid()) - before);
      side.add(Figure.COLD, (first.answered() - begun) / 1e6);
      warm(function, side);
      check(function, 1 + warm + warm / DELAYED_PART);
    }
    try (var function = functions.python("peer.handler", standIns.endpoints())) {
      expect(function, Event.Ready.class);
      delayed("Python, started", side, () -> order(function));
    }
  }

  /** One order of one function. */
  private interface Ordering {
    Order give() throws IOException;
  }

  private void delayed(String name, Measurements.Side side, Ordering first) throws IOException {
    standIns.ask(String.valueOf(DELAY_MILLIS));
    try {
      var order = first.give();
      side.add(Figure.RESTORED_DELAYED, order.millisWithHook());
      drawn.put(name, order);
    } finally {
      standIns.ask("0");
    }
  }

  private static void addFirst(Measurements.Side side, Order first) {
    if (first.handshakes() < 2) {
      throw new IllegalStateException("the first order has to connect to Athena and to SNS");
    }
    side.add(Figure.RESTORED, first.millis());
    side.add(Figure.RESTORED_STOP, first.millisToStop());
  }

  private void cold() throws IOException {
    var begun = System.nanoTime();
    try (var function = functions.stop(false)) {
      expect(function, Event.Ready.class);
      measured.java().add(Figure.COLD, (order(function).answered() - begun) / 1e6);
      check(function, 1);
    }
  }

  private void warm(FunctionProcess function, Measurements.Side side) throws IOException {
    var before = Machine.processorMillis(function.pid());
    var orders = orders(function, warm);
    side.add(Figure.WARM_P50, percentile(orders, Order::millis, 0.50));
    side.add(Figure.WARM_P99, percentile(orders, Order::millis, 0.99));
    side.add(Figure.WARM_STOP, percentile(orders, Order::millisToStop, 0.50));
    side.add(Figure.WARM_CPU, (Machine.processorMillis(function.pid()) - before) / warm);
    side.add(Figure.MEMORY, Machine.megabytes(function.pid()));
    standIns.ask(String.valueOf(DELAY_MILLIS));
    var slow = orders(function, warm / DELAYED_PART);
    standIns.ask("0");
    side.add(Figure.DELAYED, percentile(slow, Order::millis, 0.50));
    side.add(Figure.DELAYED_STOP, percentile(slow, Order::millisToStop, 0.50));
    drawn.put(side == measured.java() ? "Java, warm" : "Python, warm", slow.getLast());
  }

  private List<Order> orders(FunctionProcess function, int count) throws IOException {
    var orders = new ArrayList<Order>();
    for (var i = 0; i < count; i++) {
      orders.add(order(function));
    }
    return orders;
  }

  /** The stop function at 20 ms a call: restored, the hook included, and warm, in seconds. */
  static Functions measureStop(
      Path out, Share share, int megabytes, ObjDoubleConsumer<String> measured) throws Exception {
    var bench = new Bench(out, out, FEW, share, megabytes);
    try (var function = bench.functions.stop(true)) {
      expect(function, Event.Initialised.class);
      bench.standIns.ask(String.valueOf(DELAY_MILLIS));
      measured.accept("restored", bench.firstAfterRestore(function).millisWithHook() / 1e3);
      var orders = bench.orders(function, FEW);
      measured.accept("warm", percentile(orders, Order::millis, 0.50) / 1e3);
    } finally {
      bench.standIns.close();
    }
    return bench.functions;
  }

  /** How long a sweep of a hundred sessions takes, at five calls a second, in seconds. */
  static double smallSweep(Functions functions) throws IOException {
    try (var account = new SweepBench(4, 100, 20, 1)) {
      var environment = account.environment();
      environment.put("CALLS_PER_SECOND", "5");
      environment.put("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1");
      var begun = System.nanoTime();
      try (var function = functions.java(SWEEP_HANDLER, environment, false)) {
        expect(function, Event.Ready.class);
        return (sweep(account, function) - begun) / 1e9;
      }
    }
  }

  private void sweeps(int rounds) throws IOException, InterruptedException {
    try (var account = new SweepBench()) {
      var environment = account.environment();
      // As Lambda has it without SnapStart.
      environment.put("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1");
      for (var round = 0; round < rounds; round++) {
        sweep(account, measured.java(), functions.java(SWEEP_HANDLER, environment, false));
        sweep(account, measured.peer(), functions.python("sweep_peer.handler", environment));
      }
    }
  }

  private void sweep(SweepBench account, Measurements.Side side, FunctionProcess started)
      throws IOException {
    try (var function = started) {
      expect(function, Event.Ready.class);
      for (var figure : List.of(Figure.SWEEP_CALLS, Figure.SWEEP_AGAIN)) {
        var from = System.nanoTime();
        var ended = sweep(account, function);
        side.add(figure, account.calls());
        tagsRead = Math.max(tagsRead, account.tagsRead());
        account.forget();
        if (figure == Figure.SWEEP_CALLS) {
          side.add(Figure.SWEEP_TIME, (ended - from) / 1e9);
        }
      }
    }
  }

  /** Sweeps once, checks what was found, and returns when it had ended. */
  private static long sweep(SweepBench account, FunctionProcess function) throws IOException {
    var event = Files.readString(Path.of("events", "schedule-sweep.json"));
    function.api().hand(invocation(event, SweepBench.LONGEST));
    var ended = (Event.Answered) expect(function, Event.Answered.class, SweepBench.LONGEST);
    expect(function, Event.Ready.class);
    account.check(ended.json(), function.log());
    return ended.atNanos();
  }

  private int tagsRead;
  private int loadedBefore;
  private int loadedByTheFirst;

  private Order order(FunctionProcess function) throws IOException {
    var calculation = hand(function);
    return answered(function, calculation, 0);
  }

  /** The order waits for the restore, as an invocation does in Lambda. */
  private Order firstAfterRestore(FunctionProcess function) throws IOException {
    var calculation = hand(function);
    var begun = System.nanoTime();
    function.api().restore();
    expect(function, Event.Ready.class);
    return answered(function, calculation, begun);
  }

  private String hand(FunctionProcess function) {
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
    return calculation;
  }

  /** The answer is checked, and every call that it led to. */
  private Order answered(FunctionProcess function, String calculation, long begun)
      throws IOException {
    var ended = (Event.Answered) expect(function, Event.Answered.class);
    expect(function, Event.Ready.class);
    var answer = Json.object(ended.json());
    if (!"CANCELED".equals(answer.get("outcome"))
        || !calculation.equals(answer.get("calculation_id"))) {
      throw new IllegalStateException("answered " + ended.json());
    }
    var handedOver = function.api().handedOverNanos();
    return Order.of(
        begun == 0 ? handedOver : begun,
        handedOver,
        ended.atNanos(),
        calculation,
        standIns.ask("take"));
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

  private static double percentile(List<Order> orders, ToDoubleFunction<Order> of, double part) {
    var sorted = orders.stream().mapToDouble(of).sorted().toArray();
    return sorted[Math.min(sorted.length - 1, (int) (part * sorted.length))];
  }

  /** Who waits for whom, at 20 ms a call. */
  private String picture() {
    return OrderPicture.of("An order, at %d ms a call".formatted(DELAY_MILLIS), drawn);
  }

  private String shared(int rounds, double part) throws IOException {
    return Files.readString(Path.of("bench", "results-share.txt"))
        .formatted(
            Instant.now().truncatedTo(ChronoUnit.DAYS).toString().substring(0, 10),
            rounds,
            warm,
            Share.text(part),
            measured.table());
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
