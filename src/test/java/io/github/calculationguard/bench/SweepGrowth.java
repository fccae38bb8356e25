package io.github.calculationguard.bench;

import io.github.athenasparklocal.HandClock;
import io.github.calculationguard.guard.Inventory.Scope;
import io.github.calculationguard.guard.Limits;
import io.github.calculationguard.guard.RateLimiter;
import io.github.calculationguard.guard.Sweep;
import io.github.calculationguard.guard.SweepReport;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSparkReader;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.CalculationState;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.FakeAthenaSpark;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.spark.SessionState;
import io.github.calculationguard.standin.LocalWorld;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How calls, time and memory of a sweep grow with the sessions of an account, at five calls a
 * second that are answered after 20 ms. The clock is moved by the pauses, so it takes seconds.
 */
final class SweepGrowth {

  private static final int[] SESSIONS = {100, 250, 500, 1000, 2000, 3000, 4000, 5000};
  private static final int IN_A_WORK_GROUP = 50;
  private static final int SWEEPS = 9;
  private static final Duration SCHEDULE = Duration.ofMinutes(10);
  // The function's timeout, less the margin for its reply.
  private static final Duration TIMEOUT = Duration.ofSeconds(539);
  private static final Duration LATENCY = Duration.ofMillis(20);
  private static final Instant START = Instant.parse("2026-11-22T09:00:00Z");

  /**
   * One account, by its sweeps.
   *
   * @param firstCalls of the first sweep
   * @param pass how many sweeps it takes to come to every session for the first time
   * @param calls at most, of a later sweep
   * @param took at most, by a later sweep
   * @param bytes which the sweep holds between two sweeps
   */
  private record Point(
      int sessions,
      int workGroups,
      int firstCalls,
      int pass,
      int calls,
      Duration took,
      long bytes) {}

  private final HandClock clock = new HandClock(START);
  private final FakeAthenaSpark athena = new FakeAthenaSpark(LocalWorld.PLACE, clock);
  private final RateLimiter limiter = new RateLimiter(5, 1, clock, clock::advance);

  private @Nullable Sweep sweep;

  private SweepGrowth(int sessions, int workGroups) {
    for (var group = 0; group < workGroups; group++) {
      athena.put(new WorkGroup("wg-" + group), Map.of("owner", "team-" + group));
    }
    for (var number = 0; number < sessions; number++) {
      add(number, "wg-" + number % workGroups, number / workGroups % 5 == 0);
    }
    athena.listen(
        call -> {
          limiter.before(call.operation());
          clock.advance(LATENCY);
        });
  }

  /** Of every five sessions one is busy; each has an ID as long as Athena's, and an owner. */
  private void add(int number, String workGroup, boolean isBusy) {
    var id = new SessionId("%08d-aac5-b1ca-8247-5d827bd8232f".formatted(number));
    var started = START.minus(Duration.ofMinutes(number % 600));
    var state = new SessionState(isBusy ? "BUSY" : "IDLE");
    athena.put(
        session(id, workGroup, state, started, isBusy ? null : START),
        Map.of("owner", "person-" + number, "cost-center", "4711"),
        List.of());
    if (isBusy) {
      athena.put(
          new Calculation(
              new CalculationId("c-" + number),
              id,
              new CalculationState("RUNNING"),
              "cell",
              started,
              null,
              null,
              Calculation.NO_OUTPUT));
    }
  }

  private static Session session(
      SessionId id, String group, SessionState state, Instant start, @Nullable Instant idleSince) {
    return new Session(
        id,
        group,
        state,
        "notebook",
        "PySpark engine version 3",
        start,
        idleSince,
        null,
        20,
        null,
        null);
  }

