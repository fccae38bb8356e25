package io.github.calculationguard.bench;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.standin.Json;
import io.github.calculationguard.standin.LocalWorld;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * A large account for {@link Bench} to sweep through: sessions of many hours, of which one in five
 * is busy, and some calculations that run too long.
 */
final class SweepBench implements AutoCloseable {

  /** What one sweep may take. */
  static final Duration LONGEST = ofMinutes(3);

  private static final int WORK_GROUPS = 20;
  private static final int SESSIONS = 1000;
  private static final int BUSY = 200;
  private static final int RUNAWAYS = 10;

  /**
   * To look into everything takes one for the workgroups, one for each one's sessions, and one for
   * each session's calculations.
   */
  static final int LEAST_CALLS = 1 + WORK_GROUPS + SESSIONS;

  private final LocalWorld world = new LocalWorld(InstantSource.system());
  private final Set<String> runaways = new TreeSet<>();

  SweepBench() {
    this(WORK_GROUPS, SESSIONS, BUSY, RUNAWAYS);
  }

  SweepBench(int workGroups, int sessions, int busy, int runaways) {
    var model = world.athena().model();
    var now = Instant.now();
    for (var number = 0; number < workGroups; number++) {
      model.addWorkGroup("wg-" + number, SparkModel.PYSPARK_3, Map.of());
    }
    for (var number = 0; number < sessions; number++) {
      var session =
          model.add(
              SessionSetup.in("wg-" + number % workGroups)
                  .idleTimeout(ofHours(100))
                  .startedAt(now.minus(ofHours(30))));
      var isBusy = number < busy;
      var calculation =
          model.add(
              CalculationSetup.in(session)
                  .course(Course.lasting(isBusy ? ofHours(100) : ofMinutes(1)))
                  .submittedAt(now.minus(number < runaways ? ofHours(3) : ofMinutes(5))));
      if (number < runaways) {
        this.runaways.add(calculation);
      }
    }
  }

  /** Where it is, and the limits that both sides judge by, at the same pace. */
  Map<String, String> environment() {
    var environment = new HashMap<>(world.environment());
    environment.put("TOPIC_ARN", world.sns().addTopic("calculation-guard"));
    environment.put("BUS_NAME", "calculation-guard");
    environment.put("MODE", "observe");
    environment.put("MAX_CALCULATION_MINUTES", "120");
    environment.put("MAX_SESSION_IDLE_MINUTES", "60");
    // The plain sweep has no such limit.
    environment.put("MAX_SESSION_HOURS", "0");
    environment.put("CALLS_PER_SECOND", "50");
    return environment;
  }

  /** How many calls to Athena there were, those that were forgotten aside. */
  int calls() {
    return world.athena().counts().values().stream().mapToInt(Integer::intValue).sum();
  }

  /** How many of them read tags. */
  int tagsRead() {
    return world.athena().counts().getOrDefault("ListTagsForResource", 0);
  }

  void forget() {
    world.athena().forgetCalls();
  }

  /** A sweep in Python answers with what it found; ours has it in its log. */
  void check(String answer, List<String> log) {
    var found =
        Json.object(answer).get("over") instanceof List<?> over
            ? over.stream().map(Object::toString).collect(Collectors.toSet())
            : log.stream()
                // The plain sweep finds no session that Athena keeps open.
                .filter(line -> line.contains("\"event\":\"finding\""))
                .filter(line -> line.contains("\"calculation_id\""))
                .map(line -> String.valueOf(Json.object(line).get("calculation_id")))
                .collect(Collectors.toSet());
    if (!found.equals(runaways)) {
      throw new IllegalStateException(
          "found %s, not %s\n%s".formatted(found, runaways, String.join("\n", log)));
    }
  }

  /** The account, in words. */
  static String story() {
    return "%d sessions of 30 hours in %d workgroups, %d of them busy, %d calculations that run too long"
        .formatted(SESSIONS, WORK_GROUPS, BUSY, RUNAWAYS);
  }

  @Override
  public void close() {
    world.close();
  }
}
