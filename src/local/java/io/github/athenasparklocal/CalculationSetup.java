package io.github.athenasparklocal;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A calculation that is there already when a story begins.
 *
 * <p>Unless told otherwise it is submitted now and takes {@link Course#USUAL}. In a session of
 * Spark Connect it stands for its users' work: it makes the session busy, and no call shows it.
 */
public final class CalculationSetup {

  final String sessionId;
  String id = SparkModel.newId();
  @Nullable String description;
  String code = "spark.range(10).count()";
  Course course = Course.USUAL;
  @Nullable Instant submittedAt;
  @Nullable Instant stoppedAt;

  private CalculationSetup(String sessionId) {
    this.sessionId = sessionId;
  }

  /** A calculation in a session that is there; add them in the order of their submission. */
  public static CalculationSetup in(String sessionId) {
    return new CalculationSetup(sessionId);
  }

  /** Its id, instead of a new one. */
  public CalculationSetup id(String id) {
    this.id = id;
    return this;
  }

  /** Its user's words. */
  public CalculationSetup description(String description) {
    this.description = description;
    return this;
  }

  /** Its code; the course is told apart. */
  public CalculationSetup code(String code) {
    this.code = code;
    return this;
  }

  /** How it goes. */
  public CalculationSetup course(Course course) {
    this.course = course;
    return this;
  }

  /** When it was submitted. */
  public CalculationSetup submittedAt(Instant submittedAt) {
    this.submittedAt = submittedAt;
    return this;
  }

  /** When somebody stopped it. */
  public CalculationSetup stoppedAt(Instant stoppedAt) {
    this.stoppedAt = stoppedAt;
    return this;
  }

  CalculationHistory history(Instant now) {
    return new CalculationHistory(
        id,
        sessionId,
        description,
        code,
        course,
        submittedAt == null ? now : submittedAt,
        stoppedAt);
  }
}
