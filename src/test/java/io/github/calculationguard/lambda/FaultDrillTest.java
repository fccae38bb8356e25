package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.detail;
import static io.github.calculationguard.lambda.GuardedWorld.json;
import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.Course.OnStop;
import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.Fault.Mishap;
import io.github.athenasparklocal.Fault.Refusal;
import io.github.athenasparklocal.Fault.Spoilt;
import io.github.athenasparklocal.Faults;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.report.Json;
import io.github.calculationguard.standin.FunctionSettings;
import io.github.calculationguard.standin.LambdaFunction.Outcome;
import io.github.calculationguard.standin.LocalLambda;
import io.github.calculationguard.standin.LocalLambda.Delivery;
import io.github.calculationguard.standin.LocalWorld;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * Thousands of orders through the real interface client, while a fifth of Athena's and SNS's
 * answers go wrong, and Lambda gives an event that failed twice again and then parks it. No order
 * is lost, and none is called canceled that is not.
 */
@Tag("drill")
@EnabledOnOs(OS.LINUX)
class FaultDrillTest {

  private static final int ORDERS = Integer.getInteger("drill.orders", 5000);
  private static final int FUNCTIONS = Integer.getInteger("drill.functions", 8);
  private static final int MOST_DELIVERIES = 3;
  private static final double SHARE = 0.2;
  private static final Duration TIMEOUT = Duration.ofSeconds(24);

  private static final List<Fault> OF_ATHENA =
      List.of(
          Refusal.INTERNAL_ERROR,
          Refusal.UNAVAILABLE,
          Refusal.THROTTLED,
          new Spoilt(Mishap.HANGS, false),
          new Spoilt(Mishap.HANGS, true),
          new Spoilt(Mishap.CUT_OFF, false),
          new Spoilt(Mishap.CUT_OFF, true),
          new Spoilt(Mishap.TRUNCATED, true),
          new Spoilt(Mishap.MALFORMED, false),
          new Spoilt(Mishap.MALFORMED, true));

  private static final List<Fault> OF_SNS = withEmptyAnswers();

  private static List<Fault> withEmptyAnswers() {
    var faults = new ArrayList<>(OF_ATHENA);
    faults.add(new Spoilt(Mishap.EMPTY, false));
    return faults;
  }

  /** What is true of an order, whatever anybody says of it. */
  private record Order(
      Delivery delivery, String orderId, String calculation, String session, Kind kind) {}

  private enum Kind {
    CANCELS,
    STUBBORN,
    FINISHES,
    WAS_OVER,
    UNKNOWN
  }

  /** One delivery of an order that waits for a function. */
  private record Waiting(Order order, int nth) {}

  private final long seed = Long.getLong("drill.seed", System.nanoTime());
  private final Random random = new Random(seed);
  private final LocalWorld world = new LocalWorld(InstantSource.system());
  private final LongAdder faults = new LongAdder();
  private final LongAdder deliveries = new LongAdder();
  private final Queue<Waiting> queue = new ConcurrentLinkedQueue<>();
  private final Set<String> parked = ConcurrentHashMap.newKeySet();
  private final Queue<String> surprises = new ConcurrentLinkedQueue<>();

  @Test
  void losesNoOrderAndClaimsNothingThatIsNotSo() throws Exception {
    var begun = System.nanoTime();
    world.athena().model().addWorkGroup("etl", SparkModel.PYSPARK_3, Map.of("owner", "team data"));
    var settings = settings();
    world.athena().faults(counted(Faults.sometimes(SHARE, new Random(seed + 1), OF_ATHENA)));
    world.sns().faults(counted(Faults.sometimes(SHARE, new Random(seed + 2), OF_SNS)));

    var orders = new ConcurrentHashMap<String, Order>();
    var made = new AtomicInteger();
    try (world;
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var workers =
          threads.invokeAll(
              Collections.nCopies(
                  FUNCTIONS,
                  (Callable<Integer>)
                      () -> {
                        work(settings, made, orders);
                        return 0;
                      }));
      for (var worker : workers) {
        worker.get();
      }
      judge(orders, Duration.ofNanos(System.nanoTime() - begun));
    }
  }

