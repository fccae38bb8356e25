package io.github.calculationguard.stop;

import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSpark;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException.Reason;
import io.github.calculationguard.spark.AthenaSparkException.NotFoundException;
import io.github.calculationguard.spark.AthenaSparkReader.CalculationList;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.CalculationState;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Session.Executor;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.spark.SessionState;
import io.github.calculationguard.stop.Request.LimitViolation;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A working Athena with one session, in virtual time: each call takes time, and may fail; whatever
 * it takes, a call ends by its deadline, as the port promises.
 */
public final class VirtualAthena implements AthenaSpark, InstantSource {

  public static final SessionId SESSION = new SessionId("s-1");
  public static final Instant START = Instant.parse("2026-11-22T09:00:00Z");

  /** A calculation and how it behaves when stopped. */
  public record Job(CalculationId id, Instant submitted, Instant completes, Duration cancelTakes) {}

  private final Map<CalculationId, Job> jobs = new LinkedHashMap<>();
  private final Map<CalculationId, Instant> stopped = new LinkedHashMap<>();
  public final List<String> calls = new ArrayList<>();
  public Supplier<Duration> latency = () -> Duration.ofMillis(20);
  public Supplier<Boolean> fails = () -> false;

  /** What goes wrong with a call about one calculation; by default nothing does. */
  public Function<CalculationId, Trouble> trouble = _ -> Trouble.NONE;

  /** The session's engine; by default one with calculations. */
  public @Nullable String engineVersion;

  /** When the session was started. */
  public Instant startedAt = START.minusSeconds(3600);

  /** The state of the session while it is active. */
  public String activeState = "BUSY";

  /** Comes before each termination, and may let it fail. */
  public Runnable beforeTermination = () -> {};

  /** Whether a session that has ended does not say when. */
  public boolean hidesEnd;

  private Duration throttle = Duration.ZERO;
  private Instant lastStop = Instant.MIN;
  private Instant now = START;
  private Instant terminated = Instant.MAX;
  private Instant lastListed = Instant.MIN;

  /** What can go wrong with a call. */
  public enum Trouble {
    NONE,
    /** Athena answers with an error, and does nothing. */
    ERROR,
    /** Athena does what it was asked, and its answer is lost. */
    ANSWER_LOST,
    /** Athena does what it was asked, but does not describe it. */
    NOT_DESCRIBED,
    /** Stop's answer says that the calculation was canceled, and it still cancels. */
    ANSWERED_TOO_EARLY,
    /** A list has something in its place that is no ID. */
    MALFORMED
  }

  /** A finding on its session. */
  static LimitViolation violation(Instant expiresAt) {
    return new LimitViolation(
        "max-session-hours",
        8,
        9.5,
        "parameter",
        SESSION,
        "analytics",
        Duration.ZERO,
        null,
        expiresAt);
  }

  /** Accepts Stop only after this time since the last one. */
  public void throttle(Duration between) {
    throttle = between;
  }

  public void add(Job job) {
    jobs.put(job.id(), job);
  }

  public boolean wasStopped(CalculationId id) {
    return stopped.containsKey(id);
  }

  /** Whether it came after the last look into the session, so that nobody could know of it. */
  public boolean cameUnseen(Job job) {
    return job.submitted().isAfter(lastListed);
  }

  /** Whether the session was terminated. */
  public boolean wasTerminated() {
    return !terminated.isAfter(now);
  }

  /** Whether our stop or termination cut it off. */
  public boolean wasCutOff(Job job) {
    var over = endOf(job);
    return over.isBefore(job.completes()) && !over.isAfter(now);
  }

  @Override
  public Instant instant() {
    return now;
  }

  /** Lets time pass. */
  public void sleep(Duration duration) {
    now = now.plus(duration);
  }

  @Override
  public CalculationState stop(CalculationId id, Deadline deadline) {
    call("stop " + id, deadline);
    if (now.isBefore(lastStop.plus(throttle))) {
      throw new AthenaUnavailableException("slow down", Reason.THROTTLED, null, null);
    }
    lastStop = now;
    if (trouble.apply(id) == Trouble.ERROR) {
      throw new AthenaUnavailableException("internal error");
    }
    var job = job(id);
    if (!stateOf(job).hasEnded()) {
      stopped.putIfAbsent(id, now);
    }
    if (trouble.apply(id) == Trouble.ANSWER_LOST) {
      throw new AthenaUnavailableException("reset", Reason.ANSWER_LOST, null, null);
    }
    return trouble.apply(id) == Trouble.ANSWERED_TOO_EARLY
        ? new CalculationState("CANCELED")
        : stateOf(job);
  }

