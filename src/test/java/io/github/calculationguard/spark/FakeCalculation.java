package io.github.calculationguard.spark;

import module java.base;

/** A calculation in {@link FakeAthenaSpark}: how it goes on by itself, and once it is stopped. */
public final class FakeCalculation {

  /** What can go wrong with requests about it. */
  public enum Trouble {
    NONE,
    /** Athena answers Stop with an error, and does nothing. */
    ERROR,
    /** Athena does what it was asked, and its answer to Stop is lost. */
    ANSWER_LOST,
    /** Athena does what it was asked, but does not describe it. */
    NOT_DESCRIBED,
    /** Stop's answer says that the calculation was canceled, and it still cancels. */
    ANSWERED_TOO_EARLY,
    /** A list has something in its place that is no ID. */
    MALFORMED
  }

  private final Calculation given;
  private final Instant submitted;
  private final Instant completes;
  private final Duration cancelTakes;
  private Instant canceled = Instant.MAX;
  private Instant cutOff = Instant.MAX;
  private Trouble trouble = Trouble.NONE;
  private Instant troubleEnds = Instant.MAX;
  boolean wasSeen;

  private FakeCalculation(
      Calculation given, Instant submitted, Instant completes, Duration cancelTakes) {
    this.given = given;
    this.submitted = submitted;
    this.completes = completes;
    this.cancelTakes = cancelTakes;
  }

  /**
   * A calculation of {@link FakeAthenaSpark#SESSION}, which shows once it is submitted.
   *
   * @param completes when it completes if nothing ends it before
   * @param cancelTakes how long it goes on after the first Stop
   */
  public FakeCalculation(String id, Instant submitted, Instant completes, Duration cancelTakes) {
    this(
        new Calculation(
            new CalculationId(id),
            FakeAthenaSpark.SESSION,
            new CalculationState("RUNNING"),
            "Nightly join",
            submitted,
            null,
            null,
            Calculation.NO_OUTPUT),
        submitted,
        completes,
        cancelTakes);
  }

  /** A calculation that stays as it is given, and that Stop cancels at once. */
  FakeCalculation(Calculation given) {
    this(given, Instant.MIN, Instant.MAX, Duration.ZERO);
  }

  /** Adds trouble that ends. */
  public FakeCalculation with(Trouble trouble, Instant until) {
    this.trouble = trouble;
    troubleEnds = until;
    return this;
  }

  public CalculationId id() {
    return given.id();
  }

  public Instant submitted() {
    return submitted;
  }

  public Instant troubleEnds() {
    return troubleEnds;
  }

  public CalculationState state(Instant now) {
    if (!hasEnded(now)) {
      return wasStopped() ? CalculationState.CANCELING : given.state();
    }
    var end = end();
    return new CalculationState(
        end.equals(completes) ? "COMPLETED" : end.equals(cutOff) ? "FAILED" : "CANCELED");
  }

  public boolean wasStopped() {
    return canceled.isBefore(Instant.MAX);
  }

  /** Whether Stop or the end of its session has ended it. */
  public boolean wasCutOff(Instant now) {
    return hasEnded(now) && end().isBefore(completes);
  }

  /** Whether it was listed while its session was active, so that somebody could know of it. */
  public boolean wasSeen() {
    return wasSeen;
  }

  void stop(Instant now) {
    if (!wasStopped() && !state(now).hasEnded()) {
      canceled = now.plus(cancelTakes);
    }
  }

  void cutOff(Instant now) {
    if (!state(now).hasEnded()) {
      cutOff = now;
    }
  }

  Trouble trouble(Instant now) {
    return now.isBefore(troubleEnds) ? trouble : Trouble.NONE;
  }

  boolean isIn(SessionId session, Instant now) {
    return session.equals(given.sessionId()) && !submitted.isAfter(now);
  }

  /** When it ends, as far as is known; {@link Instant#MAX} if nothing ends it. */
  Instant end() {
    return Collections.min(List.of(canceled, completes, cutOff));
  }

  private boolean hasEnded(Instant now) {
    return !end().isAfter(now);
  }

  Calculation describe(Instant now, boolean withStatistics) {
    return new Calculation(
        id(),
        given.sessionId(),
        state(now),
        given.description(),
        given.submittedAt(),
        hasEnded(now) ? end() : given.completedAt(),
        withStatistics ? given.dpuTime() : null,
        Calculation.NO_OUTPUT);
  }

  @Override
  public String toString() {
    return "%s, completes %s, cancels in %s, %s until %s"
        .formatted(given, completes, cancelTakes, trouble, troubleEnds);
  }
}
