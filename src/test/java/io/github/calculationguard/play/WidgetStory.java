package io.github.calculationguard.play;

import com.fasterxml.jackson.jr.ob.JSON;
import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.lambda.InProcess;
import io.github.calculationguard.play.SampleEvent.UnplayableException;
import io.github.calculationguard.standin.FunctionSettings;
import io.github.calculationguard.standin.InProcessLambda;
import io.github.calculationguard.standin.Json;
import io.github.calculationguard.standin.LambdaFunction.Outcome;
import io.github.calculationguard.standin.LocalLambda;
import io.github.calculationguard.standin.LocalWorld;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** The sessions that the page shows in its demonstration and in its tests. */
public final class WidgetStory {

  /** The calculation that costs most. */
  public static final String COSTLIEST = "82c1ebb4-bd08-e4c3-5631-a662fb2ff2c5";

  private static final String STOP_FUNCTION =
      "arn:aws:lambda:us-east-1:123456789012:function:calculation-guard-StopFunction:live";

  private WidgetStory() {}

  /** Adds busy, idle, degraded and exempt sessions, and one of the Spark 3.5 release. */
  public static void usual(SparkModel model, Instant now) {
    model.addWorkGroup(
        "analytics",
        SparkModel.PYSPARK_3,
        Map.of("owner", "team data", "calculation-guard:mode", "enforce"));
    model.addWorkGroup("ml-research", SparkModel.PYSPARK_3, Map.of("owner", "ines"));
    model.addWorkGroup("connect", SparkModel.SPARK_35, Map.of("owner", "team bi"));
    model.addWorkGroup("primary", SparkModel.SQL_3, Map.of());
    busy(model, now, "analytics", COSTLIEST, "Nightly join of all orders", 187, Map.of());
    busy(model, now, "analytics", SparkModel.newId(), "Backfill March to May", 108, Map.of());
    busy(
        model,
        now,
        "ml-research",
        SparkModel.newId(),
        "Quarter close: please do not stop",
        133,
        Map.of("owner", "amara", "calculation-guard:exempt-until", "2026-11-22T18:00:00Z"));
    var notebook =
        model.add(
            SessionSetup.in("ml-research")
                .description("Notebook: churn features")
                .maxDpus(8)
                .startedAt(now.minus(Duration.ofMinutes(100))));
    model.add(
        CalculationSetup.in(notebook)
            .submittedAt(now.minus(Duration.ofMinutes(90)))
            .course(Course.lasting(Duration.ofMinutes(43))));
    model.add(
        SessionSetup.in("ml-research")
            .description("Notebook: embeddings")
            .unmeasured()
            .maxDpus(4)
            .startedAt(now.minus(Duration.ofMinutes(400)))
            .degradedAt(now.minus(Duration.ofMinutes(5))));
    var connect =
        model.add(
            SessionSetup.in("connect")
                .description("dbt run --select marts")
                .maxDpus(10)
                .startedAt(now.minus(Duration.ofMinutes(75))));
    model.add(CalculationSetup.in(connect).submittedAt(now.minus(Duration.ofMinutes(70))));
  }

  /** A session and the calculation that runs in it. */
  public static void busy(
      SparkModel model,
      Instant now,
      String workGroup,
      String calculation,
      String description,
      int minutes,
      Map<String, String> tags) {
    var submitted = now.minus(Duration.ofMinutes(minutes));
    var session =
        model.add(
            SessionSetup.in(workGroup)
                .description(description)
                .maxDpus(Math.max(4, minutes / 9))
                .startedAt(submitted.minus(Duration.ofMinutes(20)))
                .tags(tags));
    model.add(
        CalculationSetup.in(session)
            .id(calculation)
            .description(description)
            .submittedAt(submitted)
            .course(Course.lasting(Duration.ofHours(100))));
  }

  /**
   * Writes the page that the real function makes to a file.
   *
   * @return whether the function answered
   */
  static boolean play(LocalWorld world, PrintStream out) throws UnplayableException {
    var now = Instant.now();
    usual(world.athena().model(), now);
    var environment = new HashMap<>(world.environment());
    environment.put("STOP_FUNCTION_ARN", STOP_FUNCTION);
    environment.put("CALLS_PER_SECOND", "20");
    environment.put("ESCALATION", "TERMINATE_SESSION");
    var settings =
        FunctionSettings.of(
            "calculation-guard-WidgetFunction",
            "io.github.calculationguard.lambda.WidgetHandler",
            LocalWorld.PLACE,
            environment);
    var event = Json.text(SampleEvent.read(Path.of("events", "widget.json")).json());
    try (var function =
        LocalLambda.isSupported()
            ? new LocalLambda(settings)
            : new InProcessLambda(settings, InProcess.widget(environment))) {
      return switch (function.invoke(event, Duration.ofSeconds(20)).outcome()) {
        case Outcome.Answer answer -> {
          var page = Path.of("target", "widget.html");
          Files.writeString(page, "<!doctype html>\n<meta charset=\"utf-8\">\n" + html(answer));
          out.println("Wrote " + page + ". Open it in a browser.");
          out.println("The buttons work only in a CloudWatch dashboard.");
          yield true;
        }
        case Outcome.Failure failure -> {
          out.println(failure.json());
          yield false;
        }
      };
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String html(Outcome.Answer answer) throws IOException {
    return (String) Objects.requireNonNull(JSON.std.anyFrom(answer.json()));
  }
}
