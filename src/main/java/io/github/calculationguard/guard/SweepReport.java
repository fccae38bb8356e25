package io.github.calculationguard.guard;

import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.spark.Snapshot;
import io.github.calculationguard.spark.WorkGroup;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one sweep saw and did.
 *
 * @param workGroups how many match
 * @param workGroupsDone how many of them were walked through to their end before time ran out
 * @param sessionsSeen active ones
 * @param calculationsSeen those that run, in the sessions that were looked into
 * @param judged in the order in which they were seen
 * @param failures what could not be found out or passed on; never more than its own part of a sweep
 * @param calls made to Athena, by its operations
 * @param news what nobody was told in the last 24 hours
 */
public record SweepReport(
    AccountRegion place,
    SweepPolicy policy,
    Instant startedAt,
    Duration took,
    int workGroups,
    int workGroupsDone,
    int sessionsSeen,
    int calculationsSeen,
    List<Judged> judged,
    List<InvalidTag> unreadable,
    List<Failure> failures,
    Map<String, Integer> calls,
    NewFindings news) {

  /** What became of a verdict. */
  public enum Disposition {
    /** There was nothing to do. */
    LEFT,
    /** People are told that it comes near a limit, or is over one and can't be stopped. */
    WARNED,
    /** It is over a limit, and ordered to be stopped. */
    ORDERED,
    /** The order could not be passed on. */
    REFUSED,
    /** One sweep may order only so many; a later one orders this. */
    HELD_BACK,
    /** It would have been ordered to be stopped, were it not for the mode. */
    OBSERVED,
    /** It would have been ordered to be stopped, were it not exempt. */
    EXEMPT
  }

  /**
   * One verdict and what became of it.
   *
   * @param owner absent where no tag names one, or nobody asked
   * @param limits those that it was judged by
   */
  public record Judged(
      Instant at,
      Suspect suspect,
      @Nullable String owner,
      Limits limits,
      Verdict verdict,
      Disposition fate) {

    /** All that is known of it. */
    public Snapshot details() {
      return suspect.details(owner, at);
    }

    /** The cost, as far as it matters to which are the costliest. */
    double dpuHours() {
      var cost = details().cost();
      return cost == null ? 0 : cost.dpuHours();
    }

    Judged with(Disposition other) {
      return new Judged(at, suspect, owner, limits, verdict, other);
    }

    /** What names it to a reader who was told already: anything else of it may change. */
    String key() {
      var about =
          switch (verdict) {
            case Verdict.Leave _ -> "";
            case Verdict.Warn warn -> warn.usage().rule() + " " + warn.usage().isOver();
            case Verdict.Over over -> over.usage().rule();
          };
      return "%s %s %s %s"
          .formatted(
              suspect.id(), about, fate, fate == Disposition.EXEMPT ? limits.exemptUntil() : null);
    }

    /**
     * Whether people are told of it by the sweep; of an order, they hear once it is carried out.
     */
    boolean isNews() {
      return switch (fate) {
        case LEFT, ORDERED, REFUSED -> false;
        case WARNED, HELD_BACK, OBSERVED, EXEMPT -> true;
      };
    }
  }

  /**
   * Something that could not be found out or passed on.
   *
   * @param where the workgroup, session or calculation
   * @param why in AWS's words
   */
  public record Failure(String where, String why) {}

  /** What is told in one announcement. */
  public record NewFindings(List<Judged> judged, List<InvalidTag> unreadable) {

    /** Whether there is nothing to tell. */
    public boolean isEmpty() {
      return judged.isEmpty() && unreadable.isEmpty();
    }
  }

  /** Whether time sufficed for all workgroups. */
  public boolean complete() {
    return workGroupsDone == workGroups;
  }

  /** How many met a fate. */
  public int count(Disposition fate) {
    return (int) judged.stream().filter(it -> it.fate() == fate).count();
  }

  /** How many are over a limit, whatever became of them. */
  public int over() {
    return (int) judged.stream().filter(it -> it.verdict() instanceof Verdict.Over).count();
  }

  /**
   * What the sessions that met a fate cost in an hour from now on, in dollars. It is an upper bound
   * where nobody asked for a session's nodes, and for calculations, whose session goes on.
   */
  public double usdPerHour(Disposition fate) {
    var sessions = new HashMap<SessionId, Double>();
    for (var it : judged) {
      var dpus = it.details().dpusStillHeld();
      if (it.fate() == fate && dpus != null) {
        sessions.put(it.suspect().session().id(), dpus);
      }
    }
    return policy.usdPerDpuHour()
        * sessions.values().stream().mapToDouble(Double::doubleValue).sum();
  }

  /** The command that exempts a session for as long as its own tag may; absent where it may not. */
  public @Nullable String exemptCommand(Judged it) {
    if (policy.maxExempt().isZero()) {
      return null;
    }
    var session = it.suspect().session();
    return "aws athena tag-resource --resource-arn %s --tags Key=%s,Value=%s --region %s"
        .formatted(
            place.arnOf(new WorkGroup(session.workGroup()), session.id()),
            Limits.PREFIX + Limits.EXEMPT_UNTIL,
            startedAt.plus(policy.maxExempt()).truncatedTo(ChronoUnit.SECONDS),
            place.region());
  }
}
