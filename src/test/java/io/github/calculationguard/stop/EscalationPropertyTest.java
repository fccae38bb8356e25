package io.github.calculationguard.stop;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Snapshot;
import io.github.calculationguard.stop.Request.EndSession;
import io.github.calculationguard.stop.Request.LimitViolation;
import io.github.calculationguard.stop.Request.StopCalculation;
import io.github.calculationguard.stop.Request.StopSession;
import io.github.calculationguard.stop.StopService.EscalationPolicy;
import io.github.calculationguard.stop.VirtualAthena.Job;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.statistics.Statistics;

/** Whatever Athena does, in virtual time. */
class EscalationPropertyTest {

  @Property(tries = 12_000)
  void keepsItsDeadlineAndStopsNothingThatWasNotOrdered(@ForAll @LongRange(min = 1) long seed) {
    var random = new Random(seed);
    var athena = new VirtualAthena();
    var isHealthy = random.nextBoolean();
    var slowest = !isHealthy && random.nextInt(4) == 0 ? 20_000 : 300;
    var failures = isHealthy ? 0 : random.nextInt(4) * 0.25;
    athena.latency = () -> Duration.ofMillis(random.nextInt(slowest));
    athena.fails = () -> random.nextDouble() < failures;
    var given = given(random);
    var jobs =
        IntStream.range(0, 1 + random.nextInt(4))
            .mapToObj(
                i ->
                    new Job(
                        new CalculationId("c-" + i),
                        VirtualAthena.START.plusSeconds(random.nextInt(900) - 800),
                        VirtualAthena.START.plusSeconds(random.nextInt(2000) - 500),
                        Duration.ofSeconds(random.nextBoolean() ? random.nextInt(30) : 100_000)))
            .toList();
    jobs.forEach(athena::add);
    var mayTerminate = random.nextBoolean();
    var stop =
        stop(
            athena, new EscalationPolicy(mayTerminate, Duration.ofSeconds(5 + random.nextInt(40))));
    var order = order(random, given, jobs);

    var report = stop.stop(order);
    var isUnavailable = !report.unresolved().isEmpty();
    assertThat(report.results().size() + report.unresolved().size()).isPositive();
    Statistics.collect(
        isUnavailable ? "unresolved" : report.results().getFirst().outcome().toString());

    assertThat(athena.instant()).isBefore(given.deadline().at());
    if (!mayTerminate) {
      assertThat(athena.calls).noneMatch(call -> call.startsWith("terminate"));
    }
    if (order instanceof StopCalculation one && !given.dryRun()) {
      assertThat(athena.calls.getFirst()).isEqualTo("stop " + one.calculation());
    }
    for (var job : jobs) {
      var isOrdered =
          !given.dryRun()
              && switch (order) {
                case StopCalculation one -> one.calculation().equals(job.id());
                case StopSession _, EndSession _ -> !job.submitted().isAfter(given.at());
              };
      if (!isOrdered) {
        assertThat(athena.wasStopped(job.id())).as("%s by %s", job, order).isFalse();
        assertThat(athena.wasCutOff(job) && !athena.cameUnseen(job))
            .as("%s by %s", job, order)
            .isFalse();
      }
    }
    assertThat(isUnavailable)
        .isIn(
            false,
            !isHealthy || given.deadline().at().isBefore(VirtualAthena.START.plusSeconds(3)));
  }

  private static Request.StopRequest order(Random random, RequestMetadata given, List<Job> jobs) {
    return switch (random.nextInt(3)) {
      case 0 -> new StopCalculation(given, jobs.getFirst().id(), null);
      case 1 -> new StopSession(given, VirtualAthena.SESSION);
      default ->
          new EndSession(
              given,
              VirtualAthena.SESSION,
              new LimitViolation("max-session-hours", 8, 9.5, null, given.at().plusSeconds(700)),
              null);
    };
  }

  private static RequestMetadata given(Random random) {
    var seconds = random.nextBoolean() ? 1 + random.nextInt(20) : 1 + random.nextInt(900);
    var at = VirtualAthena.START.minusSeconds(random.nextInt(600));
    return new RequestMetadata(
        "order-1",
        Source.EVENTBRIDGE,
        at,
        at,
        new Deadline(VirtualAthena.START.plusSeconds(seconds)),
        new AccountRegion("aws", "us-east-1", "123456789012"),
        random.nextInt(10) == 0,
        null,
        null,
        null);
  }

  private static StopService stop(VirtualAthena athena, EscalationPolicy ladder) {
    return new StopService(
        athena, ladder, new Snapshot.Reader(athena, "owner", athena), athena, athena);
  }
}
