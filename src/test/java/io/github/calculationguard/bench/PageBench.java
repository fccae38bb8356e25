package io.github.calculationguard.bench;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.standin.FunctionProcess;
import io.github.calculationguard.standin.Json;
import io.github.calculationguard.standin.LocalWorld;
import io.github.calculationguard.standin.RuntimeApi;
import io.github.calculationguard.standin.RuntimeApi.Event;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Measures how long a viewer waits for the page, with an Athena that answers after 20 ms, and
 * checks what is on it. There is no peer: the bounds are seconds.
 */
final class PageBench implements AutoCloseable {

  private static final String HANDLER = "io.github.calculationguard.lambda.WidgetHandler";
  private static final Duration LATENCY = Duration.ofMillis(20);
  // Longer than the burst needs to come back at five calls a second.
  private static final Duration PAUSE = Duration.ofSeconds(13);
  private static final Duration MAX = Duration.ofSeconds(30);
  private static final int EXACT = 10;

  /** What is measured; {@code max} is in seconds. */
  private enum View {
    COLD("50 sessions, 20 of them busy, cold: process start to page", 2.0),
    WARM("the same, warm", 1.0),
    AGAIN("the same, at once after it", 1.0),
    COLD_500("500 sessions, 200 of them busy, cold: process start to page", 3.0),
    WARM_500("the same, warm", 3.0);

    final String title;
    final double max;

    View(String title, double max) {
      this.title = title;
      this.max = max;
    }
  }

  private final Functions functions;
  private final LocalWorld world = new LocalWorld(InstantSource.system());
  private final Map<View, List<Double>> seconds = new EnumMap<>(View.class);
  private final int sessions;
  private int calls;

  private PageBench(Functions functions, int sessions) {
    this.functions = functions;
    this.sessions = sessions;
    var model = world.athena().model();
    var now = Instant.now();
    for (var number = 0; number < 3; number++) {
      model.addWorkGroup("wg-" + number, SparkModel.PYSPARK_3, Map.of("owner", "team " + number));
    }
    for (var i = 0; i < sessions; i++) {
      var started = now.minus(Duration.ofMinutes(1000 - i));
      model.add(
          SessionSetup.in("wg-" + i % 3)
              .id("s-" + i)
              .idleTimeout(Duration.ofHours(100))
              .startedAt(started));
      model.add(
          CalculationSetup.in("s-" + i)
              .id("c-" + i)
              .course(Course.lasting(isBusy(i) ? Duration.ofHours(100) : Duration.ofMinutes(10)))
              .submittedAt(started));
    }
    world
        .athena()
        .faults(
            _ -> {
              LockSupport.parkNanos(LATENCY.toNanos());
              return null;
            });
  }

  private static boolean isBusy(int session) {
    return session % 5 < 2;
  }

  /** Measures, and returns the table. */
  static String run(Functions functions, int rounds) throws IOException {
    var all = new EnumMap<View, List<Double>>(View.class);
    for (var sessions : List.of(50, 500)) {
      try (var bench = new PageBench(functions, sessions)) {
        for (var round = 0; round <= rounds; round++) {
          bench.round();
          if (round == 0) {
            bench.seconds.clear();
          }
        }
        all.putAll(bench.seconds);
      }
    }
    return table(all);
  }

  /** How long 50 sessions take, cold and then warm, in seconds. */
  static List<Double> coldAndWarm(Functions functions) throws IOException {
    try (var bench = new PageBench(functions, 50)) {
      bench.round();
      return Stream.of(View.COLD, View.WARM)
          .map(view -> bench.seconds.getOrDefault(view, List.of()).getFirst())
          .toList();
    }
  }

  private void round() throws IOException {
    var environment = new HashMap<>(world.environment());
    // As Lambda has it without SnapStart.
    environment.put("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1");
    environment.put(
        "STOP_FUNCTION_ARN", "arn:aws:lambda:us-east-1:123456789012:function:stop:direct");
    var isLarge = sessions > 50;
    var begun = System.nanoTime();
    try (var function = functions.java(HANDLER, environment, false)) {
      expect(function, Event.Ready.class);
      add(isLarge ? View.COLD_500 : View.COLD, view(function) - begun);
      LockSupport.parkNanos(PAUSE.toNanos());
      var asked = System.nanoTime();
      add(isLarge ? View.WARM_500 : View.WARM, view(function) - asked);
      if (!isLarge) {
        asked = System.nanoTime();
        add(View.AGAIN, view(function) - asked);
      }
    }
  }

  private void add(View view, long nanos) {
    seconds.computeIfAbsent(view, _ -> new ArrayList<>()).add(nanos / 1e9);
  }

  /** Asks for the page, checks it, and returns when it was there. */
  private long view(FunctionProcess function) throws IOException {
    world.athena().forgetCalls();
    function
        .api()
        .hand(
            new RuntimeApi.Invocation(
                UUID.randomUUID().toString(),
                RuntimeApi.newTraceId(),
                Files.readString(Path.of("events", "widget.json")),
                Instant.now().plus(MAX)));
    var answered = (Event.Answered) expect(function, Event.Answered.class);
    expect(function, Event.Ready.class);
    check((String) Objects.requireNonNull(Json.parse(answered.json())));
    return answered.atNanos();
  }

  private void check(String page) {
    calls = world.athena().counts().values().stream().mapToInt(Integer::intValue).sum();
    var bases =
        Pattern.compile(">(REPORTED|LIVE|UPPER_BOUND)</span>")
            .matcher(page)
            .results()
            .map(it -> it.group(1))
            .toList();
    var running = 0;
    for (var i = 0; i < sessions; i++) {
      var isShown = page.contains("{\"calculationExecutionId\":\"c-" + i + "\"}");
      running += isShown ? 1 : 0;
      require(!isShown || isBusy(i), "session " + i + " runs nothing");
    }
    require(sessions > 50 ? running >= 15 : running == 20, running + " calculations are shown");
    require(bases.size() == sessions, bases.size() + " costs are shown");
    require(!bases.subList(0, EXACT).contains("UPPER_BOUND"), "the costliest have no exact cost");
    require(
        count("<span class=\"cg-badge cg-(busy|idle)\">[A-Z]+</span>", page) == sessions,
        "a state is missing");
    require(
        count("<span class=\"cg-dim\">(open |idle )?for \\d", page) == sessions,
        "an age is missing");
    require(calls <= 65, calls + " calls were made");
  }

  private static long count(String regex, String text) {
    return Pattern.compile(regex).matcher(text).results().count();
  }

  private static void require(boolean isTrue, String otherwise) {
    if (!isTrue) {
      throw new IllegalStateException(otherwise);
    }
  }

  private static Event expect(FunctionProcess function, Class<? extends Event> expected) {
    var event = function.await(MAX);
    if (!expected.isInstance(event)) {
      throw new IllegalStateException(event + "\n" + String.join("\n", function.log()));
    }
    return event;
  }

  private static String table(Map<View, List<Double>> all) {
    var table =
        new StringBuilder("| The page, 20 ms a call | took (spread) | must |\n|---|---|---|\n");
    all.forEach(
        (view, values) -> {
          Collections.sort(values);
          table.append(
              String.format(
                  Locale.ROOT,
                  "| %s | **%.2f s** (%.2f to %.2f) | ≤ %.1f s |%n",
                  view.title,
                  values.get(values.size() / 2),
                  values.getFirst(),
                  values.getLast(),
                  view.max));
        });
    return table.toString();
  }

  @Override
  public void close() {
    world.close();
  }
}
