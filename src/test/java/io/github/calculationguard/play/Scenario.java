package io.github.calculationguard.play;

import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.Course.OnStop;
import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.Faults;
import io.github.calculationguard.standin.LocalWorld;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** What a play shows. */
enum Scenario {
  RUNAWAY("a calculation that has run for three hours"),
  FINISHED("the calculation ended before the stop request"),
  UNKNOWN("unknown calculation ID"),
  DENIED("access denied"),
  THROTTLED("Athena throttles twice, then works"),
  DOWN("Athena fails every time"),
  STUBBORN("it does not cancel until its session is terminated"),
  SLOW("it takes 20 seconds, on a clock that runs 20 times as fast, to cancel"),
  FINISHES("it completes while it is being canceled"),
  MUTE("SNS fails during the whole first delivery"),
  LATE("the request is three hours old, and something else runs in the session now"),
  SWEEP(
      "a scheduled sweep of three workgroups finds runaway calculations and sessions, and requests"
          + " stops"),
  CONNECT("a sweep finds a session of Spark 3.5 that is over its hours"),
  RETURNS("what a sweep had stopped comes back, because its client submits it again"),
  WARNING("one session near its limit is kept by its owner, another one is stopped and appealed"),
  HTTP("a stop over HTTP: 202, then the stop function hands the rest to itself and tells the end"),
  WIDGET("the page on the dashboard");

  /** One line for people. */
  final String summary;

  Scenario(String summary) {
    this.summary = summary;
  }

  static Optional<Scenario> named(String name) {
    return Arrays.stream(values()).filter(scenario -> scenario.toString().equals(name)).findFirst();
  }

  static String all() {
    return Arrays.stream(values()).map(Scenario::toString).collect(Collectors.joining(", "));
  }

  /** How the calculation behaves. */
  Course course() {
    return switch (this) {
      case FINISHED -> Course.lasting(Duration.ofHours(1));
      case STUBBORN -> Course.onStop(new OnStop.Ignored());
      case SLOW -> Course.onStop(new OnStop.Cancels(Duration.ofSeconds(20)));
      case HTTP -> Course.onStop(new OnStop.Cancels(Duration.ofSeconds(110)));
      case FINISHES -> Course.onStop(new OnStop.Finishes(Duration.ofSeconds(5)));
      default -> Course.USUAL;
    };
  }

  /** Sets the faults. */
  void applyFaults(LocalWorld world, int attempts) {
    switch (this) {
      case DENIED ->
          world.athena().faults(Faults.always("StopCalculationExecution", Fault.Refusal.DENIED));
      case THROTTLED ->
          world
              .athena()
              .faults(Faults.first(2, "StopCalculationExecution", Fault.Refusal.THROTTLED));
      case DOWN -> world.athena().faults(Faults.always(Fault.Refusal.INTERNAL_ERROR));
      case MUTE ->
          world.sns().faults(Faults.first(attempts, "Publish", Fault.Refusal.INTERNAL_ERROR));
      default -> {}
    }
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
