package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.CALCULATION;
import static io.github.calculationguard.lambda.GuardedWorld.json;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.calculationguard.lambda.StopHandler.RequestFailedException;
import io.github.calculationguard.report.Json;
import io.github.calculationguard.report.NotificationPublisher.NotPublishedException;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.FakeAthenaSpark;
import io.github.calculationguard.spark.FakeCalculation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Orders and other services' events, bent and broken at random, through the front door: nothing
 * unexpected is thrown, no call comes too late, each log line is one line of JSON, and nothing is
 * stopped that was not in the order, nor listed for its session and older than the order.
 */
class FuzzTest {

  private static final Instant NOW = FakeAthenaSpark.START;
  private static final Duration LEFT = Duration.ofSeconds(90);
  private static final List<String> JOBS = List.of(CALCULATION, "c-1", "c-2", "c-late", "c-over");

  private static final List<Object> WORDS =
      List.of(
          "",
          " ",
          CALCULATION,
          "c-1",
          "c-2",
          "c-late",
          "c-over",
          "s-1",
          "true",
          "false",
          "ALARM",
          "OK",
          "calculation",
          "session",
          "calculation-guard",
          "aws.athena",
          "GET",
          "POST",
          "DELETE",
          "2026-11-22T08:00:00Z",
          "2026-11-22T12:00:00Z",
          "1970-01-01T00:00:00Z",
          "+999999999-12-31T23:59:59Z",
          "-1000000000-01-01T00:00:00Z",
          "-999999999-01-01T00:00:00+18:00",
          "+999999999-12-31T23:59:59-18:00",
          "1999-12-31T23:59:59.999999999Z",
          "2000-01-01T00:00:00Z",
          "9999-12-30T23:59:59.999999999Z",
          "9999-12-31T00:00:00Z",
          "a/b",
          "a\nb",
          "\u2028",
          "\u0000",
          "\u202e",
          "\ud800",
          "😀",
          "<!channel> @here https://evil.example/x",
          "x".repeat(5000),
          "/calculations/c-1/stop",
          "/calculations/c-2",
          "/sessions/s-1/terminate",
          "/prod/sessions/s-1",
          "Athena Calculation Stop Handover",
          "{\"dryRun\": true}",
          "eyJjYWxjdWxhdGlvbkV4ZWN1dGlvbklkIjoiYy0xIn0=",
          "null",
          "NaN");

  private static final List<Number> NUMBERS =
      List.of(
          new BigDecimal("1e999"),
          new BigDecimal("-1e999"),
          Double.MAX_VALUE,
          Double.MIN_VALUE,
          -0.0,
          Long.MAX_VALUE,
          Long.MIN_VALUE,
          Integer.MIN_VALUE);

  private static final List<String> NAMES =
      List.of(
          "calculationExecutionId",
          "CalculationExecutionId",
          "sessionId",
          "SessionId",
          "detail",
          "detail-type",
          "source",
          "time",
          "id",
          "dryRun",
          "reason",
          "requestedBy",
          "claimedBy",
          "requestedAt",
          "orderId",
          "endSession",
          "force",
          "expiresAt",
          "onlyIfIdleSince",
          "target",
          "rule",
          "limit",
          "observed",
          "body",
          "isBase64Encoded",
          "rawPath",
          "path",
          "httpMethod",
          "requestContext",
          "pathParameters",
          "state",
          "value",
          "responseElements",
          "alarmContributor",
          "attributes",
          "widgetContext",
          "keepAlive",
          "http",
          "method",
          "");

  private final Random random = new Random(Long.getLong("fuzz.seed", 20_261_122));
  private final List<String> seeds = seeds();
  private final Map<String, Integer> outcomes = new TreeMap<>();

  @Test
  void survivesTwentyThousandInputs() {
    fuzz(20_000);
  }

  @Test
  @Tag("drill")
  void survivesTwoHundredThousandInputs() {
    var begun = System.nanoTime();
    fuzz(200_000);
    System.out.printf(
        "fuzz: 200000 inputs in %d s, 0 unexpected exceptions, %s%n",
        Duration.ofNanos(System.nanoTime() - begun).toSeconds(), outcomes);
  }

  private void fuzz(int inputs) {
    for (var i = 0; i < inputs; i++) {
      play(input());
    }
    assertThat(outcomes.keySet())
        .as("reaches what it is to break")
        .contains("INVALID", "CANCELED", "CANCELING", "NOT_FOUND", "LEFT_ALONE", "failure");
  }

