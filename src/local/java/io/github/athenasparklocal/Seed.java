package io.github.athenasparklocal;

import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Workgroups, sessions and calculations that are there at the start, from JSON. Times are ISO 8601
 * durations before now. It may describe what the API would refuse, such as two calculations that
 * wait in one session.
 */
final class Seed {

  private final SparkModel model;
  private final Instant now;

  private Seed(SparkModel model) {
    this.model = model;
    this.now = model.now();
  }

  /**
   * Adds what a seed describes.
   *
   * @throws IllegalArgumentException if it is not a seed; the message says where
   */
  static void plant(String json, SparkModel model) {
    var root = new Node("the seed", Json.parse(json));
    var seed = new Seed(model);
    root.each("workGroups", seed::addWorkGroup);
    root.each("sessions", seed::addSession);
    root.each("calculations", seed::addCalculation);
    root.end();
  }

  private void addWorkGroup(Node node) {
    var engine = node.text("engineVersion");
    model.addWorkGroup(
        node.required("name"), engine == null ? SparkModel.PYSPARK_3 : engine, node.tags());
    node.end();
  }

  private void addSession(Node node) {
    var setup = SessionSetup.in(node.required("workGroup")).tags(node.tags());
    node.ifText("id", setup::id);
    node.ifText("description", setup::description);
    node.ifDuration("startedAgo", ago -> setup.startedAt(now.minus(ago)));
    node.ifDuration("idleTimeout", setup::idleTimeout);
    node.ifDuration("terminatedAgo", ago -> setup.terminatedAt(now.minus(ago)));
    node.ifDuration("degradedAgo", ago -> setup.degradedAt(now.minus(ago)));
    node.ifDuration("failedAgo", ago -> setup.failedAt(now.minus(ago)));
    if (node.take("maxDpus") instanceof Long dpus) {
      setup.maxDpus(dpus.intValue());
    }
    if (Boolean.FALSE.equals(node.take("statistics"))) {
      setup.unmeasured();
    }
    node.end();
    node.add(() -> model.add(setup));
  }

  private void addCalculation(Node node) {
    var setup = CalculationSetup.in(node.required("session"));
    node.ifText("id", setup::id);
    node.ifText("description", setup::description);
    var code = node.text("code");
    var course = code == null ? Course.USUAL : Course.of(code);
    if (code != null) {
      setup.code(code);
    }
    var runs = node.duration("runs");
    var fails = Boolean.TRUE.equals(node.take("fails")) || course.fails();
    var onStop = node.onStop(course.onStop());
    setup.course(new Course(runs == null ? course.runs() : runs, fails, onStop));
    node.ifDuration("submittedAgo", ago -> setup.submittedAt(now.minus(ago)));
    node.ifDuration("stoppedAgo", ago -> setup.stoppedAt(now.minus(ago)));
    node.end();
    node.add(() -> model.add(setup));
  }

  /** A JSON object whose members are taken one by one, so that an unknown one is noticed. */
  private static final class Node {

    private final String where;
    private final Map<?, ?> json;
    private final Set<Object> taken = new HashSet<>();

    Node(String where, @Nullable Object json) {
      this.where = where;
      if (!(json instanceof Map<?, ?> map)) {
        throw new IllegalArgumentException(where + " is not a JSON object");
      }
      this.json = map;
    }

    @Nullable Object take(String name) {
      taken.add(name);
      return json.get(name);
    }

    void each(String name, java.util.function.Consumer<Node> action) {
      var list = take(name);
      if (list == null) {
        return;
      }
      if (!(list instanceof List<?> nodes)) {
        throw new IllegalArgumentException(name + " of " + where + " is not a list");
      }
      var number = 0;
      for (var node : nodes) {
        action.accept(new Node(name + "[" + number++ + "]", node));
      }
    }

    @Nullable String text(String name) {
      var value = take(name);
      if (value != null && !(value instanceof String)) {
        throw new IllegalArgumentException(name + " of " + where + " is not a string");
      }
      return (String) value;
    }

    String required(String name) {
      var text = text(name);
      if (text == null) {
        throw new IllegalArgumentException(where + " has no " + name);
      }
      return text;
    }

    void ifText(String name, java.util.function.Consumer<String> action) {
      var text = text(name);
      if (text != null) {
        action.accept(text);
      }
    }

    @Nullable Duration duration(String name) {
      var text = text(name);
      try {
        return text == null ? null : Duration.parse(text);
      } catch (DateTimeParseException e) {
        throw new IllegalArgumentException(
            "%s of %s is not a duration such as PT3H: %s".formatted(name, where, text), e);
      }
    }

    void ifDuration(String name, java.util.function.Consumer<Duration> action) {
      var duration = duration(name);
      if (duration != null) {
        action.accept(duration);
      }
    }

    Map<String, String> tags() {
      return take("tags") instanceof Map<?, ?> tags ? TagOperations.copy(tags) : Map.of();
    }

    Course.OnStop onStop(Course.OnStop otherwise) {
      var finishes = duration("finishesAfterStop");
      var cancels = duration("cancelsAfterStop");
      if (Boolean.TRUE.equals(take("ignoresStop"))) {
        return new Course.OnStop.Ignored();
      }
      if (finishes != null) {
        return new Course.OnStop.Finishes(finishes);
      }
      return cancels == null ? otherwise : new Course.OnStop.Cancels(cancels);
    }

    /** Adds to the model, and says where the seed names something that is not there. */
    void add(Runnable action) {
      try {
        action.run();
      } catch (NoSuchElementException e) {
        throw new IllegalArgumentException(where + ": " + e.getMessage(), e);
      }
    }

    void end() {
      var unknown = new ArrayList<>(json.keySet());
      unknown.removeAll(taken);
      if (!unknown.isEmpty()) {
        throw new IllegalArgumentException(where + " has unknown members: " + unknown);
      }
    }
  }
}
