package io.github.calculationguard.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.athenasparklocal.HandClock;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.FakeAthenaSpark.Call;
import io.github.calculationguard.spark.Session.Executor;
import io.github.calculationguard.spark.Snapshot.Reader;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class SnapshotReaderTest {

  private static final Instant NOW = Instant.parse("2026-11-26T12:00:00Z");
  private static final AccountRegion PLACE = new AccountRegion("aws", "us-east-1", "123456789012");
  private static final Deadline DEADLINE = new Deadline(NOW.plusSeconds(60));

  private final HandClock clock = new HandClock(NOW);
  private final FakeAthenaSpark athena = new FakeAthenaSpark(PLACE, clock);
  private final AtomicBoolean mayReadAhead = new AtomicBoolean();
  private final Reader reader = new Reader(athena, "owner", clock, mayReadAhead::get);

  private Calculation calculationIn(String workGroup, String number, Map<String, String> tags) {
    var session =
        new Session(
            new SessionId("session-" + number),
            workGroup,
            new SessionState("BUSY"),
            null,
            "PySpark engine version 3",
            NOW.minusSeconds(600),
            null,
            null,
            20,
            Duration.ofHours(1),
            null);
    var node = new Executor(3.0, NOW.minusSeconds(600), null);
    athena.put(new WorkGroup(workGroup), Map.of());
    athena.put(session, tags, List.of(node));
    var calculation =
        new Calculation(
            new CalculationId("calculation-" + number),
            session.id(),
            new CalculationState("CANCELED"),
            null,
            NOW.minusSeconds(300),
            NOW,
            Duration.ofHours(1),
            Calculation.NO_OUTPUT);
    athena.put(calculation);
    return calculation;
  }

  private Snapshot read(Calculation calculation) {
    return reader.read(calculation, PLACE, DEADLINE);
  }

  @Test
  void readsOneAfterTheOtherWhereItMayNotReadAhead() {
    read(calculationIn("etl", "1", Map.of("owner", "team data")));

    assertThat(athena.calls)
        .extracting(Call::operation)
        .containsExactly("GetSession", "ListExecutors", "ListTagsForResource");
  }

  @Test
  void readsSessionExecutorsAndTagsAtTheSameTime() {
    read(calculationIn("etl", "1", Map.of("owner", "team data")));
    mayReadAhead.set(true);
    var second = calculationIn("etl", "2", Map.of("owner", "team ml"));
    // Each call waits until all three were made.
    var all = new CyclicBarrier(3);
    athena.listen(_ -> await(all));

    var snapshot = reader.read(second, PLACE, DEADLINE);

    assertThat(snapshot.owner()).isEqualTo("team ml");
    assertThat(snapshot.executors()).hasSize(1);
    assertThat(snapshot.session()).isNotNull();
  }

  @Test
  void namesTheOwnerOfTheRightSessionAlsoWhereItIsInAnotherWorkGroup() {
    read(calculationIn("etl", "1", Map.of("owner", "team data")));
    mayReadAhead.set(true);

    var snapshot = read(calculationIn("ml", "2", Map.of("owner", "team ml")));

    assertThat(snapshot.owner()).isEqualTo("team ml");
  }

  @Test
  void callsThatFailNeverHideWhatTheOthersFound() {
    read(calculationIn("etl", "1", Map.of("owner", "team data")));
    mayReadAhead.set(true);
    var second = calculationIn("etl", "2", Map.of("owner", "team ml"));
    athena.fail("ListExecutors", "session-2", new AthenaUnavailableException("slow down"));

    var snapshot = read(second);

    assertThat(snapshot.owner()).isEqualTo("team ml");
    assertThat(snapshot.executors()).isEmpty();
    assertThat(snapshot.session()).isNotNull();
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await(20, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError("the calls were not made at the same time", e);
    }
  }
}