  private void play(@Nullable Map<String, Object> event) {
    var athena = athena();
    var invocation = new TestContext("request-1", LEFT, trace());
    if (random.nextInt(10) == 0) {
      invocation.at("guard-StopFunction:direct");
    }
    var mayTerminate = random.nextBoolean();
    var isMute = random.nextInt(20) == 0;
    var configuration =
        new Configuration(Map.of("ESCALATION", mayTerminate ? "TERMINATE_SESSION" : "NONE"));
    var handler =
        new StopHandler(
            configuration,
            athena,
            (notification, deadline) -> {
              assertThat(notification.subject()).matches("[!-~][ -~]{0,98}");
              json(notification.chat());
              if (isMute) {
                throw new NotPublishedException("mute", null, null);
              }
            },
            (events, _) -> {
              events.forEach(it -> json(Json.line(it.detail())));
              return isMute ? Map.of(events.getFirst(), "mute") : Map.of();
            },
            athena.clock,
            athena.clock::advance);
    try {
      handler.handleRequest(event, invocation);
    } catch (RequestFailedException e) {
      outcomes.merge("failure", 1, Integer::sum);
    } catch (RuntimeException e) {
      throw new AssertionError("unexpected, of " + event, e);
    }
    check(event, athena, invocation, mayTerminate);
  }

  private void check(
      @Nullable Map<String, Object> event,
      FakeAthenaSpark athena,
      TestContext invocation,
      boolean mayTerminate) {
    assertThat(athena.clock.instant()).as("its deadline, of %s", event).isBefore(NOW.plus(LEFT));
    assertThat(invocation.lines).isNotEmpty();
    for (var line : invocation.lines) {
      assertThat(line.indexOf('\n')).isEqualTo(line.length() - 1);
      assertThat(line.strip()).matches("[ -~]+");
      var fields = json(line);
      if (fields.get("outcome") instanceof String outcome) {
        outcomes.merge(outcome, 1, Integer::sum);
      }
    }
    var ordered = new HashSet<String>();
    collect(event, ordered);
    var listed = new HashSet<String>();
    for (var call : athena.calls) {
      var about = call.about();
      switch (call.operation()) {
        case "ListCalculationExecutions" -> listed.addAll(JOBS);
        case "StopCalculationExecution" ->
            assertThat(ordered.contains(about) || (listed.contains(about) && !isLate(about)))
                .as("%s, of %s", call, event)
                .isTrue();
        case "TerminateSession" -> assertThat(mayTerminate).as("%s, of %s", call, event).isTrue();
        default -> {}
      }
    }
  }

  private static boolean isLate(String calculation) {
    return calculation.equals("c-late");
  }

