package io.github.calculationguard.spark;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * Athena's Spark side, in one account and Region, for those who only look.
 *
 * <p>Every method ends by its deadline, tries and pauses included, and throws one of three things:
 * {@link NotFoundException} if there is none by that id, {@link DeniedException} if AWS refuses,
 * which repeating does not heal, and {@link AthenaUnavailableException} if Athena throttled us,
 * failed or did not answer, which it may.
 */
public interface AthenaSparkView {

  /** One calculation with its statistics. */
  Calculation calculation(CalculationId id, Deadline deadline);

  /** One session with its statistics. */
  Session session(SessionId id, Deadline deadline);

  /**
   * The calculations of a session that are not over, newest first, without statistics.
   *
   * <p>None where the session is of the Spark 3.5 release, which knows no calculations.
   */
  List<Calculation> activeCalculations(SessionId session, Deadline deadline);

  /**
   * The calculations of a session that are not over, and those that ended at that instant or later,
   * newest first, without statistics.
   */
  CalculationList calculations(SessionId session, Instant endedSince, Deadline deadline);

  /** The nodes of a session, terminated ones included. */
  List<Executor> executors(SessionId session, Deadline deadline);

  /** The tags of a workgroup or a session. */
  Map<String, String> tags(String arn, Deadline deadline);

  /** All workgroups for Spark. */
  List<WorkGroup> workGroups(Deadline deadline);

  /**
   * The sessions of a workgroup that are not over, degraded ones too, newest first, without
   * statistics.
   */
  List<Session> activeSessions(WorkGroup workGroup, Deadline deadline);
}
