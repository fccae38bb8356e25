package io.github.athenasparklocal;

import io.github.athenasparklocal.Timeline.Step;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Everything that follows from a session's history: the states of the session and of its
 * calculations, its executors, and its usage.
 */
final class SessionCourse {

  private static final Instant NEVER = Instant.MAX;

  /**
   * When a calculation held its session's executors.
   *
   * @param to NEVER if it does not end
   */
  private record Run(String calculationId, Instant from, Instant to) {}

  /**
   * One node of the session.
   *
   * @param to NEVER if it does not end
   */
  record Node(String id, String type, int dpus, Instant from, Instant to) {

    String state(Instant now) {
      return to.isAfter(now) ? "REGISTERED" : "TERMINATED";
    }
  }

  private final SessionHistory history;
  private final Pace pace;
  private final Instant ready;

  /** When the session began to end, or NEVER. */
  private final Instant ends;

  /** When the session has ended, or NEVER. */
  private final Instant gone;

  private final Timeline session;
  private final Map<String, Timeline> calculations = new HashMap<>();
  private final List<Run> runs = new ArrayList<>();

  /** When calculations ran or waited to run, merged. */
  private final List<Run> busy = new ArrayList<>();

  SessionCourse(SessionHistory history, Pace pace) {
    this.history = history;
    this.pace = pace;
    ready = history.startedAt().plus(pace.startSession());
    var failed = orNever(history.failedAt());
    var asked = orNever(history.terminateAskedAt());
    var forcedEnd = earlier(failed, asked);
    var forcedGone = forcedEnd.equals(failed) ? failed : later(asked, pace.terminateSession());
    var free = ready;
    for (var calculation : history.calculations()) {
      free = run(calculation, free, forcedEnd, forcedGone);
    }
    var idle = busy.isEmpty() ? ready : busy.getLast().to();
    var idleSince = earlier(idle, forcedEnd);
    var timesOut = history.degradedAt() == null ? later(idleSince, history.idleTimeout()) : NEVER;
    var idledOut = timesOut.isBefore(forcedEnd);
    ends = idledOut ? timesOut : forcedEnd;
    gone = idledOut ? later(timesOut, pace.terminateSession()) : forcedGone;
    session = sessionSteps(idledOut);
  }

  private Instant run(
      CalculationHistory calculation, Instant free, Instant forcedEnd, Instant forcedGone) {
    var submitted = calculation.submittedAt();
    var created = submitted.plus(pace.createCalculation());
    var starts = later(latest(created, free), pace.queueCalculation());
    if (!starts.isBefore(forcedEnd)) {
      starts = NEVER;
    }
    var stop = orNever(calculation.stopAskedAt());
    var steps = new ArrayList<Step>();
    steps.add(new Step(submitted, "CREATING"));
    steps.add(new Step(created, "QUEUED"));
    steps.add(new Step(starts, "RUNNING"));
    steps.add(new Step(stop, "CANCELING"));
    var end = end(calculation, starts, stop);
    if (forcedGone.isBefore(end.from())) {
      end = new Step(forcedGone, "FAILED", "The session was terminated");
    }
    // Remove steps that the end or Stop prevents.
    var last = end.from();
    steps.removeIf(
        step ->
            !step.from().isBefore(last)
                || (!step.from().isBefore(stop) && !step.state().equals("CANCELING")));
    var ran = steps.stream().anyMatch(step -> step.state().equals("RUNNING"));
    occupy(calculation.id(), latest(submitted, ready), last);
    if (last.isBefore(NEVER)) {
      steps.add(end);
    }
    calculations.put(calculation.id(), new Timeline(steps));
    if (!ran) {
      return free;
    }
    runs.add(new Run(calculation.id(), starts, last));
    return last;
  }

  // A session is BUSY from a submission on: that it is so before the code runs is a choice.
  private void occupy(String calculationId, Instant from, Instant to) {
    var before = busy.isEmpty() ? null : busy.getLast();
    if (before != null && !from.isAfter(before.to())) {
      busy.removeLast();
      busy.add(new Run(before.calculationId(), before.from(), latest(before.to(), to)));
    } else if (to.isAfter(from)) {
      busy.add(new Run(calculationId, from, to));
    }
  }

  private static Step end(CalculationHistory calculation, Instant starts, Instant stop) {
    var course = calculation.course();
    var byItself =
        course.fails()
            ? new Step(later(starts, course.runs()), "FAILED", "The code raised an exception")
            : new Step(later(starts, course.runs()), "COMPLETED");
    if (!stop.isBefore(byItself.from())) {
      return byItself;
    }
    if (stop.isBefore(starts)) {
      return new Step(later(stop, Duration.ofMillis(500)), "CANCELED", CANCELED);
    }
    return switch (course.onStop()) {
      case Course.OnStop.Cancels cancels -> {
        var canceled = new Step(later(stop, cancels.after()), "CANCELED", CANCELED);
        yield canceled.from().isBefore(byItself.from()) ? canceled : byItself;
      }
      case Course.OnStop.Finishes finishes -> new Step(later(stop, finishes.after()), "COMPLETED");
      case Course.OnStop.Ignored _ -> new Step(NEVER, "CANCELING");
    };
  }