  @Override
  public SessionState terminate(SessionId id, Deadline deadline) {
    call("terminate " + id, deadline);
    beforeTermination.run();
    endSession();
    return sessionState();
  }

  /** Ends the session, as somebody else may. */
  public void endSession() {
    if (terminated.isAfter(now)) {
      terminated = now;
    }
  }

  @Override
  public Calculation calculation(CalculationId id, Deadline deadline) {
    call("calculation " + id, deadline);
    if (trouble.apply(id) == Trouble.NOT_DESCRIBED) {
      throw new AthenaUnavailableException("not described");
    }
    return describe(job(id));
  }

  @Override
  public Session session(SessionId id, Deadline deadline) {
    call("session " + id, deadline);
    return new Session(
        id,
        "analytics",
        sessionState(),
        null,
        engineVersion,
        startedAt,
        null,
        hidesEnd || terminated.isAfter(now) ? null : terminated,
        20,
        null,
        null);
  }

  @Override
  public CalculationList calculations(SessionId session, Instant endedSince, Deadline deadline) {
    call("calculations " + session, deadline);
    // What is listed after the termination was not seen before it.
    lastListed = terminated.isAfter(now) ? now : lastListed;
    var listed =
        jobs.values().stream()
            .filter(job -> !job.submitted().isAfter(now))
            .map(this::describe)
            .filter(c -> !c.state().hasEnded() || !endOf(job(c.id())).isBefore(endedSince))
            .sorted(Comparator.comparing((Calculation c) -> job(c.id()).submitted()).reversed())
            .toList();
    var readable = listed.stream().filter(c -> trouble.apply(c.id()) != Trouble.MALFORMED).toList();
    return new CalculationList(readable, List.of(), listed.size() - readable.size());
  }

  @Override
  public List<Executor> executors(SessionId session, Deadline deadline) {
    call("executors " + session, deadline);
    return List.of();
  }

  @Override
  public String sparkUiUrl(String sessionArn, Deadline deadline) {
    throw new AssertionError("only the page asks for it");
  }

  @Override
  public Map<String, String> tags(String arn, Deadline deadline) {
    call("tags " + arn, deadline);
    return Map.of("Owner", "ana");
  }

  @Override
  public List<WorkGroup> workGroups(Deadline deadline) {
    throw new UnsupportedOperationException("no stop asks for it");
  }

  @Override
  public List<Session> activeSessions(WorkGroup workGroup, Deadline deadline) {
    throw new UnsupportedOperationException("no stop asks for it");
  }

  @Override
  public List<Session> terminatedSessions(WorkGroup workGroup, Deadline deadline) {
    throw new UnsupportedOperationException("no stop asks for it");
  }

  private void call(String what, Deadline deadline) {
    calls.add(what);
    var takes = latency.get();
    if (takes.compareTo(deadline.left(now)) >= 0) {
      now = now.plus(deadline.left(now));
      throw new AthenaUnavailableException("timed out");
    }
    now = now.plus(takes);
    if (fails.get()) {
      throw new AthenaUnavailableException("throttled");
    }
  }

  public Job job(CalculationId id) {
    var job = jobs.get(id);
    if (job == null) {
      throw new NotFoundException("no calculation " + id, null, null);
    }
    return job;
  }

  private SessionState sessionState() {
    return new SessionState(terminated.isAfter(now) ? activeState : "TERMINATED");
  }

  private Instant endOf(Job job) {
    var canceled =
        stopped.containsKey(job.id()) ? stopped.get(job.id()).plus(job.cancelTakes()) : Instant.MAX;
    return earlier(earlier(canceled, job.completes()), terminated);
  }

  public CalculationState stateOf(Job job) {
    var over = endOf(job);
    if (over.isAfter(now)) {
      return new CalculationState(stopped.containsKey(job.id()) ? "CANCELING" : "RUNNING");
    }
    return new CalculationState(
        over.equals(job.completes())
            ? "COMPLETED"
            : over.equals(terminated) ? "FAILED" : "CANCELED");
  }

  private Calculation describe(Job job) {
    var over = endOf(job);
    return new Calculation(
        job.id(),
        SESSION,
        stateOf(job),
        "Nightly join",
        job.submitted(),
        over.isAfter(now) ? null : over,
        null);
  }

  private static Instant earlier(Instant one, Instant other) {
    return one.isBefore(other) ? one : other;
  }
}
