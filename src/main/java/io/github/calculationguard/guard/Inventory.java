package io.github.calculationguard.guard;

import io.github.calculationguard.guard.Verdict.Usage;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.Executor;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Snapshot;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is active in an account at an instant, as far as it could be read.
 *
 * @param workGroups how many of them are the guard's affair
 * @param entries the active sessions, costliest first, those of unknown cost last
 */
public record Inventory(
    AccountRegion place, Instant at, int workGroups, List<Entry> entries, List<ReadFailure> gaps) {

  /**
   * One session with what runs in it.
   *
   * @param calculations those that are not over, newest first; one runs and the others wait
   * @param executors its nodes; none where they were not read
   * @param owner the value of the owner tag, on the session or else on its workgroup
   * @param limits those that hold for it
   * @param at when this was seen
   */
  public record Entry(
      Session session,
      List<Calculation> calculations,
      List<Executor> executors,
      @Nullable String owner,
      Limits limits,
      Instant at) {

    /** The same at another instant. */
    Entry at(Instant other) {
      return new Entry(session, calculations, executors, owner, limits, other);
    }

    /** The session alone: it is what costs money, whatever runs in it. */
    public Snapshot details() {
      return new Snapshot(null, session, owner, executors, at);
    }

    /** The calculation whose turn it is. */
    public @Nullable Calculation current() {
      return calculations.isEmpty() ? null : calculations.getLast();
    }

    /** Whether what it costs from now on is only known not to be more. */
    public boolean isHeldAtMost() {
      return executors.stream().noneMatch(it -> it.terminatedAt() == null);
    }

    /** The limit of which most is used, the session's own or its calculation's. */
    public @Nullable Usage fullest() {
      return Stream.concat(
              Stream.of(Suspect.of(null, session, executors)),
              calculations.stream().map(it -> Suspect.of(it, session, executors)))
          .flatMap(it -> Judge.usages(it, limits, at).stream())
          .max(Comparator.comparingDouble(usage -> usage.observed() / usage.limit()))
          .orElse(null);
    }
  }

  /** What can be left unread. */
  public enum Unread {
    WORK_GROUPS,
    SESSIONS,
    SESSION,
    CALCULATIONS,
    NODES,
    TAGS
  }

  /**
   * Something that could not be read.
   *
   * @param of the workgroup or the session whose it is; empty where it is the account's
   * @param why in AWS's words; absent where there was no time left to ask
   */
  public record ReadFailure(Unread what, String of, @Nullable String why) {}
}
