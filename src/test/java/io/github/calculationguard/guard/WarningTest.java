package io.github.calculationguard.guard;

import static io.github.calculationguard.guard.World.START;
import static io.github.calculationguard.guard.World.WARNING;
import static io.github.calculationguard.guard.World.policy;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.guard.SweepReport.Disposition;
import io.github.calculationguard.guard.SweepReport.Judged;
import io.github.calculationguard.spark.AthenaSparkException.DeniedException;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.SessionId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is over a limit is stopped only after a warning that could be answered. */
class WarningTest {

  private static final String WARNED = "calculation-guard:warned-max-calculation-minutes";
  private static final String EXEMPT = "calculation-guard:exempt-until";

  private final World world = new World(policy(WARNING));

  private SessionId running(Duration age) {
    world.workGroup("etl", Map.of());
    var session = world.busy("etl", "s-1", ofHours(5), Map.of());
    world.running(session, "c-1", age);
    return session;
  }

  private static List<Disposition> dispositions(SweepReport report) {
    return report.judged().stream()
        .map(Judged::disposition)
        .filter(it -> it != Disposition.LEFT)
        .toList();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void warnsFirstOfWhatItFindsOverItsLimitAndStopsItTheNextTime(boolean isCold) {
    running(ofHours(3));

    var first = world.sweep();

    assertThat(dispositions(first)).containsExactly(Disposition.WARNED);
    assertThat(first.news().judged()).hasSize(1);
    assertThat(world.ordered).isEmpty();
    assertThat(world.tagged).containsExactly(WARNED + "=2026-11-22T09:00:00Z c-1 limit=120");
    world.pass(ofMinutes(10));
    if (isCold) {
      world.coldStart();
    }
    world.sweep();
    assertThat(world.orderedIds()).containsExactly("c-1");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void stopsAtOnceWhatItWarnedOfInTime(boolean isCold) {
    running(ofMinutes(100));
    world.sweep();
    world.pass(ofMinutes(21));
    if (isCold) {
      world.coldStart();
    }

    assertThat(world.sweep().news().judged()).isEmpty();

    assertThat(world.orderedIds()).containsExactly("c-1");
  }

  @Test
  void saysNothingAgainOfWhatAnotherEnvironmentWarnedOf() {
    running(ofMinutes(100));
    world.sweep();
    world.pass(ofMinutes(10));
    world.coldStart();

    assertThat(world.sweep().news().judged()).isEmpty();
  }

  @Test
  void warnsUntilAMessageGetsThrough() {
    running(ofHours(3));
    world.mute(true);
    for (var sweep = 0; sweep < 3; sweep++) {
      assertThat(dispositions(world.sweep())).containsExactly(Disposition.WARNED);
      world.pass(ofMinutes(10));
    }
    assertThat(world.tagged).isEmpty();
    world.mute(false);
    world.sweep();
    assertThat(world.ordered).isEmpty();
    world.pass(ofMinutes(10));

    world.sweep();

    assertThat(world.orderedIds()).containsExactly("c-1");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void reliesOnItsMemoryWhereNoTagCanBeSet(boolean isCold) {
    running(ofHours(3));
    world.refuseTags(new DeniedException("not yours", null, null));
    world.sweep();
    assertThat(world.tagFailures).extracting(Inventory.Failure::why).containsExactly("not yours");
    world.pass(ofMinutes(10));
    if (isCold) {
      world.coldStart();
    }

    world.sweep();

    assertThat(world.orderedIds()).isEqualTo(isCold ? List.of() : List.of("c-1"));
  }

  @Test
  void warnsFirstHoweverLongTheLimitHasPassed() {
    running(ofHours(40));

    world.sweep();
    assertThat(world.ordered).isEmpty();
    world.pass(ofMinutes(10));
    world.coldStart();
    world.sweep();

    assertThat(world.orderedIds()).containsExactly("c-1");
  }

  @ParameterizedTest
  @ValueSource(ints = {5, 6, 12})
  void warnsOnceOfManyThatWaitInASession(int count) {
    world.workGroup("etl", Map.of());
    var session = world.busy("etl", "s-1", ofHours(5), Map.of());
    for (var i = 0; i < count; i++) {
      world.running(session, "c-" + i, ofMinutes(100).plusSeconds(i));
    }
    assertThat(world.sweep().news().judged()).hasSize(count);
    world.pass(ofMinutes(10));

    assertThat(world.sweep().news().judged()).isEmpty();
  }

  @Test
  void heedsATagWhateverTheCaseOfItsKey() {
    var session = running(ofHours(3));
    world.tagSession("etl", session, "Calculation-Guard:Exempt-Until", "2026-11-22T11:00:00Z");

    assertThat(dispositions(world.sweep())).containsExactly(Disposition.EXEMPT);
  }

  @ParameterizedTest
  @CsvSource({
    // 80 % of 12 minutes is less than a sweep's interval.
    "12, 80, true",
    "13, 80, false",
    "120, 100, true",
    "120, 99, false",
    "120, 1, true"
  })
  void doesNotWarnFirstWhereItNeverCould(int limit, int percent, boolean isStopped) {
    var limits =
        new Limits(Mode.ENFORCE, Map.of(Rule.MAX_CALCULATION_MINUTES, (double) limit), percent);
    var quick = new World(policy(limits));
    quick.workGroup("etl", Map.of());
    quick.running(quick.busy("etl", "s-1", ofHours(5), Map.of()), "c-1", ofHours(3));

    quick.sweep();

    assertThat(quick.orderedIds()).isEqualTo(isStopped ? List.of("c-1") : List.of());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void playsTheWholeChain(boolean isCold) {
    var session = running(ofMinutes(100));
    assertThat(next(isCold, 0)).containsExactly(Disposition.WARNED);
    // Kept for two hours.
    world.tagSession("etl", session, EXEMPT, "2026-11-22T11:00:00Z");
    assertThat(next(isCold, 10)).isEmpty();
    assertThat(next(isCold, 20)).containsExactly(Disposition.EXEMPT);
    assertThat(world.ordered).isEmpty();
    // The exemption is over.
    assertThat(next(isCold, 90)).contains(Disposition.WARNED).doesNotContain(Disposition.ORDERED);
    assertThat(next(isCold, 10)).contains(Disposition.ORDERED);
    assertThat(world.orderedIds()).containsExactly("c-1");
  }

  private List<Disposition> next(boolean isCold, int minutes) {
    world.pass(ofMinutes(minutes));
    if (isCold) {
      world.coldStart();
    }
    return dispositions(world.sweep());
  }

  @Test
  void warnsAgainWhereAnExemptionWasRemovedThatItSaw() {
    var session = running(ofMinutes(130));
    next(false, 0);
    world.tagSession("etl", session, EXEMPT, "2026-11-22T19:00:00Z");
    assertThat(next(false, 10)).containsExactly(Disposition.EXEMPT);
    world.tagSession("etl", session, EXEMPT, null);

    assertThat(next(false, 10)).containsExactly(Disposition.WARNED);
    assertThat(next(false, 10)).containsExactly(Disposition.ORDERED);
  }

  @ParameterizedTest
  @CsvSource({"false, 60", "true, 60", "false, 125", "true, 125"})
  void warnsOfALimitThatChangedSince(boolean isCold, int minutes) {
    running(ofMinutes(110));
    assertThat(next(isCold, 0)).containsExactly(Disposition.WARNED);
    world.workGroup(
        "etl", Map.of("calculation-guard:max-calculation-minutes", String.valueOf(minutes)));

    assertThat(next(isCold, 20)).containsExactly(Disposition.WARNED);
    assertThat(next(isCold, 10)).containsExactly(Disposition.ORDERED);
  }

  @Test
  void warnsOfASessionThatIsIdleAnew() {
    world.workGroup("etl", Map.of());
    world.idle("etl", "s-1", ofHours(5), ofMinutes(55), Map.of());
    assertThat(next(false, 0)).containsExactly(Disposition.WARNED);
    // It worked for a moment, and nobody warned of its new rest.
    world.put(
        World.session(
            "s-1", "etl", "IDLE", START.minus(ofHours(5)), START.plus(ofMinutes(5)), 20, null),
        Map.of(
            "calculation-guard:warned-max-session-idle-minutes", "2026-11-22T09:00:00Z limit=60"));

    assertThat(next(false, 70)).containsExactly(Disposition.WARNED);
    assertThat(next(false, 10)).containsExactly(Disposition.ORDERED);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void remembersEachOfTheCalculationsThatWaitInASession(boolean isCold) {
    var session = running(ofHours(4));
    world.running(session, "c-2", ofHours(3));

    next(isCold, 0);
    world.disobey();
    next(isCold, 10);

    assertThat(world.orderedIds()).containsExactlyInAnyOrder("c-1", "c-2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "9h",
        "2026-11-22T08:55:00Z",
        "2026-11-22T08:55:00Z c-2 limit=120",
        "2026-11-22T08:55:00Z c-1 limit=90",
        "2030-11-22T08:55:00Z c-1 limit=120",
        "2026-11-22T08:55:00Z c-1 limit=120 and more",
        "2026-11-22T08:55:00Z c-1 limit=١٢٠"
      })
  void countsNoTagThatTellsNoWarningOfIt(String value) {
    var session = running(ofHours(3));
    world.tagSession("etl", session, WARNED, value);

    var report = world.sweep();

    assertThat(dispositions(report)).containsExactly(Disposition.WARNED);
    assertThat(report.inventory().invalidTags()).isEmpty();
  }

  @Test
  void takesNoWarningFromAWorkGroupsTag() {
    running(ofHours(3));
    world.workGroup("etl", Map.of(WARNED, "2026-11-22T08:55:00Z c-1 limit=120"));

    var report = world.sweep();

    assertThat(dispositions(report)).containsExactly(Disposition.WARNED);
    assertThat(report.inventory().invalidTags()).isEmpty();
  }

  @Test
  void readsTheTagThatItWrites() {
    var ids = List.of("82c1ebb4-bd08-e4c3-5631-a662fb2ff2c5", "c-2");
    var given = new RecordedWarning(Instant.parse("2026-11-22T08:55:00Z"), ids, 0.25);

    assertThat(RecordedWarning.parse(given.value())).contains(given);
    var many = java.util.Collections.nCopies(9, ids.getFirst());
    assertThat(new RecordedWarning(given.at(), many, 99999.1234).value()).hasSizeLessThan(257);
  }

  @Test
  void warnsOfNothingThatItOnlyObserves() {
    running(ofHours(3));
    world.workGroup("etl", Map.of("calculation-guard:mode", "observe"));

    assertThat(dispositions(world.sweep())).containsExactly(Disposition.OBSERVED);
    assertThat(world.tagged).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    // Asked until, of a session of 5 hours, where 24 hours are allowed; what the message says.
    "2026-11-23T09:30:00Z, is longer than MaxExemptHours allows: it is exempt until 2026-11-23 04:00:00 UTC",
    "2026-11-22T08:59:00Z, is over: it is not exempt",
    "2026-11-23T08:59:00Z, ",
  })
  void saysOnceADayWhatWasGrantedInsteadOfAnExemption(String asked, String says) {
    var session = running(ofMinutes(110));
    world.tagSession("etl", session, EXEMPT, asked);

    var reports = List.of(world.sweep(), world.sweep());

    var reasons =
        reports.stream()
            .flatMap(it -> it.news().judged().stream())
            .filter(it -> it.disposition() == Disposition.NOT_EXEMPT)
            .map(Judged::reason)
            .toList();
    if (says == null) {
      assertThat(reasons).isEmpty();
    } else {
      assertThat(reasons).singleElement().asString().endsWith(says);
    }
  }

  @Test
  void saysNothingOfAnExemptionThatHasEndedWhereNothingIsNear() {
    var session = running(ofMinutes(10));
    world.tagSession("etl", session, EXEMPT, "2026-11-22T08:00:00Z");

    assertThat(world.sweep().news().isEmpty()).isTrue();
  }

  @Test
  void forgetsNothingOfASessionThatOneSweepCouldNotRead() {
    running(ofMinutes(100));
    world.refuseTags(new DeniedException("not yours", null, null));
    world.sweep();
    world.athena.fail("ListSessions", "etl", new DeniedException("later", null, null));
    next(false, 10);
    world.athena.fail("ListSessions", "etl", null);

    assertThat(next(false, 15)).containsExactly(Disposition.ORDERED);
    assertThat(world.orderedIds()).containsExactly(new CalculationId("c-1").value());
  }
}
