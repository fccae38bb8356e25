package io.github.athenasparklocal;

import java.time.Duration;

/**
 * How long Athena's own steps take.
 *
 * @param startSession CREATING before IDLE
 * @param createCalculation CREATING before QUEUED
 * @param queueCalculation QUEUED before RUNNING, once the session is free
 * @param terminateSession TERMINATING before TERMINATED
 * @param joinWorker between one worker and the next, as a session grows
 */
public record Pace(
    Duration startSession,
    Duration createCalculation,
    Duration queueCalculation,
    Duration terminateSession,
    Duration joinWorker) {

  /** An optimistic guess. */
  public static final Pace USUAL =
      new Pace(
          Duration.ofSeconds(2),
          Duration.ofMillis(200),
          Duration.ofMillis(500),
          Duration.ofSeconds(3),
          Duration.ofSeconds(2));
}
