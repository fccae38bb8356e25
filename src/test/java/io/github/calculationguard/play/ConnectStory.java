package io.github.calculationguard.play;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.HandClock;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import java.time.Instant;
import java.util.Map;
import software.amazon.awssdk.services.athena.AthenaClient;

/** A dbt run in sessions of Spark 3.5, over the hours that its workgroup allows. */
record ConnectStory(SparkModel model) {

  private static final String FIRST = "dbt-1";
  private static final String SECOND = "dbt-2";

  /** A session that is over its hours. */
  void begin(Instant now) {
    model.addWorkGroup(
        "connect",
        SparkModel.SPARK_35,
        Map.of("owner", "team bi", "calculation-guard:max-session-hours", "12"));
    start(FIRST, "dbt run --select marts", now.minus(ofHours(13)));
  }

  /** Another one that is within them. */
  void addYoung(Instant now) {
    start("notebook", "Notebook: churn features", now.minus(ofHours(2)));
  }

  /** Work that no calculation API shows, on up to 13 DPUs. */
  private void start(String id, String description, Instant at) {
    model.add(
        SessionSetup.in("connect")
            .id(id)
            .description(description)
            .maxDpus(13)
            .executorDpus(2)
            .startedAt(at));
    model.add(
        CalculationSetup.in(id)
            .id(id + "-work")
            .course(Course.lasting(ofHours(100)))
            .submittedAt(at.plusSeconds(30)));
  }

  /** The client starts a session again once the first has ended, and hours pass. */
  void returns(HandClock clock, Screen screen) {
    screen.title("Then");
    if (!model.sessionState(FIRST).startsWith("TERMINAT")) {
      screen.say("Somebody else ends session " + FIRST + ", and the guard does not know who.");
      try (var athena = AthenaClient.create()) {
        athena.terminateSession(request -> request.sessionId(FIRST));
      }
    }
    clock.advance(ofMinutes(2));
    screen.say("Two minutes later dbt starts session " + SECOND + " and submits the same again.");
    start(SECOND, "dbt run --select marts", clock.instant());
    clock.advance(ofHours(13));
  }
}
