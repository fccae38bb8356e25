package io.github.calculationguard.guard;

import static io.github.calculationguard.guard.World.DEFAULTS;
import static io.github.calculationguard.guard.World.PLACE;
import static io.github.calculationguard.guard.World.policy;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.calculationguard.guard.Inventory.Failure;
import io.github.calculationguard.guard.Inventory.Scope;
import io.github.calculationguard.guard.Limits.InvalidTag;
import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.guard.SweepReport.Disposition;
import io.github.calculationguard.guard.SweepReport.Judged;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.AthenaSparkException.DeniedException;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Session;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SweepTest {

  private static final Map<String, String> NO_TAGS = Map.of();

  private static String sessionArn(String workGroup, String session) {
    return PLACE.arnOf(new WorkGroup(workGroup)) + "/session/" + session;
  }

  private static List<Disposition> dispositions(SweepReport report) {
    return report.judged().stream().map(Judged::disposition).toList();
  }

  @Test
  void ordersACalculationThatRunsTooLong() {
    var world = new World(policy(DEFAULTS));
    world.workGroup("etl", NO_TAGS);
    var session = world.busy("etl", "s-1", ofHours(5), Map.of("Owner", "ana"));
    world.running(session, "c-1", ofHours(3));

    var report = world.sweep();

    assertThat(world.ordered)
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.detailType()).isEqualTo("Athena Spark Finding");
              assertThat(finding.at()).isEqualTo(World.START);
              assertThat(World.detail(finding))
                  .containsEntry("calculationExecutionId", "c-1")
                  .containsEntry("reason", "running for 3 h, limit 2 h")
                  .doesNotContainKey("onlyIfIdleSince")
                  .containsEntry("foundAt", "2026-11-22T09:00:00Z")
                  .containsEntry("expiresAt", "2026-11-22T09:10:00Z");
            });
    assertThat(report.judged())
        .filteredOn(it -> it.disposition() == Disposition.ORDERED)
        .singleElement()
        .satisfies(it -> assertThat(it.snapshot().owner()).isEqualTo("ana"));
    assertThat(report.exceeded()).isEqualTo(1);
    assertThat(report.inventory().sessionsSeen()).isEqualTo(1);
    assertThat(report.inventory().calculationsSeen()).isEqualTo(1);
    assertThat(world.announced).isEmpty();
  }

  @Test
  void ordersAnIdleSessionOnlyForAsLongAsItIdles() {
    var world = new World(policy(DEFAULTS));
    world.workGroup("etl", NO_TAGS);
    world.idle("etl", "s-1", ofHours(5), ofMinutes(61), NO_TAGS);

    world.sweep();

    assertThat(world.ordered)
        .singleElement()
        .satisfies(
            finding ->
                assertThat(World.detail(finding))
                    .containsEntry("target", "session")
                    .doesNotContainKey("calculationExecutionId")
                    .containsEntry("onlyIfIdleSince", "2026-11-22T07:59:00Z"));
  }

  @Test
  void takesWhatASessionDoesNowForGranted() {
    var world = new World(policy(DEFAULTS));
    world.workGroup("etl", NO_TAGS);
    world.idle("etl", "s-1", ofHours(5), ofMinutes(61), NO_TAGS);
    // Listed as idle, described as busy.
    world.athena.listen(
        call -> {
          if (call.operation().equals("GetSession")) {
            world.busy("etl", "s-1", ofHours(5), NO_TAGS);
          }
        });

    world.sweep();

    assertThat(world.ordered).isEmpty();
  }

  @Test
  void letsASessionThatIsOverTakeItsCalculationAlong() {
    var world =
        new World(
            policy(
                new Limits(
                    Limits.Mode.ENFORCE,
                    Map.of(Rule.MAX_SESSION_HOURS, 4.0, Rule.MAX_CALCULATION_MINUTES, 120.0),
                    100)));
    world.workGroup("etl", NO_TAGS);
    world.running(world.busy("etl", "s-1", ofHours(5), NO_TAGS), "c-1", ofHours(3));

    world.sweep();

    assertThat(world.orderedIds()).containsExactly("s-1");
  }

  @Test
  void stopsTheCalculationWhereItMayNotEndTheSession() {
    var limits =
        new Limits(
            Limits.Mode.ENFORCE,
            Map.of(Rule.MAX_SESSION_HOURS, 4.0, Rule.MAX_CALCULATION_MINUTES, 120.0),
            100);
    var world = new World(policy(limits, false, 10));
    world.workGroup("etl", NO_TAGS);
    world.running(world.busy("etl", "s-1", ofHours(5), NO_TAGS), "c-1", ofHours(3));

    var report = world.sweep();

    assertThat(world.orderedIds()).containsExactly("c-1");
    assertThat(dispositions(report))
        .containsExactlyInAnyOrder(Disposition.WARNED, Disposition.ORDERED);
  }

  @Test
  void looksIntoDegradedSessionsToo() {
    var world = new World(policy(DEFAULTS));
    world.workGroup("etl", NO_TAGS);
    var session =
        World.session("s-1", "etl", "DEGRADED", World.START.minus(ofHours(5)), null, 20, null);
    world.athena.put(session, NO_TAGS, List.of());
    world.running(session.id(), "c-1", ofHours(3));

    world.sweep();

    assertThat(world.orderedIds()).containsExactly("c-1");
  }

  @ParameterizedTest
  @CsvSource({
    "*, etl, true",
    "etl, etl, true",
    "etl, etl2, false",
    "etl-?, etl-1, true",
    "etl-?, etl-, false",
    "e*l, etl, true",
    "e.l, etl, false",
    "ETL, etl, false",
  })
  void readsPatternsAsIamDoes(String pattern, String workGroup, boolean matches) {
    assertThat(new WorkGroup(workGroup).matches(pattern)).isEqualTo(matches);
  }

  /** It becomes degraded between the list of the others and the list of those. */
  private static World worldWithASessionInTwoLists() {
    var limits = new Limits(Limits.Mode.ENFORCE, Map.of(Rule.MAX_SESSION_HOURS, 4.0), 100);
    var world = new World(policy(limits));
    world.workGroup("etl", NO_TAGS);
    world.idle("etl", "s-1", ofHours(5), ofHours(2), NO_TAGS);
    var start = World.START.minus(ofHours(5));
    var degraded = World.session("s-1", "etl", "DEGRADED", start, null, 20, null);
    world.athena.listen(
        call -> {
          if (call.operation().equals("ListSessions")
              && Collections.frequency(world.athena.calls, call) == 2) {
            world.put(degraded, NO_TAGS);
          }
        });
    return world;
  }

  @Test
  void looksOnlyOnceAtASessionThatIsInTwoLists() {
    var world = worldWithASessionInTwoLists();

    world.sweep();

    assertThat(world.orderedIds()).containsExactly("s-1");
  }

  @Test
  void showsASessionThatIsInTwoListsOnce() {
    var world = worldWithASessionInTwoLists();

    var reader = new InventoryReader(world.athena, world, policy(DEFAULTS).scope());
    var page = new PageReader(reader, new RateLimiter(5, 60, world, world::pass));
    var inventory = page.read(PLACE, new Deadline(World.START.plusSeconds(9)));

    assertThat(inventory.entries()).hasSize(1);
    assertThat(inventory.sessionsSeen()).isEqualTo(1);
  }

  @Test
  void onlyLooksAtWorkGroupsThatMatch() {
    var world =
        new World(
            new Sweep.Policy(new Scope("etl-?", DEFAULTS, ofHours(24), "owner"), true, 10, 0.35));
    for (var name : List.of("etl-1", "etl-12", "adhoc", "ETL-1")) {
      world.workGroup(name, NO_TAGS);
      world.idle(name, "s-of-" + name, ofHours(5), ofHours(2), NO_TAGS);
    }

    world.sweep();

    assertThat(world.orderedIds()).containsExactly("s-of-etl-1");
  }

  @Test
  void onlyReportsWhatItWouldStopWhereItObserves() {
    var world = new World(policy(DEFAULTS));
    world.workGroup("etl", Map.of("calculation-guard:mode", "observe"));
    world.running(world.busy("etl", "s-1", ofHours(5), NO_TAGS), "c-1", ofHours(3));
    world.idle("etl", "s-2", ofHours(5), ofHours(2), NO_TAGS);

    var report = world.sweep();

    assertThat(world.ordered).isEmpty();
    assertThat(report.count(Disposition.OBSERVED)).isEqualTo(2);
    // Two sessions of two nodes each.
    assertThat(report.usdPerHour(report.all(Disposition.OBSERVED))).isEqualTo(4 * 0.35);
    assertThat(world.announced).singleElement().isEqualTo(report);
    assertThat(report.news().judged()).hasSize(2);
  }

  @Test
  void doesNotEvenLookWhereItIsOff() {
    var world = new World(policy(DEFAULTS));
    world.workGroup("etl", Map.of("calculation-guard:mode", "off"));
    world.running(world.busy("etl", "s-1", ofHours(5), NO_TAGS), "c-1", ofHours(3));

    var report = world.sweep();

    assertThat(report.judged()).isEmpty();
    assertThat(report.calls())
        .isEqualTo(Map.of("ListWorkGroups", 1, "ListSessions", 2, "ListTagsForResource", 1));
  }

  @Test
  void tellsWhatAnExemptionCosts() {
    var world = new World(policy(DEFAULTS));
    world.workGroup("etl", Map.of("calculation-guard:exempt-until", "2027-01-01T00:00:00Z"));
    world.workGroup("adhoc", NO_TAGS);
    world.idle("etl", "s-1", ofHours(5), ofHours(2), NO_TAGS);
    world.idle(
        "adhoc",
        "s-2",
        ofHours(5),
        ofHours(2),
        Map.of("calculation-guard:exempt-until", "2026-11-22T18:00:00Z"));

    var report = world.sweep();

    assertThat(world.ordered).isEmpty();
    assertThat(report.count(Disposition.EXEMPT)).isEqualTo(2);
    assertThat(report.usdPerHour(report.all(Disposition.EXEMPT))).isEqualTo(4 * 0.35);
    assertThat(report.news().judged()).hasSize(2);
  }

  @Test
  void observesOnlyAndSaysSoWhereATagCantBeRead() {
    var world = new World(policy(DEFAULTS));
    world.workGroup("etl", NO_TAGS);
    world.idle(
        "etl", "s-1", ofHours(5), ofHours(2), Map.of("calculation-guard:max-session-hours", "9h"));

    var report = world.sweep();

    assertThat(world.ordered).isEmpty();
    assertThat(dispositions(report)).containsExactly(Disposition.OBSERVED);
    assertThat(report.news().invalidTags().keySet())
        .extracting(InvalidTag::arn, InvalidTag::key, InvalidTag::value)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(
                sessionArn("etl", "s-1"), "calculation-guard:max-session-hours", "9h"));
  }

  @Test
  void honoursALimitThatASessionTightened() {
    var world = new World(policy(DEFAULTS));
    world.workGroup("etl", NO_TAGS);
    var session =
        world.busy(
            "etl", "s-1", ofHours(5), Map.of("calculation-guard:max-calculation-minutes", "30"));
    world.running(session, "c-1", ofMinutes(31));

    world.sweep();

    assertThat(world.orderedIds()).containsExactly("c-1");
  }

  @Test
  void remembersATightenedLimitFromThenOn() {
    var world = new World(policy(DEFAULTS));
    world.workGroup("etl", NO_TAGS);
    var session =
        world.busy(
            "etl", "s-1", ofHours(5), Map.of("calculation-guard:max-calculation-minutes", "30"));
    world.running(session, "c-1", ofMinutes(5));
    world.sweep();
    world.pass(ofMinutes(26));

    world.sweep();

    assertThat(world.orderedIds()).containsExactly("c-1");
  }

  @Test
  void announcesANewThingOnceADay() {
    var world = new World(policy(DEFAULTS));
    world.workGroup("etl", Map.of("calculation-guard:mode", "observe"));
    world.idle("etl", "s-1", ofHours(5), ofHours(2), NO_TAGS);
    world.sweep();
    world.pass(ofHours(23));
    world.sweep();
    assertThat(world.announced).hasSize(1);

    world.pass(ofHours(1));
    world.sweep();
    assertThat(world.announced).hasSize(2);
  }

  @Test
  void announcesOnlyWhatIsNew() {
    var world = new World(policy(World.WARNING));
    world.workGroup("etl", Map.of("calculation-guard:mode", "observe"));
    world.idle("etl", "s-1", ofHours(5), ofHours(2), NO_TAGS);
    world.sweep();
    world.idle("etl", "s-2", ofHours(5), ofMinutes(50), NO_TAGS);
    world.sweep();
    // Warned of before, and over by now: that's news.
    world.pass(ofMinutes(15));
    world.sweep();

    assertThat(world.announced)
        .extracting(
            report -> report.news().judged().stream().map(it -> it.snapshot().id()).toList())
        .containsExactly(List.of("s-1"), List.of("s-2"), List.of("s-2"));
  }

  @Test
  void announcesAgainWhatNobodyWasToldOf() {
    var world = new World(policy(DEFAULTS));
    world.workGroup("etl", Map.of("calculation-guard:mode", "observe"));
    world.idle("etl", "s-1", ofHours(5), ofHours(2), NO_TAGS);
    var deadline = new io.github.calculationguard.spark.Deadline(World.START.plusSeconds(60));
    world.sweep.run(PLACE, deadline);

    assertThat(world.sweep.run(PLACE, deadline).news().judged()).hasSize(1);
  }

  @Test
  void ordersTheCostliestAndHoldsTheRestBack() {
    var world = new World(policy(DEFAULTS, true, 2));
    world.workGroup("etl", NO_TAGS);
    world.idle("etl", "s-5", ofHours(5), ofHours(2), NO_TAGS);
    world.idle("etl", "s-9", ofHours(9), ofHours(2), NO_TAGS);
    world.idle("etl", "s-7", ofHours(7), ofHours(2), NO_TAGS);

    var report = world.sweep();

    assertThat(world.orderedIds()).containsExactly("s-9", "s-7");
    assertThat(report.count(Disposition.HELD_BACK)).isEqualTo(1);
    assertThat(report.news().judged())
        .singleElement()
        .satisfies(it -> assertThat(it.snapshot().id()).isEqualTo("s-5"));

    world.sweep();
    assertThat(world.orderedIds()).containsExactly("s-9", "s-7", "s-5");
  }

  @Test
  void letsNothingThatCantBeStoppedTakeThePlaceOfTheRest() {
    var world = new World(policy(DEFAULTS, true, 1));
    world.disobey();
    world.workGroup("etl", NO_TAGS);
    world.idle("etl", "s-5", ofHours(5), ofHours(2), NO_TAGS);
    world.idle("etl", "s-9", ofHours(9), ofHours(2), NO_TAGS);

    for (var sweep = 0; sweep < 4; sweep++) {
      world.sweep();
      world.pass(ofMinutes(10));
    }

    assertThat(world.orderedIds()).containsExactly("s-9", "s-5", "s-9", "s-5");
  }

  @Test
  void findsAgainWhatCouldNotBeOrdered() {
    var world = new World(policy(DEFAULTS));
    world.workGroup("etl", NO_TAGS);
    world.idle("etl", "s-1", ofHours(5), ofHours(2), NO_TAGS);
    world.refuse("the bus is full");

    var report = world.sweep();

    assertThat(dispositions(report)).containsExactly(Disposition.REFUSED);
    assertThat(report.failures())
        .containsExactly(new Failure("order for", "s-1", "the bus is full"));

    world.refuse(null);
    world.sweep();
    assertThat(world.orderedIds()).containsExactly("s-1");
  }

  @Test
  void goesOnWhereAWorkGroupOrASessionFails() {
    var world = new World(policy(DEFAULTS));
    for (var name : List.of("a", "b", "c", "d")) {
      world.workGroup(name, NO_TAGS);
      for (var number : List.of("1", "2", "3")) {
        world.idle(name, "s-" + name + number, ofHours(5), ofHours(2), NO_TAGS);
      }
    }
    var denied = new DeniedException("not yours", null, null);
    world.athena.fail("ListSessions", "a", denied);
    world.athena.fail("ListTagsForResource", PLACE.arnOf(new WorkGroup("b")), denied);
    world.athena.fail(
        "ListTagsForResource", sessionArn("c", "s-c2"), new AthenaUnavailableException("busy"));
    world.athena.fail("ListExecutors", "s-d3", denied);

    var report = world.sweep();

    assertThat(world.orderedIds())
        .containsExactlyInAnyOrder("s-c1", "s-c3", "s-d1", "s-d2", "s-d3");
    assertThat(report.failures())
        .usingRecursiveFieldByFieldElementComparatorIgnoringFields("cause")
        .containsExactlyInAnyOrder(
            new Failure("workgroup", "a", "not yours"),
            new Failure("workgroup", "b", "not yours"),
            new Failure("session", "s-c2", "busy"),
            new Failure("executors of session", "s-d3", "not yours"));
    assertThat(report.complete()).isTrue();
  }

  @Test
  void leavesWhatEndsWhileItLooks() {
    var world = new World(policy(DEFAULTS));
    world.workGroup("etl", NO_TAGS);
    var session = world.busy("etl", "s-1", ofHours(5), NO_TAGS);
    world.running(session, "c-1", ofHours(3));
    world.athena.fail(
        "GetCalculationExecution",
        "c-1",
        new io.github.calculationguard.spark.AthenaSparkException.NotFoundException(
            "none", null, null));

    var report = world.sweep();

    assertThat(world.ordered).isEmpty();
    assertThat(report.failures()).isEmpty();
  }

  @Test
  void countsASessionThatWasTerminatedSinceItWasListedOnce() {
    var max = Map.of(Rule.MAX_SESSION_HOURS, 8.0, Rule.MAX_CALCULATION_MINUTES, 120.0);
    var world = new World(policy(new Limits(Limits.Mode.ENFORCE, max, 100)));
    world.workGroup("etl", NO_TAGS);
    var session = world.busy("etl", "s-1", ofHours(9), NO_TAGS);
    world.running(session, "c-1", ofHours(3));
    world.athena.listen(
        call -> {
          if (call.operation().equals("GetSession")) {
            world.athena.terminate(session);
          }
        });

    var report = world.sweep();

    assertThat(report.inventory().entries()).isEmpty();
    assertThat(report.judged()).isEmpty();
    assertThat(report.stoppedMeanwhile()).isEqualTo(1);
    assertThat(report.calls()).doesNotContainKey("ListCalculationExecutions");
  }

  @Test
  void goesOnWhereADefectOfItsOwnMeetsASession() {
    var world = new World(policy(DEFAULTS));
    world.workGroup("etl", NO_TAGS);
    world.idle("etl", "s-1", ofHours(9), ofHours(2), NO_TAGS);
    world.idle("etl", "s-2", ofHours(8), ofHours(2), NO_TAGS);
    var sessions = new AtomicInteger();
    world.athena.listen(
        call -> {
          if (call.operation().equals("GetSession") && sessions.incrementAndGet() == 1) {
            throw new IllegalStateException("a defect");
          }
        });

    var report = world.sweep();

    assertThat(world.orderedIds()).containsExactly("s-2");
    assertThat(report.failures())
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.of()).isEqualTo("s-1");
              assertThat(it.why())
                  .startsWith("java.lang.IllegalStateException: a defect at io.github.");
            });
  }

  @Test
  void goesOnWhereADefectHasNoStackTrace() {
    var world = new World(policy(DEFAULTS));
    world.workGroup("etl", NO_TAGS);
    world.idle("etl", "s-1", ofHours(9), ofHours(2), NO_TAGS);
    var defect = new IllegalStateException("a defect");
    defect.setStackTrace(new StackTraceElement[0]);
    world.athena.listen(
        call -> {
          if (call.operation().equals("GetSession")) {
            throw defect;
          }
        });

    assertThat(world.sweep().failures())
        .singleElement()
        .satisfies(it -> assertThat(it.why()).isEqualTo(defect.toString()));
  }

  @Test
  void failsWhereNotEvenTheWorkGroupsCanBeListed() {
    var world = new World(policy(DEFAULTS));
    world.athena.fail("ListWorkGroups", "", new DeniedException("not yours", null, null));

    assertThatThrownBy(world::sweep).isInstanceOf(DeniedException.class);
  }

  @Test
  void saysHowFarItCameAndBeginsElsewhereTheNextTime() {
    // At one call a second, 30 seconds less the reserve do for some four workgroups of nine.
    var world = new World(policy(DEFAULTS), 1);
    var names = List.of("a", "b", "c", "d", "e", "f", "g", "h", "i");
    for (var name : names) {
      world.workGroup(name, NO_TAGS);
      world.idle(name, "s-" + name, ofHours(5), ofMinutes(5), NO_TAGS);
    }
    var walked = new HashSet<String>();
    for (var sweep = 0; sweep < 3; sweep++) {
      var report = world.sweep(Duration.ofSeconds(30));

      assertThat(report.complete()).isFalse();
      assertThat(report.inventory().workGroups()).isEqualTo(9);
      assertThat(report.inventory().workGroupsDone()).isBetween(3, 5);
      assertThat(report.took()).isLessThan(Duration.ofSeconds(30));
      report.judged().forEach(it -> walked.add(it.session().workGroup()));
    }
    assertThat(walked).containsExactlyInAnyOrderElementsOf(names);
  }

  @Test
  void ordersWhatItFoundBeforeTimeRanOut() {
    var world = new World(policy(DEFAULTS), 1);
    for (var name : List.of("a", "b", "c")) {
      world.workGroup(name, NO_TAGS);
      for (var number = 0; number < 5; number++) {
        world.idle(name, "s-" + name + number, ofHours(5), ofHours(2), NO_TAGS);
      }
    }

    var report = world.sweep(Duration.ofSeconds(30));

    assertThat(report.complete()).isFalse();
    assertThat(world.ordered).isNotEmpty();
  }

  private static World crowd() {
    var world = new World(policy(DEFAULTS, true, 4));
    for (var group : List.of("adhoc", "etl")) {
      world.workGroup(group, NO_TAGS);
      for (var number = 1; number <= 4; number++) {
        world.idle(group, group + "-idle-" + number, ofHours(4 + number), ofHours(2), NO_TAGS);
        world.running(
            world.busy(group, group + "-busy-" + number, ofHours(9), NO_TAGS),
            group + "-calculation-" + number,
            ofHours(2 + number));
      }
    }
    return world;
  }

  /**
   * Lets another sweep run from its beginning to its end before the sweep's call of this number.
   */
  private static int sweepTwice(World world, int during) {
    var other = world.anotherSweep();
    var calls = new AtomicInteger();
    world.athena.listen(
        _ -> {
          if (calls.incrementAndGet() == during) {
            other.run(PLACE, new Deadline(world.instant().plus(ofMinutes(5))));
          }
        });
    world.sweep();
    return calls.get();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void stopsNoMoreThanOneSweepMayWhereTwoRunAtOnce(boolean stopsAtOnce) {
    // The workgroups, and two lists of each: another sweep before these is one that came earlier.
    var listings = 1 + 2 * 2;
    for (var during = listings + 1; ; during++) {
      var world = crowd();
      if (!stopsAtOnce) {
        world.disobey();
      }
      if (sweepTwice(world, during) < during) {
        assertThat(during).isGreaterThan(40);
        return;
      }
      assertThat(new HashSet<>(world.orderedIds())).as("during call %d", during).hasSize(4);
    }
  }

  @Test
  void readsATighterLimitOfASessionWithinHalfAnHour() {
    var world = new World(policy(DEFAULTS));
    world.workGroup("etl", NO_TAGS);
    var session = World.session("s-1", "etl", "IDLE", World.START, World.START, 20, null);
    world.put(session, NO_TAGS);
    world.sweep();
    world.put(session, Map.of("calculation-guard:max-session-idle-minutes", "5"));

    for (var sweep = 0; sweep < 3; sweep++) {
      world.pass(ofMinutes(10));
      world.sweep();
    }

    assertThat(world.orderedIds()).containsExactly("s-1");
  }

  @ParameterizedTest
  @CsvSource({"exempt-until, 2026-11-22T18:00:00Z", "max-session-hours, 9h"})
  void neverActsAgainstATagThatWasSetSinceTheTagsWereRead(String name, String value) {
    var world = new World(policy(DEFAULTS));
    world.workGroup("etl", NO_TAGS);
    var session = World.session("s-1", "etl", "IDLE", World.START, World.START, 20, null);
    world.put(session, NO_TAGS);
    for (var minutes = 0; minutes < 60; minutes += 10) {
      world.sweep();
      world.pass(ofMinutes(10));
    }
    world.pass(ofMinutes(1));
    world.put(session, Map.of("calculation-guard:" + name, value));

    world.sweep();

    assertThat(world.ordered).isEmpty();
  }

  @Test
  void asksForNoCalculationsOfASessionWhoseEngineHasNone() {
    var world = new World(policy(DEFAULTS));
    world.workGroup("connect", NO_TAGS);
    var it = World.session("s-1", "connect", "BUSY", World.START.minus(ofHours(9)), null, 20, null);
    world.put(
        new Session(
            it.id(),
            it.workGroup(),
            it.state(),
            null,
            "Apache Spark version 3.5",
            it.startedAt(),
            null,
            null,
            20,
            null,
            null),
        NO_TAGS);

    var report = world.sweep();

    assertThat(report.failures()).isEmpty();
    assertThat(report.calls()).doesNotContainKey("ListCalculationExecutions");
  }

  @Test
  void judgesASessionWhoseCalculationsCannotBeListed() {
    var world = new World(policy(DEFAULTS));
    world.workGroup("etl", NO_TAGS);
    world.busy("etl", "s-1", ofHours(9), NO_TAGS);
    world.athena.fail(
        "ListCalculationExecutions", "s-1", new AthenaUnavailableException("UnknownOperation"));

    var report = world.sweep();

    assertThat(dispositions(report)).containsExactly(Disposition.LEFT);
    assertThat(report.failures())
        .usingRecursiveFieldByFieldElementComparatorIgnoringFields("cause")
        .containsExactly(new Failure("calculations of session", "s-1", "UnknownOperation"));
  }

  @ParameterizedTest
  @CsvSource({"59, false", "61, true"})
  void takesASessionForIdleSinceTheEndOfItsLastCalculation(int minutes, boolean isOver) {
    var world = new World(policy(DEFAULTS));
    world.workGroup("etl", NO_TAGS);
    world.running(world.busy("etl", "s-1", ofHours(9), NO_TAGS), "c-1", ofHours(1));
    world.athena.cancel(new CalculationId("c-1"));
    // Idle, and Athena does not say since when.
    var it = World.session("s-1", "etl", "IDLE", World.START.minus(ofHours(9)), null, 20, null);
    world.put(it, NO_TAGS);
    world.pass(ofMinutes(minutes));

    world.sweep();

    assertThat(world.orderedIds()).isEqualTo(isOver ? List.of("s-1") : List.of());
    assertThat(world.ordered)
        .allSatisfy(
            finding ->
                assertThat(World.detail(finding))
                    .containsEntry("onlyIfIdleSince", World.START.toString()));
  }

  @Test
  void survivesAnExemptionThatNoCalendarCanShow() {
    var world = new World(policy(DEFAULTS));
    world.workGroup(
        "etl", Map.of("calculation-guard:exempt-until", "+999999999-12-31T23:59:59-18:00"));
    world.idle("etl", "s-1", ofHours(5), ofHours(2), NO_TAGS);

    var report = world.sweep();

    assertThat(dispositions(report)).containsExactly(Disposition.OBSERVED);
    assertThat(report.news().invalidTags()).hasSize(1);
  }

  @Test
  void namesTheCommandThatExempts() {
    var world = new World(policy(World.WARNING));
    world.workGroup("etl", NO_TAGS);
    world.idle("etl", "s-1", ofHours(5), ofMinutes(50), NO_TAGS);

    var report = world.sweep();

    assertThat(report.exemptCommand(report.news().judged().getFirst()))
        .isEqualTo(
            "aws athena tag-resource --resource-arn "
                + sessionArn("etl", "s-1")
                + " --tags Key=calculation-guard:exempt-until,Value=2026-11-23T09:00:00Z --region eu-central-1");
  }
}
