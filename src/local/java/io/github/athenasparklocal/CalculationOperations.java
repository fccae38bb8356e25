package io.github.athenasparklocal;

import io.github.athenasparklocal.Timeline.Step;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The operations on calculations. */
final class CalculationOperations {

  private static final Set<String> OVER = Set.of("CANCELED", "COMPLETED", "FAILED");

  private final SparkModel model;
  private final SessionOperations sessions;
  private final Settings settings;
  private final Runner runner;

  CalculationOperations(
      SparkModel model, SessionOperations sessions, Settings settings, Runner runner) {
    this.model = model;
    this.sessions = sessions;
    this.settings = settings;
    this.runner = runner;
  }

  Map<String, Object> start(Members request) {
    var session = withCalculations(request.get("SessionId"));
    var state = sessions.state(session);
    if (!state.equals("IDLE")) {
      // dbt-athena waits for these words.
      throw Refused.invalid(
          "Session is in the %s state; needs to be IDLE to accept Calculations.".formatted(state));
    }
    var code = code(request);
    var calculation =
        new CalculationHistory(
            SparkModel.newId(),
            session.id(),
            request.find("Description"),
            code,
            runner.runsCode() ? Course.UNKNOWN : Course.of(code),
            model.now(),
            null,
            null);
    model.add(calculation);
    runner.start(model, calculation);
    return Members.of(
        "CalculationExecutionId", calculation.id(), "State", step(calculation).state());
  }

  private static String code(Members request) {
    // Old clients put the code into the configuration.
    var configured = request.map("CalculationConfiguration").get("CodeBlock");
    var code = request.find("CodeBlock");
    if (code == null && configured == null) {
      throw Refused.invalid("CodeBlock is required");
    }
    if (code != null && configured != null) {
      throw Refused.invalid("CodeBlock and CalculationConfiguration.CodeBlock exclude each other");
    }
    return code == null ? String.valueOf(configured) : code;
  }

  Map<String, Object> stop(Members request) {
    var calculation = calculation(request);
    if (!OVER.contains(step(calculation).state()) && calculation.stopAskedAt() == null) {
      var session = sessions.session(calculation.sessionId());
      model.put(session.stopped(calculation.id(), model.now()));
      runner.stop(calculation);
    }
    return Members.of("State", step(calculation).state());
  }

  Map<String, Object> get(Members request) {
    var calculation = calculation(request);
    return Members.of(
        "CalculationExecutionId",
        calculation.id(),
        "SessionId",
        calculation.sessionId(),
        "Description",
        calculation.description(),
        "WorkingDirectory",
        directory(calculation),
        "Status",
        status(calculation),
        "Statistics",
        statistics(calculation),
        "Result",
        result(calculation));
  }

  private String directory(CalculationHistory calculation) {
    return sessions.session(calculation.sessionId()).directory() + calculation.id() + "/";
  }

  private @Nullable Map<String, Object> result(CalculationHistory calculation) {
    var state = step(calculation).state();
    if (!OVER.contains(state)) {
      return null;
    }
    var directory = directory(calculation);
    settings.objects().write(directory, Output.of(calculation, state));
    var completed = state.equals("COMPLETED");
    return Members.of(
        "StdOutS3Uri",
        directory + "stdout",
        "StdErrorS3Uri",
        directory + "stderr",
        "ResultS3Uri",
        completed ? directory + "result" : null,
        "ResultType",
        completed ? "application/vnd.aws.athena.v1+json" : null);
  }

  Map<String, Object> getStatus(Members request) {
    var calculation = calculation(request);
    return Members.of("Status", status(calculation), "Statistics", statistics(calculation));
  }

  Map<String, Object> getCode(Members request) {
    return Members.of("CodeBlock", calculation(request).code());
  }

  Map<String, Object> list(Members request) {
    var session = withCalculations(request.get("SessionId"));
    var filter = request.find("StateFilter");
    var page =
        Page.of(
            request,
            session.id() + " " + filter,
            session.calculations().reversed(),
            CalculationHistory::id,
            each -> filter == null || filter.equals(step(each).state()),
            SessionOperations.MAX_PAGE);
    return Members.of(
        "Calculations",
        page.map(
            each ->
                Members.of(
                    "CalculationExecutionId",
                    each.id(),
                    "Description",
                    each.description(),
                    "Status",
                    status(each))),
        "NextToken",
        page.nextToken());
  }

  // The error is a choice: AWS says only that these calls "are not supported in this release".
  private SessionHistory withCalculations(String id) {
    var session = sessions.session(id);
    if (session.engineVersion().equals(SparkModel.SPARK_35)) {
      throw Refused.invalid(
          "Session %s runs %s, which supports no calculations"
              .formatted(id, session.engineVersion()));
    }
    return session;
  }

  // The error is a choice: what Athena answers about an unknown calculation is not documented.
  private CalculationHistory calculation(Members request) {
    var id = request.get("CalculationExecutionId");
    var calculation = model.calculation(id);
    if (calculation == null) {
      throw Refused.notFound(id, "Calculation execution %s was not found".formatted(id));
    }
    withCalculations(calculation.sessionId());
    return calculation;
  }

  private Step step(CalculationHistory calculation) {
    return model
        .course(sessions.session(calculation.sessionId()))
        .calculation(calculation.id(), model.now());
  }

  private Map<String, Object> status(CalculationHistory calculation) {
    var step = step(calculation);
    return Members.of(
        "SubmissionDateTime",
        calculation.submittedAt(),
        "CompletionDateTime",
        OVER.contains(step.state()) ? step.from() : null,
        "State",
        step.state(),
        "StateChangeReason",
        step.reason());
  }

  // Clients refuse an answer without Statistics, in whatever state. That Progress is a percentage
  // is a choice.
  private @Nullable Map<String, Object> statistics(CalculationHistory calculation) {
    var session = sessions.session(calculation.sessionId());
    if (!session.measured()) {
      return null;
    }
    var course = model.course(session);
    var used = course.dpuTime(calculation.id(), model.now());
    return Members.of(
        "DpuExecutionInMillis",
        (used == null ? Duration.ZERO : used).toMillis(),
        "Progress",
        progress(calculation, course) + "%");
  }

  private long progress(CalculationHistory calculation, SessionCourse course) {
    if (step(calculation).state().equals("COMPLETED")) {
      return 100;
    }
    var ran = course.ran(calculation.id(), model.now()).toMillis();
    return Math.min(99, 100 * ran / Math.max(1, calculation.course().runs().toMillis()));
  }
}
