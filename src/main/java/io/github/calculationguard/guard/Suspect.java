package io.github.calculationguard.guard;

import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationState;
import io.github.calculationguard.spark.Executor;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Snapshot;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is judged: a calculation or a session, with what is known of it so far. */
public sealed interface Suspect {

  /**
   * A calculation that is not over.
   *
   * @param session the one that it runs in
   * @param executors of that session; empty where nobody asked
   */
  record RunningCalculation(Calculation calculation, Session session, List<Executor> executors)
      implements Suspect {}

  /**
   * A session that is not over.
   *
   * @param executors empty where nobody asked
   */
  record ActiveSession(Session session, List<Executor> executors) implements Suspect {}

  /** The calculation in its session, or the session alone. */
  static Suspect of(@Nullable Calculation calculation, Session session, List<Executor> executors) {
    return calculation == null
        ? new ActiveSession(session, executors)
        : new RunningCalculation(calculation, session, executors);
  }

  /** The session itself, or that in which the calculation runs. */
  Session session();

  /** The nodes of the session, as far as somebody asked for them. */
  List<Executor> executors();

  /** The calculation, if it is one. */
  default @Nullable Calculation calculation() {
    return null;
  }

  /** The id of what is judged, as Athena says it. */
  default String id() {
    var calculation = calculation();
    return calculation == null ? session().id().value() : calculation.id().value();
  }

  /** The same as it was at an instant, with its owner if one is known. */
  default Snapshot details(@Nullable String owner, Instant at) {
    return new Snapshot(calculation(), session(), owner, executors(), at);
  }

  /** Whether it ended by itself. */
  default boolean isOver() {
    var calculation = calculation();
    return session().state().isOver() || (calculation != null && calculation.state().isOver());
  }

  /** Whether somebody has asked already for it to be stopped. */
  default boolean isCanceling() {
    var calculation = calculation();
    return calculation != null && calculation.state().equals(CalculationState.CANCELING);
  }
}
