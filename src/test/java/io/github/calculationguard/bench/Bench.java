package io.github.calculationguard.bench;

import io.github.calculationguard.Template;
import io.github.calculationguard.standin.FunctionProcess;
import io.github.calculationguard.standin.FunctionSettings;
import io.github.calculationguard.standin.Json;
import io.github.calculationguard.standin.LocalWorld;
import io.github.calculationguard.standin.RuntimeApi;
import io.github.calculationguard.standin.RuntimeApi.Event;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * Measures the stop function against the same job in Python, in turns, each in Lambda's own runtime
 * interface client, and the sweep against a plain one. See bench/run.
 */
final class Bench {

  private static final String TOPIC = "arn:aws:sns:us-east-1:123456789012:calculation-guard";
  private static final String STOP_HANDLER = "io.github.calculationguard.lambda.StopHandler";
  private static final String SWEEP_HANDLER = "io.github.calculationguard.lambda.SweepHandler";
  private static final String PASSWORD = "changeit";
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

  // What Lambda's java25 starts a function of 512 MB with.
  private static final List<String> FLAGS =
      List.of(
          "-XX:+UseSerialGC",
          "-Djava.net.preferIPv4Stack=true",
          "--enable-native-access=ALL-UNNAMED",
          "--add-opens=java.base/java.io=ALL-UNNAMED",
          "-XX:MaxHeapSize=445645k",
          "-XX:MaxMetaspaceSize=52429k",
          "-XX:ReservedCodeCacheSize=26214k",
          "-Dorg.crac.Core.Compat=com.amazonaws.services.lambda.crac");

  /** What is measured, and how much of Python's it may be; no bound where there is none. */
  private enum Figure {
    RESTORED("restored: first invocation", "ms", 0.50),
    RESTORED_STOP("restored: order to Stop", "ms", 0.50),
    TO_ATHENA("&nbsp; until it connects to Athena", "ms", 0),
    TLS_ATHENA("&nbsp; TLS with Athena", "ms", 0),
    CALLS_AND_MESSAGE("&nbsp; the calls to Athena, and the message made", "ms", 0),
    TLS_SNS("&nbsp; TLS with SNS", "ms", 0),
    TO_ANSWER("&nbsp; the message sent, the log line, the answer", "ms", 0),
    WITH_HOOK("with what Java does between restore and asking for work", "ms", 0),
    RESTORED_CPU("restored: first invocation, processor time", "ms", 0),
    WARM_P50("warm: p50", "ms", 0.85),
    WARM_P99("warm: p99", "ms", 1.5),
    WARM_STOP("warm: order to Stop, p50", "ms", 0.80),
    WARM_CPU("warm: mean processor time, compilers included", "ms", 0),
    COLD("cold: process start to first answer, no SnapStart", "ms", 0),
    MEMORY("memory after the warm ones", "MB", 0),
    SWEEP_CALLS("sweep: calls to Athena, nothing known yet", "", 0.35),
    SWEEP_AGAIN("sweep: calls to Athena, the next one", "", 0),
    SWEEP_TIME("sweep: time at the same pace, nothing known yet", "s", 0);

    final String title;
    final String unit;
    final double most;

    Figure(String title, String unit, double most) {
      this.title = title;
      this.unit = unit;
      this.most = most;
    }

    String said(double value) {
      return unit.isEmpty()
          ? String.format(Locale.ROOT, "%.0f", value)
          : String.format(Locale.ROOT, "%.2f %s", value, unit);
    }
  }

  private static final List<Figure> PARTS =
      List.of(
          Figure.TO_ATHENA,
          Figure.TLS_ATHENA,
          Figure.CALLS_AND_MESSAGE,
          Figure.TLS_SNS,
          Figure.TO_ANSWER);

  /** One side's values, by figure and round. */
  private static final class Side {
    final Map<Figure, List<Double>> values = new LinkedHashMap<>();

    void add(Figure figure, double value) {
      values.computeIfAbsent(figure, _ -> new ArrayList<>()).add(value);
    }

    List<Double> of(Figure figure) {
      return values.getOrDefault(figure, List.of());
    }
  }

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
  private final Process standIns;
  private final BufferedReader said;
  private final PrintWriter commands;
  private final Map<String, String> endpoints = new HashMap<>();
  private final Side java = new Side();
  private final Side peer = new Side();

