package io.github.calculationguard.guard;

import io.github.calculationguard.guard.Verdict.Usage;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Session.Executor;
import io.github.calculationguard.spark.Snapshot;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is active in an account, as far as it could be read.
 *
 * @param at when the reading ended
 * @param workGroups how many are guarded
 * @param entries the active sessions, costliest first, those of unknown cost last
 */
public record Inventory(
    AccountRegion place, Instant at, int workGroups, List<Entry> entries, List<ReadFailure> gaps) {

  /**
   * One session with what runs in it. The sweep judges it, and the page shows it.
   *
   * @param calculations the active ones, newest first; one runs and the others wait
   * @param executors its nodes; empty where they were not read
   * @param owner the value of the owner tag, on the session or else on its workgroup
   * @param limits those that apply to it, its own tags included
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
      return details(null);
    }

    /** One of its calculations, or else the session alone. */
    Snapshot details(@Nullable Calculation calculation) {
      return new Snapshot(calculation, session, owner, executors, at);
    }

    /** The calculation whose turn it is. */
    public @Nullable Calculation current() {
      return calculations.isEmpty() ? null : calculations.getLast();
    }

    /** Whether what it costs from now on is only an upper bound. */
    public boolean isHeldAtMost() {
      return executors.stream().noneMatch(it -> it.terminatedAt() == null);
    }

    /** The limit of which most is used, the session's own or a calculation's. */
    public @Nullable Usage fullest() {
      return Stream.concat(Stream.of(details()), calculations.stream().map(this::details))
          .flatMap(it -> Judge.usages(it, limits).stream())
          .max(Comparator.comparingDouble(Usage::percent))
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
   * @param of the workgroup or the session that it belongs to; empty if that is the account
   * @param why in AWS's words; absent where no time was left
   */
  public record ReadFailure(Unread what, String of, @Nullable String why) {}
}
