package io.github.calculationguard.guard;

import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.SweepReport.Disposition;
import io.github.calculationguard.guard.SweepReport.Failure;
import io.github.calculationguard.guard.SweepReport.Judged;
import io.github.calculationguard.guard.SweepReport.NewFindings;
import io.github.calculationguard.guard.Verdict.Leave;
import io.github.calculationguard.guard.Verdict.Over;
import io.github.calculationguard.guard.Verdict.Warn;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.AthenaSparkView;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Executor;
import io.github.calculationguard.spark.NotFoundException;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.spark.SnapshotReader;
import io.github.calculationguard.spark.WorkGroup;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Walks through the active sessions of an account, judges them and what runs in them, and orders
 * what is over its limits to be stopped.
 *
 * <p>It asks for details only where the lists leave it open whether a limit is near. What it
 * remembers from sweep to sweep saves calls and repeated messages, and nothing is decided by it:
 * forgetting it all is harmless. For one thread.
 */
public final class Sweep {

  private static final Duration MEMORY = Duration.ofHours(24);

  /** What is kept for orders and the announcement, however long the looking takes. */
  private static final Duration RESERVE = Duration.ofSeconds(15);

  private final AthenaSparkView athena;
  private final RateLimiter pace;
  private final FindingPublisher orders;
  private final InstantSource clock;
  private final SweepPolicy policy;
  private final Judge judge;

  private final Map<SessionId, SessionCache> known = new HashMap<>();
  private final Map<String, Instant> told = new HashMap<>();
  private final Map<String, Instant> ordered = new HashMap<>();
  private @Nullable String resumeAt;

  /**
   * @param pace of which the view's calls go
   */
  public Sweep(
      AthenaSparkView athena,
      RateLimiter pace,
      FindingPublisher orders,
      InstantSource clock,
      SweepPolicy policy) {
    this.athena = athena;
    this.pace = pace;
    this.orders = orders;
    this.clock = clock;
    this.policy = policy;
    this.judge = new Judge(policy.mayTerminate());
  }

  /**
   * Sweeps once, and gives its orders.
   *
   * @param deadline by which all is done, what follows from the report included
   * @throws AthenaSparkException if not even the workgroups could be listed
   */
  public SweepReport run(AccountRegion place, Deadline deadline) {
    return new SweepRun(place, deadline).run();
  }

  /** Remembers that people were told, so that it's news no more for a day. */
  public void told(SweepReport report) {
    var news = report.news();
    news.judged().forEach(it -> told.put(it.key(), report.startedAt()));
    news.unreadable().forEach(tag -> told.put(tag.toString(), report.startedAt()));
  }

  /** One sweep. */
  private final class SweepRun {
    private final AccountRegion place;
    private final Deadline deadline;
    private final Deadline looking;
    private final Instant startedAt = clock.instant();
    private final List<Judged> judged = new ArrayList<>();
    private final List<Judged> toOrder = new ArrayList<>();
    private final List<InvalidTag> unreadable = new ArrayList<>();
    private final List<Failure> failures = new ArrayList<>();
    private final Set<SessionId> looked = new HashSet<>();
    private int sessionsSeen;
    private int calculationsSeen;

    SweepRun(AccountRegion place, Deadline deadline) {
      this.place = place;
      this.deadline = deadline;
      this.looking = deadline.minus(RESERVE);
    }

    SweepReport run() {
      pace.take();
      var workGroups =
          athena.workGroups(looking).stream()
              .filter(policy.workGroups()::matches)
              .sorted(Comparator.comparing(WorkGroup::name))
              .collect(Collectors.toCollection(ArrayList::new));
      Collections.rotate(workGroups, -beginning(workGroups));
      resumeAt = null;
      var done = 0;
      for (var workGroup : workGroups) {
        if (outOfTime()) {
          resumeAt = workGroup.name();
          break;
        }
        done += walk(workGroup) ? 1 : 0;
      }
      order();
      return report(workGroups.size(), done);
    }

    /** Behind where the last sweep ran out of time, or else where the clock says. */
    private int beginning(List<WorkGroup> workGroups) {
      var resume = resumeAt;
      if (resume == null || workGroups.isEmpty()) {
        return byTheClock(workGroups.size());
      }
      var before = workGroups.stream().filter(it -> it.name().compareTo(resume) < 0).count();
      return (int) before % workGroups.size();
    }

