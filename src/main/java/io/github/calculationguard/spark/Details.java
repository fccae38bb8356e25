package io.github.calculationguard.spark;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that is known of a calculation, or of a session, at an instant. What could not be read is
 * absent.
 *
 * @param calculation absent where it is about a session alone
 * @param owner the value of the owner tag, on the session or else on its workgroup
 * @param executors the session's nodes; none where the session is over, or would not tell
 * @param at when this was seen
 */
public record Details(
    @Nullable Calculation calculation,
    @Nullable Session session,
    @Nullable String owner,
    List<Executor> executors,
    Instant at) {

  /** What it used up so far: the calculation, or else the session. */
  public @Nullable Cost cost() {
    if (calculation != null) {
      return Cost.of(calculation, session, executors, at);
    }
    return session == null ? null : Cost.of(session, executors, at);
  }

  /**
   * How many DPUs the session holds, and is billed for, from now on: 0 once it is over, at most its
   * maximum where its nodes are not known, and absent where nothing is.
   */
  public @Nullable Double dpusStillHeld() {
    if (session == null) {
      return null;
    }
    if (session.state().isOver()) {
      return 0.0;
    }
    var alive =
        executors.stream().filter(e -> e.terminatedAt() == null).mapToDouble(Executor::dpus).sum();
    if (alive > 0) {
      return alive;
    }
    return session.maxDpus() == null ? null : session.maxDpus().doubleValue();
  }
}