  /** The account as a client sees it: with IDs and tags of its own, which it has to hold. */
  private AthenaSparkReader wire() {
    return (AthenaSparkReader)
        Proxy.newProxyInstance(
            SweepGrowth.class.getClassLoader(),
            new Class<?>[] {AthenaSparkReader.class},
            (_, method, arguments) -> {
              try {
                return copied(method.invoke(athena, arguments));
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static Object copied(Object answer) {
    return switch (answer) {
      case Map<?, ?> tags ->
          tags.entrySet().stream()
              .collect(Collectors.toMap(it -> copy(it.getKey()), it -> copy(it.getValue())));
      case List<?> list ->
          list.stream().map(it -> it instanceof Session session ? copy(session) : it).toList();
      default -> answer;
    };
  }

  private static Session copy(Session it) {
    var id = new SessionId(copy(it.id()));
    return session(id, it.workGroup(), it.state(), copy(it.startedAt()), it.idleSince());
  }

  private static String copy(Object text) {
    return new String(text.toString().toCharArray());
  }

  private static Instant copy(@Nullable Instant it) {
    return Instant.ofEpochSecond(Objects.requireNonNull(it).getEpochSecond());
  }

  private static Point measure(int sessions) {
    var workGroups = Math.max(2, sessions / IN_A_WORK_GROUP);
    var account = new SweepGrowth(sessions, workGroups);
    var limits = new Limits(Limits.Mode.ENFORCE, Map.of(Limits.Rule.MAX_SESSION_HOURS, 1000.0), 80);
    var scope = new Scope("*", limits, Duration.ofHours(24), "owner");
    account.sweep =
        new Sweep(
            account.wire(),
            account.limiter,
            (_, _) -> Map.of(),
            (_, _, _, _) -> {},
            account.clock,
            new Sweep.Policy(scope, true, 10, 0.35));
    var reports = new ArrayList<SweepReport>();
    for (var i = 0; i < SWEEPS; i++) {
      reports.add(account.sweep(LocalWorld.PLACE));
    }
    var pass = 1 + (int) reports.stream().takeWhile(it -> !it.complete()).count();
    var later = reports.subList(pass, SWEEPS);
    if (!later.stream().allMatch(SweepReport::complete)) {
      throw new IllegalStateException(sessions + " sessions are too many for a sweep");
    }
    var point =
        new Point(
            sessions,
            workGroups,
            calls(reports.getFirst()),
            pass,
            later.stream().mapToInt(SweepGrowth::calls).max().orElseThrow(),
            later.stream().map(SweepReport::took).max(Duration::compareTo).orElseThrow(),
            0);
    reports.clear();
    var held = heap();
    account.sweep = null;
    return new Point(
        point.sessions,
        point.workGroups,
        point.firstCalls,
        point.pass,
        point.calls,
        point.took,
        Math.max(0, held - heap()));
  }

  private SweepReport sweep(AccountRegion place) {
    var begin = clock.instant();
    var report = Objects.requireNonNull(sweep).run(place, new Deadline(begin.plus(TIMEOUT)));
    clock.advance(SCHEDULE.minus(Duration.between(begin, clock.instant())));
    return report;
  }

  private static int calls(SweepReport report) {
    return report.calls().values().stream().mapToInt(Integer::intValue).sum();
  }

  private static long heap() {
    System.gc();
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  /** Measures, draws the plot into a file, and returns the table. */
  static String run(Path plot) throws IOException {
    var points = new ArrayList<Point>();
    for (var sessions : SESSIONS) {
      points.add(measure(sessions));
    }
    Files.writeString(plot, svg(points));
    return table(points);
  }

  private static String table(List<Point> points) {
    var rows =
        points.stream()
            .map(
                it ->
                    String.format(
                        Locale.ROOT,
                        "| %d | %d | %d | %d | %d | %d s | %.1f MB |%n",
                        it.sessions,
                        it.workGroups,
                        it.firstCalls,
                        it.pass,
                        it.calls,
                        it.took.toSeconds(),
                        it.bytes / 1e6));
    return """
    | Sessions | Workgroups | Calls, first sweep | Sweeps of the first pass | Calls, each later sweep | Time of it (must: ≤ 540 s) | Memory between sweeps |
    |---|---|---|---|---|---|---|
    """
        + rows.collect(Collectors.joining());
  }

  private static String svg(List<Point> points) {
    var panels =
        panel(points, 0, "calls of a later sweep", "", Point::calls)
            + panel(points, 1, "seconds of a later sweep", " s", it -> it.took.toMillis() / 1e3)
            + panel(points, 2, "memory between sweeps", " MB", it -> it.bytes / 1e6);
    return """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 930 260" font-family="sans-serif" font-size="12">
    <rect width="930" height="260" fill="#fff"/>
    %s<text x="465" y="252" text-anchor="middle" fill="#545b64">active sessions, 50 to a workgroup; 5 calls a second, 20 ms each</text>
    </svg>
    """
        .formatted(panels);
  }

  private static String panel(
      List<Point> points, int number, String title, String unit, ToDoubleFunction<Point> value) {
    var left = 50 + number * 310;
    var most = points.stream().mapToDouble(value).max().orElse(1);
    var line = new StringBuilder();
    var dots = new StringBuilder();
    for (var point : points) {
      var x = left + 240.0 * point.sessions / points.getLast().sessions;
      var y = 210 - 160 * value.applyAsDouble(point) / most;
      line.append(String.format(Locale.ROOT, "%.1f,%.1f ", x, y));
      dots.append(
          String.format(
              Locale.ROOT, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"#0a5fb4\"/>%n", x, y));
    }
    var format = most < 100 ? "%.1f%s" : "%.0f%s";
    return """
    <text x="%1$d" y="24" font-size="14" fill="#16191f">%2$s</text>
    <path d="M%1$d 50V210H%3$d" fill="none" stroke="#a3abb8"/>
    <text x="%4$d" y="54" text-anchor="end" fill="#545b64">%5$s</text>
    <text x="%4$d" y="214" text-anchor="end" fill="#545b64">0</text>
    <text x="%3$d" y="228" text-anchor="end" fill="#545b64">%6$d</text>
    <polyline points="%7$s" fill="none" stroke="#0a5fb4" stroke-width="2"/>
    %8$s"""
        .formatted(
            left,
            title,
            left + 240,
            left - 6,
            String.format(Locale.ROOT, format, most, unit),
            points.getLast().sessions,
            line.toString().strip(),
            dots);
  }

  /** Only this. */
  public static void main(String[] args) throws IOException {
    System.out.print(run(Path.of("docs", "sweep-growth.svg")));
  }
}
