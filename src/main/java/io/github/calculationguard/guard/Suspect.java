package io.github.calculationguard.guard;

import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationState;
import io.github.calculationguard.spark.Cost;
import io.github.calculationguard.spark.Executor;
import io.github.calculationguard.spark.Session;
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

  /** The session itself, or that in which the calculation runs. */
  Session session();

  /** The nodes of the session, as far as somebody asked for them. */
  List<Executor> executors();

  /** The id of what is judged, as Athena says it. */
  default String id() {
    return switch (this) {
      case RunningCalculation it -> it.calculation.id().value();
      case ActiveSession it -> it.session.id().value();
    };
  }

  /** What it used up; absent where nothing is known. */
  default @Nullable Cost cost(Instant now) {
    return switch (this) {
      case RunningCalculation it -> Cost.of(it.calculation, it.session, it.executors, now);
      case ActiveSession it -> Cost.of(it.session, it.executors, now);
    };
  }

  /**
   * The DPUs that its session holds now, or at most holds where its nodes are not known: what it
   * costs from now on until the session ends or shrinks.
   */
  default double dpusNow() {
    if (executors().isEmpty()) {
      var most = session().maxDpus();
      return most == null ? 0 : most;
    }
    return executors().stream()
        .filter(executor -> executor.terminatedAt() == null)
        .mapToDouble(Executor::dpus)
        .sum();
  }

  /** Whether it ended by itself. */
  default boolean isOver() {
    return session().state().isOver()
        || (this instanceof RunningCalculation it && it.calculation.state().isOver());
  }

  /** Whether somebody has asked already for it to be stopped. */
  default boolean isCanceling() {
    return this instanceof RunningCalculation it
        && it.calculation.state().equals(CalculationState.CANCELING);
  }

  /** The same, with the nodes of its session. */
  default Suspect with(List<Executor> executors) {
    return switch (this) {
      case RunningCalculation it -> new RunningCalculation(it.calculation, it.session, executors);
      case ActiveSession it -> new ActiveSession(it.session, executors);
    };
  }
}
