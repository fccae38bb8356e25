package io.github.calculationguard.guard;

import static java.util.Comparator.comparingDouble;

import module java.base;

import io.github.calculationguard.guard.Limits.InvalidTag;
import io.github.calculationguard.guard.News.Addressee;
import io.github.calculationguard.guard.Verdict.Usage;
import io.github.calculationguard.spark.*;
import org.jspecify.annotations.Nullable;

/**
 * What is active in an account, as far as it could be read. The sweep judges it, and the page shows
 * it.
 *
 * @param startedAt when the reading began
 * @param at when the reading ended
 * @param workGroups how many are guarded
 * @param workGroupsDone how many of them were read to their end before time ran out
 * @param sessionsSeen the active ones that were listed
 * @param sessionsLeft those of them that the sweep did not come to, and the next one begins with
 * @param entries the active sessions that were read
 * @param invalidTags those of the workgroups and sessions that were read, each with whom it
 *     concerns
 */
public record Inventory(
    AccountRegion place,
    Instant startedAt,
    Instant at,
    int workGroups,
    int workGroupsDone,
    int sessionsSeen,
    int sessionsLeft,
    List<Entry> entries,
    SequencedMap<InvalidTag, Addressee> invalidTags,
    List<Failure> failures) {

  /** The active calculations that were read. */
  public int calculationsSeen() {
    return entries.stream().mapToInt(it -> it.calculations().size()).sum();
  }

  Inventory with(Failure failure) {
    var all = Stream.concat(failures.stream(), Stream.of(failure)).toList();
    return new Inventory(
        place,
        startedAt,
        at,
        workGroups,
        workGroupsDone,
        sessionsSeen,
        sessionsLeft,
        entries,
        invalidTags,
        all);
  }

  /**
   * One session with what runs in it.
   *
   * @param details the session alone: it is what costs money, whatever runs in it
   * @param calculations the active ones, newest first; one runs and the others wait
   * @param limits those that apply to it, its own tags included
   */
  public record Entry(Snapshot details, List<Calculation> calculations, Limits limits) {

    public Session session() {
      return details.requireSession();
    }

    Addressee addressee() {
      return new Addressee(session().workGroup(), details.owner());
    }

    /** The session, then each calculation in it. */
    Stream<Snapshot> snapshots() {
      return Stream.concat(Stream.of(details), calculations.stream().map(details::withCalculation));
    }

    /** The calculation whose turn it is. */
    public @Nullable Calculation current() {
      return calculations.isEmpty() ? null : calculations.getLast();
    }

    /** Whether the session itself is certainly over a limit. */
    public boolean isSessionExceeded() {
      return Judge.usages(details, limits).stream()
          .anyMatch(it -> it.isExceeded() && !it.isUpperBound());
    }

    /** The use of the limit that is nearest, the session's own or a calculation's. */
    public Optional<Usage> nearestLimit() {
      return snapshots()
          .flatMap(it -> Judge.usages(it, limits).stream())
          .max(comparingDouble(Usage::percent));
    }
  }

  /**
   * What could not be read or published.
   *
   * @param what in words, to be followed by the name or ID
   * @param of the name or ID; empty if it is the account itself
   * @param why in AWS's words; absent if there was no time, or no call, left for it
   * @param cause absent where the failure is no exception
   */
  public record Failure(
      String what, String of, @Nullable String why, @Nullable RuntimeException cause) {

    public Failure(String what, String of, @Nullable String why) {
      this(what, of, why, null);
    }
  }

  /**
   * What is guarded, and by which limits.
   *
   * @param workGroupPattern the names of the guarded workgroups, with IAM's wildcards * and ?
   * @param limits those that apply where no tag says otherwise
   * @param maxExempt for how long a session's own tag may exempt it
   * @param ownerTag the key of the tag that names an owner; case does not matter
   */
  public record Scope(
      String workGroupPattern, Limits limits, Duration maxExempt, String ownerTag) {}
}
