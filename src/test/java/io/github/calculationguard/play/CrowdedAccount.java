package io.github.calculationguard.play;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;

/**
 * Three workgroups and a dozen sessions, some of which exceed their limits. A session's ID says how
 * it behaves; its calculation has the same ID with {@code -job} appended.
 */
public final class CrowdedAccount {

  private static final String TAG = "calculation-guard:";

  private final SparkModel model;
  private final Instant now;

  private CrowdedAccount(SparkModel model, Instant now) {
    this.model = model;
    this.now = now;
  }

  /** Adds them to an empty model. */
  public static void settle(SparkModel model, Instant now) {
    new CrowdedAccount(model, now).settle();
  }

  private void settle() {
    model.addWorkGroup(
        "etl",
        SparkModel.PYSPARK_3,
        Map.of("owner", "team data", TAG + "max-calculation-minutes", "180"));
    busy("runaway", ofHours(5), Map.of());
    busy("overdue", ofHours(4), Map.of());
    busy("near", ofMinutes(150), Map.of());
    busy("young", ofMinutes(20), Map.of());
    var tonight = now.plus(ofHours(10)).truncatedTo(ChronoUnit.SECONDS).toString();
    busy("exempt", ofHours(6), Map.of(TAG + "exempt-until", tonight));

    model.addWorkGroup(
        "notebooks",
        SparkModel.PYSPARK_3,
        Map.of(
            "owner",
            "team insight",
            TAG + "max-session-idle-minutes",
            "30",
            TAG + "max-session-hours",
            "24"));
    idle("resting", ofMinutes(10), Map.of());
    idle("forgotten", ofHours(5), Map.of());
    idle("mistagged", ofHours(2), Map.of(TAG + "max-session-hours", "9h"));
    model.add(
        SessionSetup.in("notebooks")
            .id("degraded")
            .startedAt(now.minus(ofHours(30)))
            .degradedAt(now.minus(ofHours(1))));
    run(
        SessionSetup.in("notebooks")
            .id("careful")
            .tags(Map.of(TAG + "max-calculation-minutes", "90")),
        ofMinutes(100));

    model.addWorkGroup(
        "connect",
        SparkModel.SPARK_35,
        Map.of("owner", "team science", TAG + "max-session-hours", "12"));
    run(SessionSetup.in("connect").id("endless"), ofHours(14));
    run(SessionSetup.in("connect").id("fresh"), ofHours(2));
  }

  private void busy(String name, Duration age, Map<String, String> tags) {
    run(SessionSetup.in("etl").id(name).tags(tags), age);
  }

  private void run(SessionSetup session, Duration age) {
    var id = model.add(session.startedAt(now.minus(age).minusSeconds(60)));
    model.add(
        CalculationSetup.in(id)
            .id(id + "-job")
            .course(Course.lasting(ofHours(100)))
            .submittedAt(now.minus(age)));
  }

  private void idle(String name, Duration idle, Map<String, String> tags) {
    model.add(SessionSetup.in("notebooks").id(name).tags(tags).startedAt(now.minus(idle)));
  }
}
