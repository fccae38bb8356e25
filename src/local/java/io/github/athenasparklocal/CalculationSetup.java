package io.github.athenasparklocal;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A calculation to add to a {@link SparkModel}.
 *
 * <p>Unless told otherwise it is submitted now and takes {@link Course#USUAL}. In a session of
 * Spark Connect it stands for its users' work: it makes the session busy, and no operation shows
 * it.
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

  /** A calculation in an existing session. Add calculations in the order of their submission. */
  public static CalculationSetup in(String sessionId) {
    return new CalculationSetup(sessionId);
  }

  /** Sets its ID. */
  public CalculationSetup id(String id) {
    this.id = id;
    return this;
  }

  /** Sets its description. */
  public CalculationSetup description(String description) {
    this.description = description;
    return this;
  }

  /** Sets its code, which does not change its course. */
  public CalculationSetup code(String code) {
    this.code = code;
    return this;
  }

  /** Sets how it behaves. */
  public CalculationSetup course(Course course) {
    this.course = course;
    return this;
  }

  /** Sets when it was submitted. */
  public CalculationSetup submittedAt(Instant submittedAt) {
    this.submittedAt = submittedAt;
    return this;
  }

  /** Sets when Stop was called. */
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
        stoppedAt,
        null);
  }
}