  /** All texts that stand in an event, in its body and in its path. */
  private static void collect(@Nullable Object node, Set<String> texts) {
    switch (node) {
      case Map<?, ?> map -> map.values().forEach(value -> collect(value, texts));
      case List<?> list -> list.forEach(value -> collect(value, texts));
      case String text when texts.add(text) -> {
        texts.addAll(List.of(text.split("/", -1)));
        collect(parsed(text), texts);
        try {
          collect(
              parsed(new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8)), texts);
        } catch (IllegalArgumentException e) {
          // It is no base64.
        }
      }
      case null, default -> {}
    }
  }

  private static @Nullable Object parsed(String text) {
    try {
      return text.startsWith("{") ? Json.object(text) : null;
    } catch (IOException e) {
      return null;
    }
  }

  private FakeAthenaSpark athena() {
    var athena = FakeAthenaSpark.withSession();
    var failures = random.nextInt(4) == 0 ? 0.5 : 0;
    var slowest = random.nextInt(10) == 0 ? 20_000 : 200;
    athena.listen(
        _ -> {
          if (random.nextDouble() < failures) {
            throw new AthenaUnavailableException("throttled");
          }
        });
    athena.latency = () -> Duration.ofMillis(random.nextInt(slowest));
    for (var id : JOBS) {
      var submitted = isLate(id) ? NOW.plusMillis(1) : NOW.minus(Duration.ofDays(5000));
      athena.put(
          new FakeCalculation(
              id,
              submitted,
              id.equals("c-over") ? NOW.minusSeconds(60) : NOW.plus(Duration.ofHours(1)),
              Duration.ofSeconds(id.equals("c-2") ? 10_000 : random.nextInt(5))));
    }
    return athena;
  }

  private @Nullable String trace() {
    return switch (random.nextInt(4)) {
      case 0 -> null;
      case 1 -> "Root=1-ffffffff-0123456789abcdef01234567";
      case 2 -> "Root=" + random.nextInt();
      default -> "Root=1-%08x-0123456789abcdef01234567".formatted(NOW.getEpochSecond() - 5);
    };
  }

  // Inputs

  private static List<String> seeds() {
    try (var samples = Files.list(Path.of("events"));
        var strangers = Files.list(Path.of("src/test/resources/strangers"))) {
      var seeds = new ArrayList<String>();
      for (var file : Stream.concat(samples, strangers).sorted().toList()) {
        seeds.add(
            Files.readString(file)
                .replace("9cc1ebb2-aac5-b1ca-8247-5d827bd8232f", FakeAthenaSpark.SESSION.value()));
      }
      return seeds;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private @Nullable Map<String, Object> input() {
    if (random.nextInt(500) == 0) {
      return random.nextBoolean() ? null : Map.of();
    }
    if (random.nextInt(10) == 0) {
      return object(3);
    }
    if (random.nextInt(10) == 0) {
      return broken();
    }
    var event = json(seeds.get(random.nextInt(seeds.size())));
    for (var mutations = random.nextInt(6); mutations > 0; mutations--) {
      mutate(event);
    }
    return event;
  }

  /** With a few characters of its text changed, where it is an object still. */
  private Map<String, Object> broken() {
    var text = new StringBuilder(seeds.get(random.nextInt(seeds.size())));
    for (var changes = 1 + random.nextInt(4); changes > 0; changes--) {
      var at = random.nextInt(text.length());
      switch (random.nextInt(3)) {
        case 0 -> text.deleteCharAt(at);
        case 1 -> text.setCharAt(at, (char) (32 + random.nextInt(95)));
        default -> text.insert(at, text.charAt(random.nextInt(text.length())));
      }
    }
    return parsed(text.toString()) instanceof Map<?, ?> map ? copy(map) : object(2);
  }

  private static Map<String, Object> copy(Map<?, ?> map) {
    var copy = new LinkedHashMap<String, Object>();
    map.forEach((key, value) -> copy.put(String.valueOf(key), value));
    return copy;
  }

  /** Changes one entry, somewhere in it. */
  @SuppressWarnings("unchecked") // JSON's names are texts.
  private void mutate(Map<String, Object> object) {
    var inner =
        object.values().stream().filter(Map.class::isInstance).map(Map.class::cast).toList();
    if (!inner.isEmpty() && random.nextInt(3) > 0) {
      var next = inner.get(random.nextInt(inner.size()));
      if (!next.isEmpty()) {
        mutate((Map<String, Object>) next);
        return;
      }
    }
    var names = new ArrayList<>(object.keySet());
    var name =
        names.isEmpty() || random.nextInt(4) == 0
            ? NAMES.get(random.nextInt(NAMES.size()))
            : names.get(random.nextInt(names.size()));
    switch (random.nextInt(4)) {
      case 0 -> object.remove(name);
      case 1 -> {
        var moved = object.remove(name);
        object.put(NAMES.get(random.nextInt(NAMES.size())), moved);
      }
      default -> object.put(name, value(2));
    }
  }

  @SuppressWarnings("NullAway") // JSON has nulls.
  private Object value(int depth) {
    return switch (random.nextInt(depth > 0 ? 10 : 7)) {
      case 0 -> null;
      case 1 -> random.nextBoolean();
      case 2 -> random.nextInt();
      case 3 ->
          random.nextInt(5) == 0
              ? NUMBERS.get(random.nextInt(NUMBERS.size()))
              : random.nextGaussian() * 1e18;
      case 4, 5, 6 -> WORDS.get(random.nextInt(WORDS.size()));
      case 7 -> object(depth - 1);
      case 8 -> Json.line(object(depth - 1));
      default -> {
        var list = new ArrayList<Object>();
        for (var size = random.nextInt(4); size > 0; size--) {
          list.add(value(depth - 1));
        }
        yield list;
      }
    };
  }

  private Map<String, Object> object(int depth) {
    var object = new HashMap<String, Object>();
    for (var size = random.nextInt(6); size > 0; size--) {
      object.put(NAMES.get(random.nextInt(NAMES.size())), value(depth));
    }
    return object;
  }
}
