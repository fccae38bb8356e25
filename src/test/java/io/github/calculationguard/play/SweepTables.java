package io.github.calculationguard.play;

import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.spark.Format;
import io.github.calculationguard.standin.Json;
import io.github.calculationguard.standin.LambdaFunction.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Prints what a sweep found, stopped and left, as tables. */
record SweepTables(Screen screen, SparkModel model) {

  private static final double USD_PER_DPU_HOUR = 0.35;

  void findings(String title, Result result) {
    screen.title(title);
    var lines = lines(result);
    var rows = new ArrayList<List<String>>();
    rows.add(List.of("OUTCOME", "TARGET", "WORKGROUP", "REASON", "COST", "BASIS"));
    lines.stream()
        .filter(line -> "finding".equals(line.get("event")))
        .forEach(
            line ->
                rows.add(
                    List.of(
                        text(line, "outcome"),
                        target(line.get("calculation_id"), line.get("session_id")),
                        text(line, "work_group"),
                        text(line, "reason"),
                        usd(line.get("cost_usd")),
                        text(line, "cost_basis"))));
    screen.table(rows);
    lines.stream()
        .filter(line -> "sweep_failure".equals(line.get("event")))
        .forEach(line -> screen.say(text(line, "subject") + ": " + text(line, "reason")));
    lines.stream()
        .filter(line -> "sweep".equals(line.get("event")))
        .forEach(
            line ->
                screen.say(
                    "%s and %s seen, %s over a limit, %s to Athena"
                        .formatted(
                            count(line, "sessions_seen", "session"),
                            count(line, "calculations_seen", "calculation"),
                            line.get("over"),
                            count(line, "calls", "call"))));
  }

  private static String count(Map<?, ?> line, String key, String noun) {
    return Format.count(((Number) Objects.requireNonNull(line.get(key))).longValue(), noun);
  }

  /** Messages of the sweep; those of the stop function have other outcomes. */
  void print(String title, List<List<String>> rows) {
    screen.title(title);
    if (rows.size() == 1) {
      screen.say("none");
    } else {
      screen.table(rows);
    }
  }

  static List<String> stop(Map<?, ?> line) {
    var millis = line.get("confirm_millis");
    return List.of(
        text(line, "outcome"),
        target(line.get("calculation_id"), line.get("session_id")),
        text(line, "state"),
        millis == null ? "" : millis + " ms",
        usd(line.get("cost_usd")),
        usd(line.get("still_costs")) + "/h",
        text(line, "reason"));
  }

  void sessions(String title) {
    screen.title(title);
    var rows = new ArrayList<List<String>>();
    rows.add(List.of("SESSION", "WORKGROUP", "STATE", "COSTS", "TAGS"));
    var total = 0.0;
    for (var group : model.workGroups().entrySet()) {
      rows.add(List.of("", group.getKey(), "", "", tags(group.getValue())));
      for (var session : model.sessionsIn(group.getKey())) {
        if (Stream.of("TERMINATING", "TERMINATED", "FAILED").noneMatch(session.state()::equals)) {
          var costs = USD_PER_DPU_HOUR * session.dpus();
          total += costs;
          rows.add(
              List.of(
                  session.id(),
                  group.getKey(),
                  session.state(),
                  usd(costs) + "/h",
                  tags(session.tags())));
        }
      }
    }
    screen.table(rows);
    screen.say("total: %s per hour".formatted(usd(total)));
  }

  private static String tags(Map<String, String> tags) {
    return tags.toString().replaceAll("calculation-guard:|[{}]", "");
  }

  static List<? extends Map<?, ?>> lines(Result result) {
    return result.log().stream().filter(line -> line.startsWith("{")).map(Json::object).toList();
  }

  static String target(@Nullable Object calculation, @Nullable Object session) {
    return calculation == null ? "session " + session : "calculation " + calculation;
  }

  static String text(Map<?, ?> line, String key) {
    var value = line.get(key);
    return value == null ? "" : value.toString();
  }

  private static String usd(@Nullable Object value) {
    return value instanceof Number number
        ? String.format(Locale.ROOT, "%.2f USD", number.doubleValue())
        : "";
  }
}
