package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.json;
import static io.github.calculationguard.spark.FakeAthenaSpark.SESSION;
import static io.github.calculationguard.spark.FakeAthenaSpark.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.calculationguard.lambda.StopHandler.RequestFailedException;
import io.github.calculationguard.report.Handover;
import io.github.calculationguard.report.NotificationPublisher.NotPublishedException;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.FakeAthenaSpark;
import io.github.calculationguard.spark.FakeCalculation;
import io.github.calculationguard.spark.FakeCalculation.Trouble;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.statistics.Statistics;

/** A session with many calculations, each with its own trouble, and Lambda's own retries. */
class RedeliveryPropertyTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(90);
  // Lambda waits a minute before the second delivery, and two before the third.
  private static final List<Duration> PAUSES =
      List.of(Duration.ZERO, Duration.ofMinutes(1), Duration.ofMinutes(2));

  private static final List<Trouble> TROUBLES = List.of(Trouble.values());

  private final FakeAthenaSpark athena = FakeAthenaSpark.withSession();
  private int delivery;
  private final Map<String, List<String>> announced = new HashMap<>();

  @Property(tries = 400)
  void stopsEachCalculationWhoseTroubleEndsAndTellsOfIt(@ForAll @LongRange(min = 1) long seed) {
    new RedeliveryPropertyTest().run(new Random(seed));
  }

  private void run(Random random) {
    var madeAt = START;
    var jobs =
        IntStream.range(0, 1 + random.nextInt(60)).mapToObj(i -> troubled(random, i)).toList();
    jobs.forEach(athena::put);
    athena.latency = () -> Duration.ofMillis(10 + random.nextInt(20));
    if (random.nextInt(3) == 0) {
      athena.stopInterval = Duration.ofSeconds(1);
    }
    var handler = handler(random);
    for (var pause : PAUSES) {
      athena.clock.advance(pause);
      var begun = athena.clock.instant();
      delivery++;
      var isDone = deliver(handler, madeAt, "delivery-" + delivery);
      assertThat(Duration.between(begun, athena.clock.instant()))
          .isLessThan(Duration.ofSeconds(60));
      if (isDone) {
        break;
      }
    }
    Statistics.collect(delivery);

    for (var it : jobs) {
      var id = it.id();
      if (it.submitted().isAfter(madeAt)) {
        assertThat(it.wasStopped()).as("%s was submitted later", it).isFalse();
        assertThat(announced).doesNotContainKey(id.value());
        continue;
      }
      var lastDelivery = madeAt.plus(Duration.ofMinutes(3));
      if (it.troubleEnds().isBefore(lastDelivery)) {
        assertThat(it.wasStopped()).as("%s", it).isTrue();
        assertThat(announced).as("%s", it).containsKey(id.value());
      }
    }
  }

  /** Its trouble ends within the three deliveries, or lasts. */
  private static FakeCalculation troubled(Random random, int i) {
    var submitted = START.plusSeconds(random.nextInt(8) == 0 ? 1 : -600);
    var job =
        new FakeCalculation(
            "c-" + i,
            submitted,
            START.plus(Duration.ofDays(1)),
            Duration.ofMillis(random.nextInt(4) == 0 ? 0 : random.nextInt(2000)));
    var trouble = TROUBLES.get(random.nextInt(TROUBLES.size()));
    var seconds = random.nextInt(10) == 0 ? 100_000 : random.nextInt(170);
    return job.with(trouble, START.plusSeconds(seconds));
  }

  private StopHandler handler(Random random) {
    var configuration =
        new Configuration(Map.of("TOPIC_ARN", "arn:aws:sns:us-east-1:123456789012:guard"));
    return new StopHandler(
        configuration,
        athena,
        (notification, deadline) -> {
          athena.clock.advance(Duration.ofMillis(20));
          assertThat(athena.clock.instant()).isBefore(deadline.at());
          if (delivery < PAUSES.size() && random.nextInt(200) == 0) {
            throw new NotPublishedException("SNS failed", null, null);
          }
          remember(json(notification.queue()));
        },
        (events, _) -> {
          assertThat(events)
              .as("nobody waits for these")
              .noneMatch(it -> it.detailType().equals(Handover.DETAIL_TYPE));
          return Map.of();
        },
        athena.clock,
        athena.clock::advance);
  }

  /** Notes what was announced, after a look at whether it is true. */
  private void remember(Map<String, Object> record) {
    var outcome = String.valueOf(record.get("outcome"));
    if (outcome.equals("LEFT_ALONE")) {
      assertThat(record).as("nothing was submitted in time").doesNotContainKey("calculation_id");
      return;
    }
    var id = String.valueOf(record.get("calculation_id"));
    var job = athena.get(new CalculationId(id));
    switch (outcome) {
      case "CANCELED" -> assertThat(job.state(athena.clock.instant()).name()).isEqualTo("CANCELED");
      case "CANCELING" -> assertThat(job.wasStopped()).isTrue();
      default -> throw new AssertionError(record);
    }
    announced.computeIfAbsent(id, _ -> new ArrayList<>()).add(outcome);
  }

  private static boolean deliver(StopHandler handler, Instant madeAt, String requestId) {
    try {
      handler.handleRequest(
          Map.of(
              "id",
              "order-1",
              "time",
              madeAt.toString(),
              "detail-type",
              "Athena Calculation Stop Requested",
              "detail",
              Map.of("sessionId", SESSION.value())),
          new TestContext(requestId, TIMEOUT, null));
      return true;
    } catch (RequestFailedException e) {
      return false;
    }
  }
}