    private int byTheClock(int size) {
      return size == 0 ? 0 : new SplittableRandom(startedAt.getEpochSecond()).nextInt(size);
    }

    private boolean outOfTime() {
      return looking.hasPassed(clock.instant());
    }

    private void fail(String where, String why) {
      failures.add(new Failure(where, why));
    }

    /** Whether it came to the end of the workgroup. */
    private boolean walk(WorkGroup workGroup) {
      try {
        var listedAt = clock.instant();
        var sessions = new ArrayList<>(athena.activeSessions(workGroup, looking));
        sessionsSeen += sessions.size();
        if (sessions.isEmpty()) {
          return true;
        }
        var arn = place.arnOf(workGroup);
        var tags = athena.tags(arn, looking);
        var limits = policy.limits().replacedBy(arn, tags);
        var owner = SnapshotReader.owner(tags, policy.ownerTag());
        unreadable.addAll(limits.unreadable());
        if (limits.mode() == Mode.OFF) {
          return true;
        }
        Collections.rotate(sessions, byTheClock(sessions.size()));
        for (var session : sessions) {
          if (outOfTime()) {
            return false;
          }
          lookOnce(workGroup, session, owner, limits, listedAt);
        }
      } catch (AthenaSparkException e) {
        fail("workgroup " + workGroup.name(), e.getMessage());
      }
      return true;
    }

    /** One that changes its state between two lists is in both of them. */
    private void lookOnce(
        WorkGroup workGroup,
        Session session,
        @Nullable String owner,
        Limits limits,
        Instant listedAt) {
      if (!looked.add(session.id())) {
        return;
      }
      var before = SessionCache.of(session, known.get(session.id()), listedAt);
      var look = new Look(session, place.arnOf(workGroup, session.id()), owner, limits, before);
      try {
        look.run();
      } catch (NotFoundException _) {
        // It ended since it was listed.
      } catch (AthenaSparkException e) {
        fail("session " + session.id(), e.getMessage());
      }
      known.put(session.id(), look.known);
    }

    private Verdict conclude(Suspect suspect, @Nullable String owner, Limits limits, Instant now) {
      var verdict = judge.judge(suspect, limits, now);
      var fate =
          switch (verdict) {
            case Leave _ -> Disposition.LEFT;
            case Warn _ -> limits.exempt(now) ? Disposition.LEFT : Disposition.WARNED;
            case Over _ when limits.exempt(now) -> Disposition.EXEMPT;
            case Over _ when limits.mode() == Mode.ENFORCE -> Disposition.ORDERED;
            case Over _ -> Disposition.OBSERVED;
          };
      var it = new Judged(now, suspect, owner, limits, verdict, fate);
      if (fate == Disposition.ORDERED) {
        toOrder.add(it);
      } else {
        judged.add(it);
      }
      return verdict;
    }

    private void order() {
      // What was ordered already and is still there waits behind the rest, so that something that
      // can't be stopped doesn't take the place of everything else for ever.
      toOrder.sort(
          Comparator.comparing((Judged it) -> ordered.getOrDefault(it.suspect().id(), Instant.MIN))
              .thenComparing(Judged::dpuHours, Comparator.reverseOrder()));
      var now = clock.instant();
      var most = Math.min(policy.maxActions(), toOrder.size());
      var chosen = toOrder.subList(0, most);
      var refused = new HashSet<String>();
      if (!chosen.isEmpty()) {
        var findings = chosen.stream().flatMap(it -> finding(it, now).stream()).toList();
        for (var it : orders.place(findings, deadline)) {
          var id = it.finding().suspect().id();
          refused.add(id);
          fail("order for " + id, it.why());
        }
      }
      for (var it : chosen) {
        if (refused.contains(it.suspect().id())) {
          judged.add(it.with(Disposition.REFUSED));
        } else {
          ordered.put(it.suspect().id(), now);
          judged.add(it);
        }
      }
      toOrder
          .subList(most, toOrder.size())
          .forEach(it -> judged.add(it.with(Disposition.HELD_BACK)));
    }

    private Optional<Finding> finding(Judged it, Instant now) {
      var expiresAt = now.plus(policy.findingExpires());
      return it.verdict() instanceof Over over
          ? Optional.of(new Finding(it.suspect(), over, policy.usdPerDpuHour(), it.at(), expiresAt))
          : Optional.empty();
    }