  private static final String CANCELED = "The calculation was canceled by its user";

  private Timeline sessionSteps(boolean idledOut) {
    var steps = new ArrayList<Step>();
    steps.add(new Step(history.startedAt(), "CREATING"));
    steps.add(new Step(ready, "IDLE"));
    for (var run : busy) {
      steps.add(new Step(run.from(), "BUSY"));
      steps.add(new Step(run.to(), "IDLE"));
    }
    var degraded = orNever(history.degradedAt());
    steps.removeIf(step -> !step.from().isBefore(earlier(degraded, ends)));
    if (degraded.isBefore(ends)) {
      steps.add(new Step(degraded, "DEGRADED", "The session has no healthy coordinator"));
    }
    if (ends.isBefore(NEVER)) {
      if (ends.equals(history.failedAt())) {
        steps.add(new Step(gone, "FAILED", "The session failed"));
      } else {
        var reason = idledOut ? "The session was idle for too long" : "The user terminated it";
        steps.add(new Step(ends, "TERMINATING", reason));
        steps.add(new Step(gone, "TERMINATED", reason));
      }
    }
    return new Timeline(steps);
  }

  /** The session's step at an instant. */
  Step session(Instant now) {
    return session.at(now);
  }

  /** A calculation's step at an instant. */
  Step calculation(String id, Instant now) {
    return Objects.requireNonNull(calculations.get(id), id).at(now);
  }

  /** When the session ended; absent before. */
  @Nullable Instant endedAt(Instant now) {
    return gone.isAfter(now) ? null : gone;
  }

  /** The nodes that have joined by an instant, newest first. */
  List<Node> nodes(Instant now) {
    var nodes = new ArrayList<Node>();
    nodes.add(node("COORDINATOR", history.coordinatorDpus(), history.startedAt(), gone));
    for (var run : runs) {
      for (var i = 1; i <= workers(); i++) {
        var joins = later(run.from(), pace.joinWorker().multipliedBy(i));
        if (joins.isAfter(now) || !joins.isBefore(run.to())) {
          break;
        }
        nodes.add(node("WORKER", history.workerDpus(), joins, run.to()));
      }
    }
    nodes.removeIf(node -> node.from().isAfter(now));
    return nodes.reversed();
  }

  /** How many DPUs the session holds. */
  int dpus(Instant now) {
    return nodes(now).stream()
        .filter(node -> node.to().isAfter(now))
        .mapToInt(Node::dpus)
        .sum();
  }

  private Node node(String type, int dpus, Instant from, Instant to) {
    var name = history.id() + type + from;
    var id = UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)).toString();
    return new Node(id, type, dpus, from, to);
  }

  private int workers() {
    return Math.max(0, (history.maxDpus() - history.coordinatorDpus()) / history.workerDpus());
  }

  /** DPU × time of the session until an instant. */
  Duration dpuTime(Instant now) {
    var total = overlap(history.startedAt(), gone, now).multipliedBy(history.coordinatorDpus());
    for (var run : runs) {
      total = total.plus(workersTime(run, now));
    }
    return total;
  }

  /** DPU × time of a calculation until an instant; absent until it runs. */
  @Nullable Duration dpuTime(String calculationId, Instant now) {
    for (var run : runs) {
      if (run.calculationId().equals(calculationId) && !run.from().isAfter(now)) {
        return overlap(run.from(), run.to(), now)
            .multipliedBy(history.coordinatorDpus())
            .plus(workersTime(run, now));
      }
    }
    return null;
  }

  /** When a calculation began to run; absent if it did not. */
  @Nullable Instant ranFrom(String calculationId) {
    return runs.stream()
        .filter(run -> run.calculationId().equals(calculationId))
        .map(Run::from)
        .findFirst()
        .orElse(null);
  }

  /** How long a calculation has run. */
  Duration ran(String calculationId, Instant now) {
    return runs.stream()
        .filter(run -> run.calculationId().equals(calculationId))
        .map(run -> overlap(run.from(), run.to(), now))
        .findFirst()
        .orElse(Duration.ZERO);
  }

  private Duration workersTime(Run run, Instant now) {
    var lasted = overlap(run.from(), run.to(), now);
    var total = Duration.ZERO;
    for (var i = 1; i <= workers(); i++) {
      var worked = lasted.minus(pace.joinWorker().multipliedBy(i));
      if (worked.isNegative()) {
        break;
      }
      total = total.plus(worked.multipliedBy(history.workerDpus()));
    }
    return total;
  }

  private static Duration overlap(Instant from, Instant to, Instant now) {
    var lasted = Duration.between(from, earlier(to, now));
    return lasted.isNegative() ? Duration.ZERO : lasted;
  }

  private static Instant orNever(@Nullable Instant instant) {
    return instant == null ? NEVER : instant;
  }

  private static Instant earlier(Instant a, Instant b) {
    return a.isBefore(b) ? a : b;
  }

  private static Instant latest(Instant a, Instant b) {
    return a.isAfter(b) ? a : b;
  }

  private static Instant later(Instant instant, Duration by) {
    return instant.equals(NEVER) ? NEVER : instant.plus(by);
  }
}