  private Bench(Path out, Path python, int warm) throws Exception {
    this.out = out;
    this.python = python;
    this.warm = warm;
    standIns =
        new ProcessBuilder(
                javaProgram(),
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                StandIns.class.getName(),
                out.resolve("server.p12").toString(),
                PASSWORD)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    said = standIns.inputReader(StandardCharsets.UTF_8);
    commands = new PrintWriter(standIns.outputWriter(StandardCharsets.UTF_8), true);
    var ports = said.readLine().split(" ", -1);
    endpoints.put("AWS_ENDPOINT_URL_ATHENA", "https://localhost:" + ports[0]);
    endpoints.put("AWS_ENDPOINT_URL_SNS", "https://localhost:" + ports[1]);
    endpoints.put("TOPIC_ARN", TOPIC);
    for (var port : ports) {
      warmUp(Integer.parseInt(port));
    }
  }

  /** So many handshakes and requests that the stand-ins' own compilers have done their work. */
  private void warmUp(int port) throws Exception {
    var authority = KeyStore.getInstance(out.resolve("trust.p12").toFile(), PASSWORD.toCharArray());
    var trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(authority);
    for (var i = 0; i < 1500; i++) {
      // Each from scratch, as a new client's is.
      var tls = SSLContext.getInstance("TLS");
      tls.init(null, trust.getTrustManagers(), null);
      try (var socket = tls.getSocketFactory().createSocket("localhost", port)) {
        var request = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
        for (var j = 0; j < 4; j++) {
          socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
          var _ = socket.getInputStream().read(new byte[4096]);
        }
      }
    }
    ask("take");
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
      bench.java.values.clear();
      bench.peer.values.clear();
      for (var round = 1; round <= rounds; round++) {
        bench.round(round);
        System.out.printf(Locale.ROOT, "%n%d of %d%n%s", round, rounds, bench.table());
      }
      bench.sweeps(Math.min(rounds, SWEEPS));
      System.out.printf("%n%s", bench.table());
      Files.writeString(Path.of("bench", "RESULTS.md"), bench.results(rounds));
    } finally {
      bench.standIns.destroy();
      bench.standIns.waitFor();
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
    Files.deleteIfExists(classes());
    var function = new FunctionProcess(settings(true), javaCommand(STOP_HANDLER), task());
    try {
      expect(function, Event.Initialised.class);
      ask("drop");
      ask("take");
      var restored = System.nanoTime();
      function.api().restore();
      expect(function, Event.Ready.class);
      var hook = millis(System.nanoTime() - restored);
      loadedBefore = Files.readAllLines(classes()).size();
      var before = processorMillis(function.pid());
      var first = invoke(function);
      loadedByTheFirst = Files.readAllLines(classes()).size() - loadedBefore;
      addFirst(java, first);
      java.add(Figure.WITH_HOOK, hook + first.whole());
      java.add(Figure.RESTORED_CPU, processorMillis(function.pid()) - before);
      warm(function, java);
      check(function, 1 + warm);
    } finally {
      function.kill();
    }
  }

  private void python() throws IOException {
    var begun = System.nanoTime();
    var command = List.of(python.toString(), "-m", "awslambdaric", "peer.handler");
    var function = new FunctionProcess(settings(false), command, peers());
    try {
      expect(function, Event.Ready.class);
      var before = processorMillis(function.pid());
      var first = invoke(function);
      addFirst(peer, first);
      peer.add(Figure.WITH_HOOK, first.whole());
      peer.add(Figure.RESTORED_CPU, processorMillis(function.pid()) - before);
      peer.add(Figure.COLD, millis(answered - begun));
      warm(function, peer);
      check(function, 1 + warm);
    } finally {
      function.kill();
    }
  }

  private static void addFirst(Side side, Timing first) {
    if (first.parts().size() != PARTS.size()) {
      throw new IllegalStateException("the first order has to connect to Athena and to SNS, once");
    }
    side.add(Figure.RESTORED, first.whole());
    side.add(Figure.RESTORED_STOP, first.toStop());
    for (var i = 0; i < PARTS.size(); i++) {
      side.add(PARTS.get(i), first.parts().get(i));
    }
  }