    private SweepReport report(int workGroups, int done) {
      var now = clock.instant();
      var longAgo = now.minus(MEMORY);
      known.values().removeIf(it -> it.seenAt().isBefore(longAgo));
      ordered.values().removeIf(at -> at.isBefore(longAgo));
      told.values().removeIf(at -> !at.isAfter(longAgo));
      return new SweepReport(
          place,
          policy,
          startedAt,
          Duration.between(startedAt, now),
          workGroups,
          done,
          sessionsSeen,
          calculationsSeen,
          List.copyOf(judged),
          List.copyOf(unreadable),
          List.copyOf(failures),
          pace.take(),
          new NewFindings(
              judged.stream().filter(it -> it.isNews() && !told.containsKey(it.key())).toList(),
              unreadable.stream().filter(tag -> !told.containsKey(tag.toString())).toList()));
    }

    /** A look at one session, as deep as it needs. */
    private final class Look {
      private final String arn;
      private final Instant now = clock.instant();
      private Session session;
      private Limits limits;
      private @Nullable String owner;
      private SessionCache known;
      private boolean isDetailed;
      private @Nullable List<Executor> executors;

      Look(Session session, String arn, @Nullable String owner, Limits limits, SessionCache known) {
        this.session = session;
        this.arn = arn;
        this.owner = owner;
        this.limits = limits;
        this.known = known;
      }

      void run() {
        var expected = tightened();
        var isRuledOut = known.rulesOut(judge, session, expected, now);
        if (!isRuledOut && known.maxDpus() == null && expected.countsDpuHours()) {
          askForDetails();
          isRuledOut = known.rulesOut(judge, session, expected, now);
        }
        if (isRuledOut) {
          conclude(Suspect.of(null, session, List.of()), owner, expected, now);
          return;
        }
        readTags();
        if (!(judge.judge(known.worst(session), limits, now) instanceof Leave)) {
          askForDetails();
        }
        var verdict = examine(null);
        // A session that is to be ended takes what runs in it along.
        if (!(verdict instanceof Over) && !session.state().isIdle()) {
          lookAtCalculations();
        }
      }

      private void readTags() {
        known = known.withTags(athena.tags(arn, looking));
        limits = tightened();
        limits.unreadable().stream().filter(tag -> tag.arn().equals(arn)).forEach(unreadable::add);
        var own = SnapshotReader.owner(known.tags(), policy.ownerTag());
        owner = own == null ? owner : own;
      }

      private Limits tightened() {
        return limits.tightenedBy(arn, known.tags(), session.startedAt(), policy.maxExempt(), now);
      }

      private void lookAtCalculations() {
        var asked = clock.instant();
        var calculations = athena.activeCalculations(session.id(), looking);
        calculationsSeen += calculations.size();
        // The newest come first.
        known =
            known.withQuietUntil(
                calculations.isEmpty() ? asked : calculations.getLast().submittedAt());
        for (var calculation : calculations) {
          try {
            look(calculation);
          } catch (NotFoundException _) {
            // It ended since it was listed.
          } catch (AthenaSparkException e) {
            fail("calculation " + calculation.id(), e.getMessage());
          }
        }
      }

      private void look(Calculation listed) {
        var calculation = listed;
        var worst = known.worst(session, listed.submittedAt());
        if (!(judge.judge(worst, limits, now) instanceof Leave)) {
          askForDetails();
          calculation = athena.calculation(listed.id(), looking);
        }
        examine(calculation);
      }

      /** Judges by the nodes too, where that may change the verdict or is owed to its reader. */
      private Verdict examine(@Nullable Calculation calculation) {
        var needsNodes =
            switch (judge.judge(known.worst(calculation, session), limits, now)) {
              case Over _ -> true;
              case Warn warn -> warn.usage().isUpperBound();
              case Leave _ -> false;
            };
        var nodes = needsNodes ? executors() : List.<Executor>of();
        return conclude(Suspect.of(calculation, session, nodes), owner, limits, now);
      }

      private void askForDetails() {
        if (!isDetailed) {
          isDetailed = true;
          session = athena.session(session.id(), looking);
          known = known.withMaxDpus(session.maxDpus());
        }
      }

      private List<Executor> executors() {
        if (executors == null) {
          executors = List.of();
          try {
            executors = athena.executors(session.id(), looking);
          } catch (AthenaSparkException e) {
            fail("executors of session " + session.id(), e.getMessage());
          }
        }
        return executors;
      }
    }
  }
}