  private FunctionSettings settings() {
    var environment = new HashMap<>(world.environment());
    environment.put("TOPIC_ARN", world.sns().addTopic("guard"));
    environment.put("ESCALATION", "TERMINATE_SESSION");
    environment.put("ESCALATE_AFTER_SECONDS", "5");
    environment.put("CONFIRM_SECONDS", "20");
    environment.put("ATTEMPT_TIMEOUT_MILLIS", "250");
    return FunctionSettings.of("guard", StopHandler.class.getName(), LocalWorld.PLACE, environment)
        .withSnapStart();
  }

  private Faults counted(Faults some) {
    return call -> {
      var fault = some.on(call);
      if (fault != null) {
        faults.increment();
      }
      return fault;
    };
  }

  /** One function, which takes first what is to be given again. */
  private void work(FunctionSettings settings, AtomicInteger made, Map<String, Order> orders) {
    try (var lambda = new LocalLambda(settings)) {
      while (true) {
        var isNew = random.nextInt(3) > 0 || queue.isEmpty();
        var nth = isNew ? made.getAndIncrement() : ORDERS;
        Waiting next;
        if (nth < ORDERS) {
          var order = order(nth);
          orders.put(order.orderId(), order);
          next = new Waiting(order, 1);
        } else {
          next = queue.poll();
        }
        if (next == null) {
          if (made.get() >= ORDERS) {
            return;
          }
          continue;
        }
        deliver(lambda, next);
      }
    }
  }

  private void deliver(LocalLambda lambda, Waiting waiting) {
    deliveries.increment();
    var result = lambda.invoke(waiting.order().delivery(), TIMEOUT);
    result.log().stream().filter(line -> !isJson(line)).forEach(line -> surprises.add(line));
    if (result.outcome() instanceof Outcome.Failure(var error)) {
      if (!String.valueOf(json(error).get("errorType")).endsWith("RequestFailedException")) {
        surprises.add(error);
      }
      if (waiting.nth() < MOST_DELIVERIES) {
        queue.add(new Waiting(waiting.order(), waiting.nth() + 1));
      } else {
        parked.add(waiting.order().orderId());
      }
    }
  }

  private static boolean isJson(String line) {
    try {
      return line.lines().count() == 1 && !json(line).isEmpty();
    } catch (UncheckedIOException e) {
      return false;
    }
  }

  // Orders

  private Order order(int nth) {
    var calculation = "c-" + nth;
    var session = "s-" + nth;
    var kind = kind(nth);
    var submitted = Instant.now().minusSeconds(1800);
    if (kind != Kind.UNKNOWN) {
      synchronized (world) {
        var model = world.athena().model();
        model.add(SessionSetup.in("etl").id(session).startedAt(submitted.minusSeconds(60)));
        model.add(
            CalculationSetup.in(session)
                .id(calculation)
                .description("Order " + nth)
                .submittedAt(submitted)
                .course(course(kind)));
      }
    }
    var event = event(nth, calculation, session);
    var delivery = Delivery.of(Json.line(event));
    var orderId = event.get("id") instanceof String id ? id : delivery.requestId();
    return new Order(delivery, orderId, calculation, session, kind);
  }

  private static Kind kind(int nth) {
    return switch (nth % 33) {
      case 1 -> nth % 2 == 0 ? Kind.STUBBORN : Kind.CANCELS;
      case 2, 3 -> Kind.FINISHES;
      case 4, 5 -> Kind.WAS_OVER;
      case 6 -> Kind.UNKNOWN;
      default -> Kind.CANCELS;
    };
  }

  private Course course(Kind kind) {
    return switch (kind) {
      case CANCELS, UNKNOWN ->
          Course.onStop(
              new OnStop.Cancels(
                  Duration.ofMillis(random.nextInt(8) == 0 ? random.nextInt(900) : 1)));
      case STUBBORN -> Course.onStop(new OnStop.Ignored());
      case FINISHES -> Course.onStop(new OnStop.Finishes(Duration.ofMillis(random.nextInt(300))));
      case WAS_OVER -> Course.lasting(Duration.ofMinutes(5));
    };
  }

