package io.github.calculationguard.stop;

import static io.github.calculationguard.spark.FakeAthenaSpark.SESSION;
import static io.github.calculationguard.spark.FakeAthenaSpark.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.FakeAthenaSpark;
import io.github.calculationguard.spark.FakeAthenaSpark.Call;
import io.github.calculationguard.spark.FakeCalculation;
import io.github.calculationguard.spark.Snapshot;
import io.github.calculationguard.stop.Request.EndSession;
import io.github.calculationguard.stop.Request.StopCalculation;
import io.github.calculationguard.stop.Request.StopSession;
import io.github.calculationguard.stop.StopService.EscalationPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
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
    var athena = FakeAthenaSpark.withSession();
    var isHealthy = random.nextBoolean();
    var slowest = !isHealthy && random.nextInt(4) == 0 ? 20_000 : 300;
    var failures = isHealthy ? 0 : random.nextInt(4) * 0.25;
    athena.latency = () -> Duration.ofMillis(random.nextInt(slowest));
    fail(athena, failures, random);
    var given = given(random);
    var jobs =
        IntStream.range(0, 1 + random.nextInt(4))
            .mapToObj(
                i ->
                    new FakeCalculation(
                        "c-" + i,
                        START.plusSeconds(random.nextInt(900) - 800),
                        START.plusSeconds(random.nextInt(2000) - 500),
                        Duration.ofSeconds(random.nextBoolean() ? random.nextInt(30) : 100_000)))
            .toList();
    jobs.forEach(athena::put);
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

    assertThat(athena.clock.instant()).isBefore(given.deadline().at());
    if (!mayTerminate) {
      assertThat(athena.calls).noneMatch(call -> call.operation().equals("TerminateSession"));
    }
    if (order instanceof StopCalculation one && !given.dryRun()) {
      assertThat(athena.calls.getFirst())
          .isEqualTo(new Call("StopCalculationExecution", one.calculation().value()));
    }
    for (var job : jobs) {
      var isOrdered =
          !given.dryRun()
              && switch (order) {
                case StopCalculation one -> one.calculation().equals(job.id());
                case StopSession _ -> !job.submitted().isAfter(given.at());
                case EndSession end -> end.force() || !job.submitted().isAfter(given.at());
              };
      if (!isOrdered) {
        assertThat(job.wasStopped()).as("%s by %s", job, order).isFalse();
        assertThat(job.wasCutOff(athena.clock.instant()) && job.wasSeen())
            .as("%s by %s", job, order)
            .isFalse();
      }
    }
    assertThat(isUnavailable)
        .isIn(false, !isHealthy || given.deadline().at().isBefore(START.plusSeconds(3)));
  }

  @Property(tries = 4_000)
  void endsNoSessionThatTheOrderDoesNotCoverWithoutForce(@ForAll @LongRange(min = 1) long seed) {
    var random = new Random(seed);
    var isConnect = random.nextBoolean();
    var engineVersion = isConnect ? "Apache Spark version 3.5" : "PySpark engine version 3";
    var startedAt = START.plusSeconds(random.nextInt(900) - 800);
    var athena = FakeAthenaSpark.withSession(engineVersion, startedAt);
    athena.latency = () -> Duration.ofMillis(random.nextInt(300));
    var failures = random.nextInt(3) * 0.25;
    fail(athena, failures, random);
    var given = given(random);
    // Some have ended before anybody looks.
    var jobs =
        isConnect
            ? List.<FakeCalculation>of()
            : IntStream.range(0, random.nextInt(3)).mapToObj(i -> job(random, i)).toList();
    jobs.forEach(athena::put);
    var force = random.nextBoolean();
    var order = new EndSession(given, SESSION, null, null, force);
    var mayTerminate = random.nextInt(4) > 0;

    var report = stop(athena, policy(mayTerminate)).stop(order);

    var isCovered =
        isConnect
            ? !startedAt.isAfter(given.at())
            : jobs.stream()
                .filter(FakeCalculation::wasSeen)
                .allMatch(job -> !job.submitted().isAfter(given.at()));
    var isEnded = athena.hasEnded(SESSION);
    Statistics.collect(isEnded ? "ended" : "left", isCovered ? "covered" : "not covered", force);
    if (!mayTerminate || given.dryRun() || !(isCovered || force)) {
      assertThat(isEnded).as("%s", report).isFalse();
    } else if (failures == 0 && report.unresolved().isEmpty()) {
      assertThat(isEnded).as("%s", report).isTrue();
    }
    assertThat(athena.clock.instant()).isBefore(given.deadline().at());
  }

  /** What a caller over HTTP is told, and what the order becomes then. */
  @Property(tries = 4_000)
  void carriesToItsEndWhatIsHandedOver(@ForAll @LongRange(min = 1) long seed) {
    var random = new Random(seed);
    var athena = FakeAthenaSpark.withSession();
    athena.latency = () -> Duration.ofMillis(random.nextInt(200));
    var jobs = IntStream.range(0, 1 + random.nextInt(2)).mapToObj(i -> job(random, i)).toList();
    jobs.forEach(athena::put);
    var mayTerminate = random.nextBoolean();
    var service = stop(athena, policy(mayTerminate));
    var asked = new StopCalculation(at(athena, Source.HTTP_API, 5), jobs.getFirst().id(), null);

    var answer = service.stop(asked).results();
    if (answer.isEmpty() || answer.getFirst().outcome() != Outcome.CANCELING) {
      return;
    }
    athena.clock.advance(Duration.ofMillis(random.nextInt(90_000)));
    var job = jobs.getFirst();
    var hadEnded = job.state(athena.clock.instant()).hasEnded();
    var first = deliver(service, athena, asked);
    var isOver = first.outcome() != Outcome.CANCELING;
    Statistics.collect(first.outcome(), hadEnded ? "was over" : "went on");

    assertThat(first.outcome())
        .isIn(
            Outcome.CANCELED,
            Outcome.CANCELING,
            Outcome.FINISHED_ANYWAY,
            Outcome.SESSION_TERMINATED);
    if (hadEnded) {
      assertThat(first.effort()).isNotNull();
      assertThat(Objects.requireNonNull(first.effort()).repeat()).isTrue();
    }
    var isStopped = job.wasStopped() || athena.hasEnded(SESSION);
    assertThat(isStopped || job.state(athena.clock.instant()).hasEnded()).isTrue();
    var isListed = !job.submitted().isAfter(START);
    if (mayTerminate && jobs.size() == 1 && isListed) {
      assertThat(isOver).as("nothing keeps it from its end").isTrue();
    }
    if (isOver) {
      var repeat = deliver(service, athena, asked);
      // What canceled while its session was being terminated is found canceled.
      var mayBeCanceled = first.outcome() == Outcome.SESSION_TERMINATED;
      assertThat(repeat.outcome())
          .isIn(first.outcome(), mayBeCanceled ? Outcome.CANCELED : first.outcome());
      assertThat(Objects.requireNonNull(repeat.effort()).repeat()).isTrue();
    }
    jobs.stream()
        .skip(1)
        .forEach(
            other -> {
              assertThat(other.wasStopped()).isFalse();
              assertThat(other.wasCutOff(athena.clock.instant()) && other.wasSeen()).isFalse();
            });
  }

  /** Delivers what was handed over: the order as it was made, with the full time of an event. */
  private static StopResult deliver(
      StopService service, FakeAthenaSpark athena, StopCalculation asked) {
    var its = asked.metadata();
    var now = at(athena, Source.HANDOVER, 60);
    var metadata =
        new RequestMetadata(
            its.id(),
            now.source(),
            its.at(),
            its.at(),
            now.deadline(),
            its.place(),
            false,
            null,
            null,
            null);
    var report = service.stop(new StopCalculation(metadata, asked.calculation(), null));
    assertThat(athena.clock.instant()).isBefore(now.deadline().at());
    assertThat(report.unresolved()).isEmpty();
    return report.results().getFirst();
  }

  private static RequestMetadata at(FakeAthenaSpark athena, Source source, int seconds) {
    var now = athena.clock.instant();
    return new RequestMetadata(
        "order-1",
        source,
        now,
        now,
        new Deadline(now.plusSeconds(seconds)),
        new AccountRegion("aws", "us-east-1", "123456789012"),
        false,
        null,
        null,
        null);
  }

  private static FakeCalculation job(Random random, int i) {
    var submitted = START.plusSeconds(random.nextInt(900) - 800);
    return new FakeCalculation(
        "c-" + i,
        submitted,
        submitted.plusSeconds(random.nextInt(1500)),
        Duration.ofSeconds(random.nextBoolean() ? random.nextInt(60) : 100_000));
  }

  private static EscalationPolicy policy(boolean mayTerminate) {
    return new EscalationPolicy(mayTerminate, Duration.ofSeconds(20));
  }

  private static Request.StopRequest order(
      Random random, RequestMetadata given, List<FakeCalculation> jobs) {
    return switch (random.nextInt(4)) {
      case 0 -> new StopCalculation(given, jobs.getFirst().id(), null);
      case 1 -> new StopSession(given, SESSION);
      case 2 -> new EndSession(given, SESSION, null, null, random.nextInt(4) == 0);
      default ->
          new EndSession(
              given, SESSION, StopServiceTest.violation(given.at().plusSeconds(700)), null, false);
    };
  }

  private static RequestMetadata given(Random random) {
    var seconds = random.nextBoolean() ? 1 + random.nextInt(20) : 1 + random.nextInt(900);
    var at = START.minusSeconds(random.nextInt(600));
    return new RequestMetadata(
        "order-1",
        Source.EVENTBRIDGE,
        at,
        at,
        new Deadline(START.plusSeconds(seconds)),
        new AccountRegion("aws", "us-east-1", "123456789012"),
        random.nextInt(10) == 0,
        null,
        null,
        null);
  }

  private static StopService stop(FakeAthenaSpark athena, EscalationPolicy ladder) {
    var clock = athena.clock;
    var reader = new Snapshot.Reader(athena, "owner", clock, () -> false);
    return new StopService(athena, ladder, reader, (_, _) -> null, clock, clock::advance);
  }

  /** Makes this share of the calls fail. */
  private static void fail(FakeAthenaSpark athena, double share, Random random) {
    athena.listen(
        _ -> {
          if (random.nextDouble() < share) {
            throw new AthenaUnavailableException("throttled");
          }
        });
  }
}
