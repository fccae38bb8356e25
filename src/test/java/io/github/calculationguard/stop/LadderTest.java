package io.github.calculationguard.stop;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.calculationguard.spark.AthenaUnavailableException;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Describe;
import io.github.calculationguard.spark.Place;
import io.github.calculationguard.stop.StopOrder.EndSession;
import io.github.calculationguard.stop.StopOrder.OfCalculation;
import io.github.calculationguard.stop.StopOrder.OfSession;
import io.github.calculationguard.stop.VirtualAthena.Job;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

/** Whatever Athena does, in virtual time. */
class LadderTest {

  private static final Place PLACE = new Place("aws", "us-east-1", "123456789012");

  @Property(tries = 12_000)
  void keepsItsDeadlineAndStopsNothingThatWasNotOrdered(@ForAll @LongRange(min = 1) long seed) {
    var random = new Random(seed);
    var athena = new VirtualAthena();
    var slowest = random.nextInt(4) == 0 ? 20_000 : 300;
    var failures = random.nextInt(4) * 0.25;
    athena.latency = () -> Duration.ofMillis(random.nextInt(slowest));
    athena.fails = () -> random.nextDouble() < failures;
    var given = given(athena.instant().minusSeconds(random.nextInt(600)), athena.instant(), random);
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
    var stop = stop(athena, new Ladder(mayTerminate, Duration.ofSeconds(5 + random.nextInt(40))));
    var order = order(random, given, jobs);

    var ended = true;
    try {
      assertThat(stop.run(order)).isNotEmpty();
    } catch (AthenaUnavailableException e) {
      ended = false;
    }

    assertThat(athena.instant()).isBefore(given.deadline().at());
    assertThat(athena.calls).isNotEmpty();
    if (!mayTerminate) {
      assertThat(athena.calls).noneMatch(call -> call.startsWith("terminate"));
    }
    if (order instanceof OfCalculation one && !given.dryRun()) {
      assertThat(athena.calls.getFirst()).isEqualTo("stop " + one.calculation());
    }
    for (var job : jobs) {
      var named = order instanceof OfCalculation one && one.calculation().equals(job.id());
      var inScope = !(order instanceof OfCalculation) && !job.submitted().isAfter(given.at());
      if (given.dryRun() || !(named || inScope)) {
        assertThat(athena.wasStopped(job.id())).as("%s in %s", job, order).isFalse();
        // A job that is submitted while the session is being ended is nobody's to save.
        if (job.submitted().isBefore(VirtualAthena.START)) {
          assertThat(athena.wasCutOff(job)).as("%s in %s", job, order).isFalse();
        }
      }
    }
    assertThat(ended || failures > 0 || slowest > 300 || total(given) < 3).isTrue();
  }
