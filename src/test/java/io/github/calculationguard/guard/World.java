package io.github.calculationguard.guard;

import io.github.athenasparklocal.HandClock;
import io.github.calculationguard.guard.Inventory.Scope;
import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSparkException;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.CalculationState;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.FakeAthenaSpark;
import io.github.calculationguard.spark.InternalBus.Event;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Session.Executor;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.spark.SessionState;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** An account with a clock, its sweep, and what the sweep ordered and announced. */
final class World implements InstantSource {

  static final AccountRegion PLACE = new AccountRegion("aws", "eu-central-1", "123456789012");
  static final Instant START = Instant.parse("2026-11-22T09:00:00Z");

  /** The parameters' defaults, in enforce, but without warnings: they order at once. */
  static final Limits DEFAULTS = defaults(100);

  /** The parameters' defaults, in enforce. */
  static final Limits WARNING = defaults(80);

  private static Limits defaults(int warnAtPercent) {
    return new Limits(
        Limits.Mode.ENFORCE,
        Map.of(Rule.MAX_CALCULATION_MINUTES, 120.0, Rule.MAX_SESSION_IDLE_MINUTES, 60.0),
        warnAtPercent);
  }

  final HandClock clock = new HandClock(START);
  final FakeAthenaSpark athena = new FakeAthenaSpark(PLACE, clock);
  final List<Event> ordered = new ArrayList<>();
  final List<SweepReport> announced = new ArrayList<>();
  final List<Inventory.Failure> tagFailures = new ArrayList<>();
  final List<String> tagged = new ArrayList<>();
  Sweep sweep;
  private final Sweep.Policy policy;
  private final RateLimiter rateLimiter;
  private boolean obeyed = true;
  private @Nullable String refusal;
  private boolean isMute;
  private @Nullable AthenaSparkException tagFault;

  World(Sweep.Policy policy) {
    this(policy, 1, false);
  }

  World(Sweep.Policy policy, int callsASecond) {
    this(policy, callsASecond, true);
  }

  private World(Sweep.Policy policy, int callsASecond, boolean paced) {
    this.policy = policy;
    rateLimiter = new RateLimiter(callsASecond, 1, this, paced ? this::pass : _ -> {});
    athena.listen(call -> rateLimiter.before(call.operation()));
    sweep = new Sweep(athena, rateLimiter, this::put, this::tag, this, policy);
  }

  /**
   * A sweep in another environment, with a memory of its own, which sends its findings here too.
   */
  Sweep anotherSweep() {
    return new Sweep(
        athena, new RateLimiter(1, 1, this, _ -> {}), this::put, this::tag, this, policy);
  }

  static Sweep.Policy policy(Limits limits) {
    return policy(limits, true, 1000);
  }

  static Sweep.Policy policy(Limits limits, boolean mayTerminate, int maxActions) {
    return new Sweep.Policy(
        new Scope("*", limits, Duration.ofHours(24), "owner"), mayTerminate, maxActions, 0.35);
  }

  @Override
  public Instant instant() {
    return clock.instant();
  }

  void pass(Duration time) {
    clock.advance(time);
  }

  /** From now on orders change nothing in the account. */
  void disobey() {
    obeyed = false;
  }

  /** From now on orders are not even accepted. */
  void refuse(@Nullable String why) {
    refusal = why;
  }

  /** From now on no message gets through, or does again. */
  void mute(boolean isMute) {
    this.isMute = isMute;
  }

  /** From now on no tag can be set, or can again. */
  void refuseTags(@Nullable AthenaSparkException fault) {
    tagFault = fault;
  }

  /** The next sweep runs in another environment. */
  void coldStart() {
    sweep = anotherSweep();
  }

  /** Sets a tag of a session, as its owner does. */
  void tagSession(String workGroup, SessionId session, String key, @Nullable String value) {
    athena.tag(PLACE.arnOf(new WorkGroup(workGroup), session), key, value);
  }

