package io.github.calculationguard.guard;

import module java.base;

import io.github.calculationguard.guard.Inventory.Failure;
import io.github.calculationguard.guard.News.Addressee;
import io.github.calculationguard.spark.*;
import org.jspecify.annotations.Nullable;

/**
 * What one sweep saw and did.
 *
 * @param stoppedMeanwhile how many exceeded a limit and were stopped by somebody else meanwhile
 * @param failures what could not be read or published; the rest of the sweep went on
 * @param calls made to Athena, by operation
 * @param news what nobody was notified of in the last 24 hours
 */
public record SweepReport(
    Sweep.Policy policy,
    Inventory inventory,
    int stoppedMeanwhile,
    List<Judged> judged,
    List<Failure> failures,
    Duration took,
    SortedMap<String, Integer> calls,
    News news) {

  /** What became of a verdict. */
  public enum Disposition {
    /** There was nothing to do. */
    LEFT(Severity.INFO, false),
    /** It is near a limit, or over one and cannot be stopped for it, or only by the next sweep. */
    WARNED(Severity.WARNING, true),
    /** Athena's own idle timeout does not end it in time. */
    KEPT_OPEN(Severity.WARNING, true),
    /** Its own tag asks for an exemption that is not granted as it asks. */
    NOT_EXEMPT(Severity.WARNING, true),
    /** Its finding was published; the stop function notifies people of the stop. */
    ORDERED(Severity.INFO, false),
    /** Its finding could not be published. */
    REFUSED(Severity.ERROR, false),
    /** The sweep had published as many findings as it may; a later one publishes this. */
    HELD_BACK(Severity.ERROR, true),
    /** Only the mode kept it from being stopped. */
    OBSERVED(Severity.WARNING, true),
    /** Only an exemption kept it from being stopped. */
    EXEMPT(Severity.INFO, true);

    final Severity severity;

    final boolean isNews;

    Disposition(Severity severity, boolean isNews) {
      this.severity = severity;
      this.isNews = isNews;
    }
  }

  /**
   * One verdict, the limits that it applied, and what became of it.
   *
   * @param returned what it returned after; absent if it did not, or nobody looked
   */
  public record Judged(
      Snapshot snapshot,
      Limits limits,
      Verdict verdict,
      Disposition disposition,
      @Nullable Return returned) {

    /** The session, itself or the one that the calculation runs in. */
    public Session session() {
      return snapshot.requireSession();
    }

    String id() {
      return snapshot.id();
    }

    Addressee addressee() {
      return new Addressee(session().workGroup(), snapshot.owner());
    }

    double dpuHours() {
      var cost = snapshot.cost();
      return cost == null ? 0 : cost.dpuHours();
    }

    Judged with(Disposition other) {
      return new Judged(snapshot, limits, verdict, other, returned);
    }

    Judged with(Return other) {
      return new Judged(snapshot, limits, verdict, disposition, other);
    }

    /** The verdict's reason, and whether it returned. */
    public String reason() {
      return returned == null ? verdict.reason() : verdict.reason() + "; " + returned.inWords();
    }

    /** How much a person should care; what returned is at least a warning. */
    public Severity severity() {
      return returned == null ? disposition.severity : disposition.severity.atLeastWarning();
    }

    /** Identifies it to people who were notified of it; everything else may change. */
    String key() {
      var usage = verdict.usage();
      var rule = usage == null ? null : usage.rule() + " " + usage.isExceeded();
      var until =
          switch (disposition) {
            case EXEMPT -> limits.exemptUntil();
            case NOT_EXEMPT -> limits.askedExemptUntil();
            case LEFT, WARNED, KEPT_OPEN, ORDERED, REFUSED, HELD_BACK, OBSERVED -> null;
          };
      return "%s %s %s %s".formatted(id(), rule, disposition, until);
    }

    /** Whether people are warned of a stop that follows. */
    public boolean leadsToStop() {
      return disposition == Disposition.WARNED
          && limits.mode() == Limits.Mode.ENFORCE
          && (verdict instanceof Verdict.Exceeded
              || (verdict instanceof Verdict.Warning it && it.stopAt() != null));
    }
  }

  /**
   * This report once for each notification, each with the part of the news that it is about: one
   * for each addressee, the costliest first, and after {@link News#MAX_ADDRESSED} one for the rest.
   */
  public List<SweepReport> notifications() {
    return news.parts().stream().map(this::about).toList();
  }

  private SweepReport about(News part) {
    return new SweepReport(
        policy, inventory, stoppedMeanwhile, judged, failures, took, calls, part);
  }

  /** Whether there was time for all workgroups. */
  public boolean complete() {
    return inventory.workGroupsDone() == inventory.workGroups();
  }

  /** The verdicts that ended like this. */
  public List<Judged> all(Disposition disposition) {
    return judged.stream().filter(it -> it.disposition() == disposition).toList();
  }

  /** How many verdicts ended like this. */
  public int count(Disposition disposition) {
    return all(disposition).size();
  }

  /** How many exceed a limit, whatever became of them. */
  public int exceeded() {
    return (int) judged.stream().filter(it -> it.verdict() instanceof Verdict.Exceeded).count();
  }

  /**
   * Dollars an hour of the sessions of some verdicts. An upper bound where nodes were not read, and
   * for calculations, whose session goes on.
   */
  public double usdPerHour(List<Judged> some) {
    var held = new HashMap<SessionId, Double>();
    for (var it : some) {
      var dpus = it.snapshot().dpusStillHeld();
      if (dpus != null) {
        held.put(it.session().id(), dpus);
      }
    }
    return policy.usdPerDpuHour() * held.values().stream().mapToDouble(dpus -> dpus).sum();
  }

  /**
   * The command that ends a session over its limit; absent where the guard may end sessions itself.
   */
  public @Nullable String terminateCommand(Judged it) {
    var isExceeded =
        it.verdict() instanceof Verdict.Warning(var usage, _, _)
            && usage.isExceeded()
            && !usage.isUpperBound();
    return isExceeded && it.snapshot().calculation() == null && !policy.mayTerminate()
        ? "aws athena terminate-session --session-id %s --region %s"
            .formatted(it.session().id(), inventory.place().region())
        : null;
  }

  /** The ARN of the session, itself or the one that the calculation runs in. */
  public String arnOf(Judged it) {
    return inventory.place().arnOf(it.session());
  }

  /** The command that exempts a session for as long as its own tag may; absent where it may not. */
  public @Nullable String exemptCommand(Judged it) {
    var maxExempt = policy.scope().maxExempt();
    if (maxExempt.isZero()) {
      return null;
    }
    return "aws athena tag-resource --resource-arn %s --tags Key=%s,Value=%s --region %s"
        .formatted(
            arnOf(it),
            Limits.EXEMPT_UNTIL,
            inventory.startedAt().plus(maxExempt).truncatedTo(ChronoUnit.SECONDS),
            inventory.place().region());
  }
}
