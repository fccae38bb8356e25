package io.github.athenasparklocal;

import io.github.athenasparklocal.LocalService.Request;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The page for people at {@code /}, and {@code /_local/state} and {@code /_local/reset}. */
final class Console {

  private final LocalAthena athena;

  Console(LocalAthena athena) {
    this.athena = athena;
  }

  @Nullable Reply answer(Request request) {
    var accept = request.header().apply("Accept");
    return switch (request.method() + " " + request.path()) {
      case "GET /_local/state" -> state();
      case "POST /_local/reset" -> {
        athena.reset();
        yield state();
      }
      case "GET /" ->
          accept != null && accept.contains("text/html")
              ? new Reply(200, "text/html; charset=utf-8", page())
              : null;
      default ->
          request.path().startsWith("/_local/")
              ? new Reply(404, "text/plain", "There are GET /_local/state and POST /_local/reset\n")
              : null;
    };
  }

  private static String page() {
    try (var in = Objects.requireNonNull(Console.class.getResourceAsStream("console.html"))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Reply state() {
    var regions = new TreeMap<String, Object>();
    athena.models().forEach((name, model) -> regions.put(name, State.of(model)));
    var state = new LinkedHashMap<String, Object>();
    state.put("regions", regions);
    state.put("calls", athena.counts());
    return new Reply(200, "application/json", Json.text(state));
  }

  /** A Region's state in JSON's types. */
  private static final class State {

    private State() {}

    static Map<String, Object> of(SparkModel model) {
      synchronized (model) {
        return Members.of(
            "now",
            model.now().toString(),
            "workGroups",
            model.groups().stream()
                .map(
                    group ->
                        Members.of(
                            "name",
                            group.name(),
                            "engineVersion",
                            group.engineVersion(),
                            "tags",
                            model.tags(model.arn(group.name())),
                            "sessions",
                            model.sessions(group.name()).stream()
                                .map(session -> of(model, session))
                                .toList()))
                .toList(),
            "notebooks",
            model.notebooks().values().stream()
                .map(
                    notebook ->
                        Members.of(
                            "id",
                            notebook.id(),
                            "name",
                            notebook.name(),
                            "workGroup",
                            notebook.workGroup()))
                .toList());
      }
    }

    private static Map<String, Object> of(SparkModel model, SessionHistory session) {
      var now = model.now();
      var course = model.course(session);
      var step = course.session(now);
      return Members.of(
          "id",
          session.id(),
          "state",
          step.state(),
          "since",
          step.from().toString(),
          "reason",
          step.reason(),
          "description",
          session.description(),
          "startedAt",
          session.startedAt().toString(),
          "dpus",
          course.dpus(now),
          "dpuSeconds",
          course.dpuTime(now).toSeconds(),
          "tags",
          model.tags(model.arn(session)),
          "calculations",
          session.calculations().reversed().stream()
              .map(each -> of(course, each, now))
              .toList());
    }

    private static Map<String, Object> of(
        SessionCourse course, CalculationHistory calculation, Instant now) {
      var step = course.calculation(calculation.id(), now);
      return Members.of(
          "id",
          calculation.id(),
          "state",
          step.state(),
          "since",
          step.from().toString(),
          "reason",
          step.reason(),
          "description",
          calculation.description(),
          "submittedAt",
          calculation.submittedAt().toString());
    }
  }
}
