package io.github.calculationguard.spark;

import static java.util.Comparator.comparing;
import static java.util.Comparator.nullsFirst;
import static java.util.Comparator.reverseOrder;
import static java.util.stream.Collectors.partitioningBy;

import module java.base;

import io.github.athenasparklocal.HandClock;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException.Reason;
import io.github.calculationguard.spark.AthenaSparkException.NotFoundException;
import io.github.calculationguard.spark.FakeCalculation.Trouble;
import io.github.calculationguard.spark.Session.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Athena in memory. What is put in comes out as Athena's lists and details give it, in pages, and
 * changes as it is stopped and as the clock moves, which only the test and the latency do.
 */
public final class FakeAthenaSpark implements AthenaSpark {

  /** The session of {@link #withSession()}. */
  public static final SessionId SESSION = new SessionId("s-1");

  /** When the clock of {@link #withSession()} starts. */
  public static final Instant START = Instant.parse("2026-11-22T09:00:00Z");

  /** A request that the real adapter would put on the wire, such as GetSession about its ID. */
  public record Call(String operation, String about) {}

  public final HandClock clock;

  /** All requests so far. */
  public final List<Call> calls = Collections.synchronizedList(new ArrayList<>());

  /** How long a request takes. It ends by its deadline all the same, as the port promises. */
  public Supplier<Duration> latency = () -> Duration.ZERO;

  /** How long after one Stop Athena accepts the next. */
  public Duration stopInterval = Duration.ZERO;

  /** Whether Athena does not say when a terminated session ended. */
  public boolean hidesEnds;

  private final AccountRegion place;
  private final Set<WorkGroup> workGroups = new LinkedHashSet<>();
  private final Map<SessionId, Session> sessions = new LinkedHashMap<>();
  private final Map<SessionId, Instant> ends = new HashMap<>();
  private final Map<SessionId, List<Executor>> executors = new HashMap<>();
  private final Map<CalculationId, FakeCalculation> calculations = new LinkedHashMap<>();
  private final Map<String, Map<String, String>> tags = new HashMap<>();
  private final Map<String, List<Instant>> tagReads = new ConcurrentHashMap<>();
  private final Map<Call, AthenaSparkException> faults = new HashMap<>();
  private Consumer<Call> listener = _ -> {};
  private Instant nextStop = Instant.MIN;

  /** Without anything in it. It answers at once. */
  public FakeAthenaSpark(AccountRegion place, HandClock clock) {
    this.place = place;
    this.clock = clock;
  }

  /** With one busy session. It answers after 20 ms. */
  public static FakeAthenaSpark withSession(String engineVersion, Instant startedAt) {
    var place = new AccountRegion("aws", "us-east-1", "123456789012");
    var athena = new FakeAthenaSpark(place, new HandClock(START));
    var session =
        new Session(
            SESSION,
            "analytics",
            new SessionState("BUSY"),
            null,
            engineVersion,
            startedAt,
            null,
            null,
            20,
            null,
            null);
    athena.put(new WorkGroup("analytics"), Map.of());
    athena.put(session, Map.of("Owner", "ana"), List.of());
    athena.latency = () -> Duration.ofMillis(20);
    return athena;
  }

  /** With one busy session of an engine that has calculations. It answers after 20 ms. */
  public static FakeAthenaSpark withSession() {
    return withSession("PySpark engine version 3", START.minusSeconds(3600));
  }

  /** Adds a workgroup, or replaces its tags. */
  public void put(WorkGroup workGroup, Map<String, String> tags) {
    workGroups.add(workGroup);
    this.tags.put(place.arnOf(workGroup), tags);
  }

  /** Adds a session with all that its details say, or replaces it. */
  public void put(Session session, Map<String, String> tags, List<Executor> executors) {
    sessions.put(session.id(), session);
    this.executors.put(session.id(), executors);
    this.tags.put(place.arnOf(new WorkGroup(session.workGroup()), session.id()), tags);
  }

  /** Adds a calculation with all that its details say, or replaces it. */
  public void put(Calculation calculation) {
    put(new FakeCalculation(calculation));
  }

  /** Adds a calculation, or replaces it. */
  public void put(FakeCalculation calculation) {
    calculations.put(calculation.id(), calculation);
  }

