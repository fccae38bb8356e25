package io.github.calculationguard.guard;

import io.github.calculationguard.guard.Verdict.Leave;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.CalculationState;
import io.github.calculationguard.spark.Session;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a warm function knows of a session from earlier looks. It tells which sessions need no look
 * now, and nothing else is decided by it.
 *
 * @param maxDpus never changes in a session's life; absent until somebody asked
 * @param quietUntil no calculation that runs in it now began before this
 * @param tags so that tightened limits are looked at in time; they are read anew before anything
 *     follows
 */
record SessionCache(
    Instant seenAt,
    @Nullable Integer maxDpus,
    @Nullable Instant quietUntil,
    Map<String, String> tags) {

  /** Athena's API allows no session more. */
  private static final int MOST_DPUS = 5000;

  private static final CalculationId ANY = new CalculationId("any");
  private static final CalculationState RUNNING = new CalculationState("RUNNING");

  /** What is known of a listed session, with what was known of it before. */
  static SessionCache of(Session session, @Nullable SessionCache before, Instant listedAt) {
    var quietUntil =
        session.state().isIdle()
            ? listedAt
            : before == null ? session.startedAt() : before.quietUntil;
    return before == null
        ? new SessionCache(listedAt, null, quietUntil, Map.of())
        : new SessionCache(listedAt, before.maxDpus, quietUntil, before.tags);
  }

  SessionCache withMaxDpus(@Nullable Integer asked) {
    return new SessionCache(seenAt, asked, quietUntil, tags);
  }

  SessionCache withQuietUntil(@Nullable Instant earliest) {
    return new SessionCache(seenAt, maxDpus, earliest, tags);
  }

  SessionCache withTags(Map<String, String> read) {
    return new SessionCache(seenAt, maxDpus, quietUntil, read);
  }

  /** Whether neither the session nor anything in it can be near a limit, whatever Athena tells. */
  boolean rulesOut(Judge judge, Session session, Limits limits, Instant now) {
    return judge.judge(worst(session), limits, now) instanceof Leave
        && (session.state().isIdle()
            || judge.judge(worst(session, quietUntil), limits, now) instanceof Leave);
  }

  /** The session, as large and as old as it may be. */
  Suspect worst(Session session) {
    return worst(null, session);
  }

  /** The costliest calculation that can have begun in it then. */
  Suspect worst(Session session, @Nullable Instant submittedAt) {
    return worst(
        new Calculation(ANY, session.id(), RUNNING, null, null, orLongAgo(submittedAt), null, null),
        session);
  }

  /** The calculation, or else the session, in a session as large as it may be. */
  Suspect worst(@Nullable Calculation calculation, Session session) {
    var large =
        new Session(
            session.id(),
            session.workGroup(),
            session.state(),
            null,
            null,
            orLongAgo(session.startedAt()),
            session.idleSince(),
            null,
            maxDpus == null ? Integer.valueOf(MOST_DPUS) : maxDpus,
            session.dpuTime());
    return Suspect.of(calculation, large, List.of());
  }

  private static Instant orLongAgo(@Nullable Instant instant) {
    return instant == null ? Instant.EPOCH : instant;
  }
}
