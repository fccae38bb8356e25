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

/** A story that the local run plays. */
enum Scenario {
  RUNAWAY("a calculation that has run for three hours"),
  FINISHED("it was over before we ask"),
  UNKNOWN("there is no such calculation"),
  DENIED("AWS does not let us stop it"),
  THROTTLED("Athena throttles twice, then works"),
  DOWN("Athena fails every time"),
  STUBBORN("it cancels only when its session is terminated"),
  SLOW("it takes 20 seconds of its clock to cancel"),
  FINISHES("it completes while we cancel"),
  MUTE("SNS fails all through the first delivery of the order"),
  LATE("the order is three hours old, and something else runs in the session by now"),
  SWEEP("a schedule finds what runs away in three workgroups, and orders it to be stopped"),
  WIDGET("what runs now, as the page on the dashboard shows it");

  final String story;

  Scenario(String story) {
    this.story = story;
  }

  static Optional<Scenario> named(String name) {
    return Arrays.stream(values()).filter(scenario -> scenario.toString().equals(name)).findFirst();
  }

  static String all() {
    return Arrays.stream(values()).map(Scenario::toString).collect(Collectors.joining(", "));
  }

  /** How the calculation goes. */
  Course course() {
    return switch (this) {
      case FINISHED -> Course.lasting(Duration.ofHours(1));
      case STUBBORN -> Course.onStop(new OnStop.Ignored());
      case SLOW -> Course.onStop(new OnStop.Cancels(Duration.ofSeconds(20)));
      case FINISHES -> Course.onStop(new OnStop.Finishes(Duration.ofSeconds(5)));
      default -> Course.USUAL;
    };
  }

  /** What goes wrong. */
  void spoil(LocalWorld world, int attempts) {
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