  /** Sets a tag of a resource, or removes it. */
  public void tag(String arn, String key, @Nullable String value) {
    var own = new HashMap<>(found(tags, arn));
    own.compute(key, (_, _) -> value);
    tags.put(arn, own);
  }

  /** Stops a calculation, as somebody else does: without a request of ours. */
  public void cancel(CalculationId id) {
    get(id).stop(clock.instant());
  }

  /** Terminates a session and what runs in it, without a request of ours. */
  public void terminate(SessionId id) {
    if (!hasEnded(id)) {
      ends.put(id, clock.instant());
      calculationsOf(id).forEach(it -> it.cutOff(clock.instant()));
    }
  }

  public FakeCalculation get(CalculationId id) {
    return found(calculations, id);
  }

  public boolean hasEnded(SessionId id) {
    return session(id).state().hasEnded();
  }

  /** When the tags of a workgroup or a session were read. */
  public List<Instant> tagsReadAt(String arn) {
    return tagReads.getOrDefault(arn, List.of());
  }

  /** Tells this listener too of every later request. It may move the clock, or throw. */
  public void listen(Consumer<Call> more) {
    listener = listener.andThen(more);
  }

  /** Makes every later request about something fail, or work again. */
  public void fail(String operation, String about, @Nullable AthenaSparkException fault) {
    faults.compute(new Call(operation, about), (_, _) -> fault);
  }

  @Override
  public CalculationState stop(CalculationId id, Deadline deadline) {
    request("StopCalculationExecution", id.value(), deadline);
    var now = clock.instant();
    if (now.isBefore(nextStop)) {
      throw new AthenaUnavailableException("slow down", Reason.THROTTLED, null, null);
    }
    nextStop = now.plus(stopInterval);
    var calculation = get(id);
    if (calculation.trouble(now) == Trouble.ERROR) {
      throw new AthenaUnavailableException("internal error");
    }
    calculation.stop(now);
    return switch (calculation.trouble(now)) {
      case ANSWER_LOST ->
          throw new AthenaUnavailableException("reset", Reason.ANSWER_LOST, null, null);
      case ANSWERED_TOO_EARLY -> new CalculationState("CANCELED");
      case NONE, ERROR, NOT_DESCRIBED, MALFORMED -> calculation.state(now);
    };
  }

  @Override
  public SessionState terminate(SessionId id, Deadline deadline) {
    request("TerminateSession", id.value(), deadline);
    terminate(id);
    return session(id).state();
  }

  @Override
  public Calculation calculation(CalculationId id, Deadline deadline) {
    request("GetCalculationExecution", id.value(), deadline);
    if (get(id).trouble(clock.instant()) == Trouble.NOT_DESCRIBED) {
      throw new AthenaUnavailableException("not described");
    }
    return get(id).describe(clock.instant(), true);
  }

  @Override
  public Session session(SessionId id, Deadline deadline) {
    request("GetSession", id.value(), deadline);
    return session(id);
  }

  @Override
  public CalculationList calculations(SessionId session, Instant endedSince, Deadline deadline) {
    Supplier<List<FakeCalculation>> own = () -> calculationsOf(session);
    var all = pages("ListCalculationExecutions", session.value(), 100, deadline, own);
    if (!hasEnded(session)) {
      all.forEach(it -> it.wasSeen = true);
    }
    var now = clock.instant();
    var listed =
        all.stream()
            .filter(it -> it.trouble(now) != Trouble.MALFORMED)
            .map(it -> it.describe(now, false))
            .sorted(comparing(Calculation::submittedAt, nullsFirst(reverseOrder())))
            .collect(partitioningBy(it -> hasEndedBefore(endedSince, it)));
    var earlier = listed.getOrDefault(true, List.of());
    var newer = listed.getOrDefault(false, List.of());
    return new CalculationList(newer, earlier, all.size() - newer.size() - earlier.size());
  }

  private static boolean hasEndedBefore(Instant instant, Calculation it) {
    var end = it.completedAt();
    return it.state().hasEnded() && (end == null || end.isBefore(instant));
  }

  @Override
  public List<Executor> executors(SessionId session, Deadline deadline) {
    var all = executors.getOrDefault(session, List.of());
    return pages("ListExecutors", session.value(), 100, deadline, () -> all);
  }

