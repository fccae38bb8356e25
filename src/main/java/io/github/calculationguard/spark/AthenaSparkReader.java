package io.github.calculationguard.spark;

import module java.base;

import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.Session.Executor;

/**
 * The Spark operations of Athena in one account and Region that only read.
 *
 * <p>Every method ends by its deadline, retries included, or throws an {@link
 * AthenaSparkException}.
 */
public interface AthenaSparkReader {

  /** One calculation with its statistics. */
  Calculation calculation(CalculationId id, Deadline deadline);

  /** One session with its statistics. */
  Session session(SessionId id, Deadline deadline);

  /**
   * The active calculations of a session, and those that ended at that instant or later. None if it
   * is of the Spark 3.5 release, which has no calculations.
   */
  CalculationList calculations(SessionId session, Instant endedSince, Deadline deadline);

  /** The nodes of a session, terminated ones included. */
  List<Executor> executors(SessionId session, Deadline deadline);

  /** The tags of a workgroup or a session. */
  Map<String, String> tags(String arn, Deadline deadline);

  /** All workgroups for Spark. */
  List<WorkGroup> workGroups(Deadline deadline);

  /** The active sessions of a workgroup, also degraded ones, newest first, without statistics. */
  List<Session> activeSessions(WorkGroup workGroup, Deadline deadline);

  /** The newest TERMINATED sessions of a workgroup, as many as one page has. */
  List<Session> terminatedSessions(WorkGroup workGroup, Deadline deadline);

  /** Where a session's live Spark UI is. The URL may be signed: it is not to be kept anywhere. */
  String sparkUiUrl(String sessionArn, Deadline deadline);

  /**
   * The calculations of a session as Athena lists them.
   *
   * @param calculations newest first, without statistics
   * @param earlier those of the same pages that ended before: no further page is read for them
   * @param unreadable how many entries had no valid ID; a retry may show them correctly
   */
  record CalculationList(
      List<Calculation> calculations, List<Calculation> earlier, int unreadable) {}
}