  private void cold() throws IOException {
    var begun = System.nanoTime();
    var function = new FunctionProcess(settings(false), javaCommand(STOP_HANDLER), task());
    try {
      expect(function, Event.Ready.class);
      invoke(function);
      java.add(Figure.COLD, millis(answered - begun));
      check(function, 1);
    } finally {
      function.kill();
    }
  }

  private void warm(FunctionProcess function, Side side) throws IOException {
    var whole = new double[warm];
    var toStop = new double[warm];
    var before = processorMillis(function.pid());
    for (var i = 0; i < warm; i++) {
      var timing = invoke(function);
      whole[i] = timing.whole();
      toStop[i] = timing.toStop();
    }
    side.add(Figure.WARM_P50, percentile(whole, 0.50));
    side.add(Figure.WARM_P99, percentile(whole, 0.99));
    side.add(Figure.WARM_STOP, percentile(toStop, 0.50));
    side.add(Figure.WARM_CPU, (processorMillis(function.pid()) - before) / warm);
    side.add(Figure.MEMORY, megabytes(function.pid()));
  }

  private void sweeps(int rounds) throws IOException, InterruptedException {
    try (var account = new SweepBench()) {
      var environment = account.environment();
      // As Lambda has it without SnapStart.
      environment.put("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1");
      var settings = FunctionSettings.of("sweep", SWEEP_HANDLER, LocalWorld.PLACE, environment);
      for (var round = 0; round < rounds; round++) {
        sweep(account, java, new FunctionProcess(settings, javaCommand(SWEEP_HANDLER), task()));
        var command = List.of(python.toString(), "-m", "awslambdaric", "sweep_peer.handler");
        sweep(account, peer, new FunctionProcess(settings, command, peers()));
      }
    }
  }

  private void sweep(SweepBench account, Side side, FunctionProcess function) throws IOException {
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
        "detail":{"calculationExecutionId":"%s","reason":"over the day's budget","requestedBy":"budget"}}"""
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
    var arrived = ask("take").stream().map(it -> it.split(" ", 3)).toList();
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

  private List<String> ask(String command) throws IOException {
    commands.println(command);
    var lines = new ArrayList<String>();
    for (var line = said.readLine(); !line.equals("done"); line = said.readLine()) {
      lines.add(line);
    }
    return lines;
  }

  private Path task() {
    return out.resolve("task");
  }

  /** Where Java says which classes it loaded, a line each. */
  private Path classes() {
    return out.resolve("classes.log");
  }

  private static Path peers() {
    return Path.of("bench").toAbsolutePath();
  }

  private FunctionSettings settings(boolean snapStart) {
    var environment = new HashMap<>(endpoints);
    var log = snapStart ? " -Xlog:class+load:file=" + classes() : "";
    environment.put("JAVA_TOOL_OPTIONS", Template.read().javaOptions() + log);
    environment.put("AWS_CA_BUNDLE", out.resolve("trust.pem").toString());
    var settings = FunctionSettings.of("stop", STOP_HANDLER, LocalWorld.PLACE, environment);
    return snapStart ? settings.withSnapStart() : settings;
  }

  /** The interface client on the class path; it finds the function's package by itself. */
  private List<String> javaCommand(String handler) {
    var interfaceClient =
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(
                entry ->
                    Path.of(entry)
                        .getFileName()
                        .toString()
                        .matches(
                            "(aws-lambda-java-(core|serialization|runtime-interface-client)|utils-lite)-.*"))
            .collect(Collectors.joining(File.pathSeparator));
    var command = new ArrayList<>(List.of(javaProgram()));
    command.addAll(FLAGS);
    command.addAll(
        List.of(
            "-Djavax.net.ssl.trustStore=" + out.resolve("trust.p12"),
            "-Djavax.net.ssl.trustStorePassword=" + PASSWORD,
            "-cp",
            interfaceClient,
            "com.amazonaws.services.lambda.runtime.api.client.AWSLambda",
            handler));
    return command;
  }

  private static String javaProgram() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /** What a process used up of the processors so far, with all its threads that are alive. */
  private static double processorMillis(long pid) throws IOException {
    var nanos = 0L;
    try (var threads = Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "task"))) {
      for (var thread : threads) {
        nanos += Long.parseLong(Files.readString(thread.resolve("schedstat")).split(" ", 2)[0]);
      }
    }
    return millis(nanos);
  }

  private static double megabytes(long pid) throws IOException {
    return Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")).stream()
        .filter(line -> line.startsWith("VmRSS"))
        .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / 1024)
        .sum();
  }

  private static double millis(long nanos) {
    return nanos / 1e6;
  }

  private static double percentile(double[] values, double part) {
    var sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[Math.min(sorted.length - 1, (int) (part * sorted.length))];
  }

  private static double median(List<Double> values) {
    var sorted = values.stream().sorted().toList();
    var middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  private String table() {
    var table = new StringBuilder();
    table.append("| Figure, median of rounds | Java | Python | Java ÷ Python (spread) | must |\n");
    table.append("|---|---|---|---|---|\n");
    for (var figure : Figure.values()) {
      var ours = java.of(figure);
      if (ours.isEmpty()) {
        continue;
      }
      var theirs = peer.of(figure);
      var ratios =
          IntStream.range(0, ours.size())
              .mapToObj(i -> ours.get(i) / theirs.get(i))
              .sorted()
              .toList();
      table.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %s | **%.2f** (%.2f to %.2f) | %s |%n",
              figure.title,
              figure.said(median(ours)),
              figure.said(median(theirs)),
              median(ratios),
              ratios.getFirst(),
              ratios.getLast(),
              figure.most == 0 ? "" : "≤ %.2f".formatted(figure.most)));
    }
    return table.toString();
  }

  private String results(int rounds) throws IOException, InterruptedException {
    return """
        # What was measured