  @Override
  public String sparkUiUrl(String sessionArn, Deadline deadline) {
    request("GetResourceDashboard", sessionArn, deadline);
    return "https://spark.example/" + sessionArn;
  }

  @Override
  public Map<String, String> tags(String arn, Deadline deadline) {
    request("ListTagsForResource", arn, deadline);
    tagReads.computeIfAbsent(arn, _ -> new ArrayList<>()).add(clock.instant());
    return found(tags, arn);
  }

  @Override
  public List<WorkGroup> workGroups(Deadline deadline) {
    return pages("ListWorkGroups", "", 50, deadline, () -> List.copyOf(workGroups));
  }

  @Override
  public List<Session> activeSessions(WorkGroup workGroup, Deadline deadline) {
    var name = workGroup.name();
    Predicate<Session> isDegraded = it -> it.state().isDegraded();
    Predicate<Session> isOther = it -> !it.state().isDegraded() && !it.state().hasEnded();
    return Stream.of(isOther, isDegraded)
        .map(asked -> pages("ListSessions", name, 100, deadline, () -> sessions(name, asked)))
        .flatMap(List::stream)
        .toList();
  }

  @Override
  public List<Session> terminatedSessions(WorkGroup workGroup, Deadline deadline) {
    request("ListSessions", workGroup.name() + " TERMINATED", deadline);
    return sessions(workGroup.name(), it -> it.state().name().equals("TERMINATED")).stream()
        .sorted(comparing(Session::endedAt, nullsFirst(reverseOrder())))
        .toList();
  }

  private <T> List<T> pages(
      String operation, String about, int size, Deadline deadline, Supplier<List<T>> all) {
    request(operation, about, deadline);
    for (var read = size; read < all.get().size(); read += size) {
      request(operation, about, deadline);
    }
    return all.get();
  }

  private void request(String operation, String about, Deadline deadline) {
    var call = new Call(operation, about);
    calls.add(call);
    clock.advance(Collections.min(List.of(latency.get(), deadline.left(clock.instant()))));
    listener.accept(call);
    if (deadline.hasPassed(clock.instant())) {
      throw new AthenaUnavailableException("no time left for " + operation);
    }
    var fault = faults.get(call);
    if (fault != null) {
      throw fault;
    }
  }

  private static <K, V> V found(Map<K, V> map, K key) {
    var value = map.get(key);
    if (value == null) {
      throw new NotFoundException("there is no " + key, null, null);
    }
    return value;
  }

  private List<FakeCalculation> calculationsOf(SessionId session) {
    return calculations.values().stream().filter(it -> it.isIn(session, clock.instant())).toList();
  }

  private Session session(SessionId id) {
    return describe(found(sessions, id), true);
  }

  /** Without statistics, as lists have them. */
  private List<Session> sessions(String workGroup, Predicate<Session> asked) {
    return sessions.values().stream()
        .filter(it -> it.workGroup().equals(workGroup))
        .map(it -> describe(it, false))
        .filter(asked)
        .toList();
  }

  /** As it is now. It becomes idle when the last of its calculations ends. */
  private Session describe(Session given, boolean withStatistics) {
    var end = ends.get(given.id());
    var idleSince = end == null ? lastEnd(given) : null;
    var state = end != null ? "TERMINATED" : idleSince != null ? "IDLE" : given.state().name();
    return new Session(
        given.id(),
        given.workGroup(),
        new SessionState(state),
        given.description(),
        given.engineVersion(),
        given.startedAt(),
        idleSince == null ? given.idleSince() : idleSince,
        end == null ? given.endedAt() : hidesEnds ? null : end,
        withStatistics ? given.maxDpus() : null,
        withStatistics ? given.dpuTime() : null,
        null);
  }

  /** When the last of a session's calculations ended; absent if one goes on or there is none. */
  private @Nullable Instant lastEnd(Session session) {
    if (!session.state().isBusy() && !session.state().isDegraded()) {
      return null;
    }
    var ends = calculationsOf(session.id()).stream().map(FakeCalculation::end);
    return ends.max(Instant::compareTo).filter(it -> !it.isAfter(clock.instant())).orElse(null);
  }
}