  private void tag(String arn, String key, String value, Deadline deadline) {
    if (tagFault != null) {
      throw tagFault;
    }
    tagged.add(key + "=" + value);
    athena.tag(arn, key, value);
  }

  SweepReport sweep() {
    return sweep(Duration.ofMinutes(14));
  }

  SweepReport sweep(Duration time) {
    var deadline = new Deadline(instant().plus(time));
    var report = sweep.run(PLACE, deadline);
    tagFailures.clear();
    if (!report.news().isEmpty() && !isMute) {
      announced.add(report);
      tagFailures.addAll(sweep.news().notified(report, deadline));
    }
    return report;
  }

  private Map<Event, String> put(List<Event> findings, Deadline deadline) {
    if (refusal != null) {
      var why = refusal;
      return findings.stream().collect(Collectors.toMap(it -> it, _ -> why));
    }
    ordered.addAll(findings);
    if (obeyed) {
      for (var finding : findings) {
        obey(finding);
      }
    }
    return Map.of();
  }

  private void obey(Event finding) {
    if (Finding.SESSION.equals(detail(finding).get(Finding.TARGET))) {
      athena.terminate(new SessionId(id(finding)));
    } else {
      athena.cancel(new CalculationId(id(finding)));
    }
  }

  /** The ID of what a finding is about. */
  private static String id(Event finding) {
    var detail = detail(finding);
    var session = detail.get(Finding.SESSION_ID);
    return String.valueOf(detail.getOrDefault(Finding.CALCULATION_ID, session));
  }

  /** What the bus carries of an event: what is absent is left out. */
  static Map<String, Object> detail(Event event) {
    var detail = new HashMap<String, Object>(event.detail());
    detail.values().removeIf(Objects::isNull);
    return detail;
  }

  List<String> orderedIds() {
    return ordered.stream().map(World::id).toList();
  }

  void workGroup(String name, Map<String, String> tags) {
    athena.put(new WorkGroup(name), tags);
  }

  SessionId busy(String workGroup, String id, Duration age, Map<String, String> tags) {
    var session = session(id, workGroup, "BUSY", instant().minus(age), null, 20, null);
    athena.put(session, tags, nodes(2, session.startedAt()));
    return session.id();
  }

  SessionId idle(
      String workGroup, String id, Duration age, Duration idle, Map<String, String> tags) {
    var session =
        session(id, workGroup, "IDLE", instant().minus(age), instant().minus(idle), 20, null);
    athena.put(session, tags, nodes(2, session.startedAt()));
    return session.id();
  }

  void put(Session session, Map<String, String> tags) {
    athena.put(session, tags, nodes(2, session.startedAt()));
  }

  CalculationId running(SessionId session, String id, Duration age) {
    var calculation = calculation(id, session, "RUNNING", instant().minus(age), null);
    athena.put(calculation);
    return calculation.id();
  }

  static Session session(
      String id,
      String workGroup,
      String state,
      @Nullable Instant startedAt,
      @Nullable Instant idleSince,
      @Nullable Integer maxDpus,
      @Nullable Duration dpuTime) {
    return new Session(
        new SessionId(id),
        workGroup,
        new SessionState(state),
        "notebook of " + id,
        "PySpark engine version 3",
        startedAt,
        idleSince,
        null,
        maxDpus,
        dpuTime,
        null);
  }

  static Calculation calculation(
      String id,
      SessionId session,
      String state,
      @Nullable Instant submittedAt,
      @Nullable Duration dpuTime) {
    return new Calculation(
        new CalculationId(id),
        session,
        new CalculationState(state),
        "cell of " + id,
        submittedAt,
        null,
        dpuTime,
        Calculation.NO_OUTPUT);
  }

  static List<Executor> nodes(int count, @Nullable Instant startedAt) {
    var nodes = new ArrayList<Executor>();
    for (var node = 0; startedAt != null && node < count; node++) {
      nodes.add(new Executor(1, startedAt, null));
    }
    return nodes;
  }
}