  /** Of every shape that comes without a caller who waits. */
  private static Map<String, Object> event(int nth, String calculation, String session) {
    var now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    var event =
        switch (nth % 5) {
          case 0, 1 -> sample("eventbridge-stop-requested.json");
          case 2 -> sample("finding-calculation.json");
          case 3 -> sample("alarm-contributor.json");
          default -> new HashMap<String, Object>();
        };
    if (event.isEmpty()) {
      return new HashMap<>(Map.of("calculationExecutionId", calculation, "reason", "drill"));
    }
    event.put("id", "order-" + nth);
    event.put("time", now.toString());
    if (nth % 5 == 3) {
      detail(event).put("alarmContributor", Map.of("attributes", Map.of("SessionId", session)));
    } else {
      detail(event).put("calculationExecutionId", calculation);
      detail(event).put("expiresAt", now.plusSeconds(3600).toString());
    }
    return event;
  }

  // The truth

  private void judge(Map<String, Order> orders, Duration took) {
    var announced = new HashMap<String, List<Map<String, Object>>>();
    for (var message : world.sns().messages()) {
      var said = json(message.text("sqs"));
      announced
          .computeIfAbsent(String.valueOf(said.get("order_id")), id -> new ArrayList<>())
          .add(said);
    }
    var lost =
        orders.keySet().stream()
            .filter(id -> !announced.containsKey(id) && !parked.contains(id))
            .toList();
    var untrue =
        announced.values().stream()
            .flatMap(List::stream)
            .filter(said -> !isTrue(said, orders.get(said.get("order_id"))))
            .toList();
    var outcomes = new TreeMap<String, Integer>();
    announced.values().stream()
        .flatMap(List::stream)
        .forEach(said -> outcomes.merge(String.valueOf(said.get("outcome")), 1, Integer::sum));
    System.out.printf(
        "fault drill: %d orders, %d deliveries to %d functions, %d calls, %d faults, %d orders"
            + " announced in %d messages (%d repeats), %d parked, %d lost, %d untrue, %d surprises,"
            + " %d s, %s, seed %d%n",
        orders.size(),
        deliveries.sum(),
        FUNCTIONS,
        world.athena().calls().size() + world.sns().calls().size(),
        faults.sum(),
        announced.size(),
        world.sns().messages().size(),
        announced.values().stream().flatMap(List::stream).filter(FaultDrillTest::isRepeat).count(),
        parked.size(),
        lost.size(),
        untrue.size(),
        surprises.size(),
        took.toSeconds(),
        outcomes,
        seed);

    assertThat(orders).hasSize(ORDERS);
    assertThat(surprises).isEmpty();
    assertThat(orders.keySet()).containsAll(announced.keySet());
    assertThat(lost).isEmpty();
    assertThat(untrue).isEmpty();
  }

  private static boolean isRepeat(Map<String, Object> said) {
    return Boolean.TRUE.equals(said.get("repeat"));
  }

  /** Whether what was announced is so. */
  private boolean isTrue(Map<String, Object> said, @Nullable Order order) {
    if (order == null) {
      return false;
    }
    var model = world.athena().model();
    return switch (String.valueOf(said.get("outcome"))) {
      case "CANCELED" -> model.calculationState(order.calculation()).equals("CANCELED");
      case "SESSION_TERMINATED" ->
          Set.of("TERMINATING", "TERMINATED").contains(model.sessionState(order.session()));
      case "FINISHED_ANYWAY" -> order.kind() == Kind.FINISHES || order.kind() == Kind.STUBBORN;
      case "ALREADY_OVER" -> order.kind() == Kind.WAS_OVER;
      // A repeat of an order on a session may find that what ran there has completed.
      case "LEFT_ALONE" -> order.kind() == Kind.WAS_OVER || order.kind() == Kind.FINISHES;
      case "NOT_FOUND" -> order.kind() == Kind.UNKNOWN;
      case "CANCELING" -> order.kind() != Kind.WAS_OVER && order.kind() != Kind.UNKNOWN;
      default -> false;
    };
  }
}