        By `bench/run` on %s: %d alternating rounds of one first and %d warm invocations for each side, after a round that does not count. Each ratio is
        taken within its round; the table gives their median, least and most.

        %s| package, zipped as `sam build` lays it out | %.1f MB | | | ≤ 11 MB |

        * **Java**: %s, aws-lambda-java-runtime-interface-client, the function's jars loaded by its own loader, the flags that Lambda uses for java25. *Restored*:
          the interface client's own snap-start path with container credentials, from the hand-over of the first order after the restore; Lambda's own restore
          of the memory's image is outside of it, and so is, but for the line that says so, the hook in which it fetches its credentials. *Cold* is without SnapStart, first compiler only.
        * **Python**: %s, awslambdaric, `peer.py`. It has no snapshot: its *first invocation* follows its start, in which it gets ready, and which is outside of it too.
        * The indented parts are medians of their own. Java has loaded %d classes when it is restored, and its first invocation loads %d more.
        * The sweeps go through %s, both at 50 calls a second, and both have to find these. The plain one (`sweep_peer.py`)
          asks for each session and each running calculation, adds up what they cost, and remembers nothing; it reads no tags, of which %d of our calls are. Were it
          content with what the lists say of them, and told no cost, it would make %d calls.
        * Both make the same %d calls for an order, and every answer, call and log line is checked: %s.
        * TLS 1.3 with trust stores of usual size, to stand-ins in a process of their own, which answer in %s.
        * Machine: %s, %d cores, %s.
        """
        .formatted(
            Instant.now().truncatedTo(ChronoUnit.DAYS).toString().substring(0, 10),
            rounds,
            warm,
            table(),
            Files.size(out.resolve("package.zip")) / 1e6,
            System.getProperty("java.runtime.version"),
            pythonVersions(),
            loadedBefore,
            loadedByTheFirst,
            SweepBench.story(),
            tagsRead,
            SweepBench.LEAST_CALLS,
            CALLS.size(),
            String.join(", ", CALLS),
            ask("times").getFirst(),
            cpu(),
            Runtime.getRuntime().availableProcessors(),
            System.getProperty("os.name") + " " + System.getProperty("os.version"));
  }

  private String pythonVersions() throws IOException, InterruptedException {
    var process =
        new ProcessBuilder(
                python.toString(),
                "-c",
                "import boto3, sys; print(sys.version.split()[0] + ', boto3 ' + boto3.__version__)")
            .start();
    try (var reader = process.inputReader()) {
      return reader.readLine();
    } finally {
      process.waitFor();
    }
  }

  private static @Nullable String cpu() throws IOException {
    return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
        .filter(line -> line.startsWith("model name"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse(null);
  }
}
