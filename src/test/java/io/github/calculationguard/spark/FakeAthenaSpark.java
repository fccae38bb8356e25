package io.github.calculationguard.spark;

import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.AthenaSparkException.NotFoundException;
import io.github.calculationguard.spark.Session.Executor;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Athena in memory: what is put in comes out as Athena's lists and details give it, in pages. Each
 * request that the real adapter would put on the wire is told to a listener first.
 */
public final class FakeAthenaSpark implements AthenaSparkReader {

  private final AccountRegion place;
  private final InstantSource clock;
  private final Map<String, WorkGroup> workGroups = new LinkedHashMap<>();
  private final Map<SessionId, Session> sessions = new LinkedHashMap<>();
  private final Map<SessionId, Session> newer = new HashMap<>();
  private final Map<CalculationId, Calculation> calculations = new LinkedHashMap<>();
  private final Map<SessionId, List<Executor>> executors = new HashMap<>();
  private final Map<String, Map<String, String>> tags = new HashMap<>();
  private final Map<String, AthenaSparkException> faults = new HashMap<>();
  private final List<Calculation> ended = new ArrayList<>();
  private final List<Session> terminated = new ArrayList<>();
  private final Map<String, List<Instant>> tagReads = new ConcurrentHashMap<>();
  private boolean listsTwice;
  private Consumer<String> listener = _ -> {};

  public FakeAthenaSpark(AccountRegion place, InstantSource clock) {
    this.place = place;
    this.clock = clock;
  }

  /** Tells every request's operation from now on. */
  public void listen(Consumer<String> listener) {
    this.listener = listener;
  }

  /** Adds a workgroup, or replaces its tags. */
  public void put(WorkGroup workGroup, Map<String, String> tags) {
    workGroups.put(workGroup.name(), workGroup);
    this.tags.put(place.arnOf(workGroup), tags);
  }

  /** Adds a session with all that its details say, or replaces it. */
  public void put(Session session, Map<String, String> tags, List<Executor> executors) {
    sessions.put(session.id(), session);
    this.executors.put(session.id(), executors);
    this.tags.put(place.arnOf(new WorkGroup(session.workGroup()), session.id()), tags);
  }

  /** Sets a tag of a resource, or removes it. */
  public void tag(String arn, String key, @Nullable String value) {
    var own = new HashMap<>(found(tags.get(arn)));
    if (value == null) {
      own.remove(key);
    } else {
      own.put(key, value);
    }
    tags.put(arn, own);
  }

  /** Adds a calculation with all that its details say, or replaces it. */
  public void put(Calculation calculation) {
    calculations.put(calculation.id(), calculation);
  }

  /** Describes a session by this from now on, while lists still tell what was put in. */
  public void describe(Session session) {
    newer.put(session.id(), session);
  }

  /** Lists every session a second time, as if it had become degraded meanwhile. */
  public void listTwice() {
    listsTwice = true;
  }

  /** Makes every later request about something fail, or work again. */
  public void fail(String operation, String about, @Nullable AthenaSparkException fault) {
    if (fault == null) {
      faults.remove(operation + " " + about);
    } else {
      faults.put(operation + " " + about, fault);
    }
  }

  /** When the tags of a workgroup or a session were read. */
  public List<Instant> tagsReadAt(String arn) {
    return tagReads.getOrDefault(arn, List.of());
  }

  /** Ends a session and what runs in it. */
  public void terminate(SessionId id) {
    var it = sessions.remove(id);
    if (it != null) {
      terminated.addFirst(in(it, new SessionState("TERMINATED"), it.idleSince(), clock.instant()));
    }
    calculations.values().removeIf(calculation -> id.equals(calculation.sessionId()));
  }

  /** Ends a calculation; its session becomes idle. */
  public void cancel(CalculationId id) {
    var calculation = Objects.requireNonNull(calculations.remove(id));
    ended.add(
        new Calculation(
            id,
            calculation.sessionId(),
            new CalculationState("CANCELED"),
            calculation.description(),
            calculation.submittedAt(),
            clock.instant(),
            calculation.dpuTime(),
            Calculation.NO_OUTPUT));
    var it = Objects.requireNonNull(sessions.get(calculation.sessionId()));
    sessions.put(it.id(), in(it, new SessionState("IDLE"), clock.instant(), null));
  }

  @Override
  public Calculation calculation(CalculationId id, Deadline deadline) {
    request("GetCalculationExecution", id.value(), deadline);
    return found(calculations.get(id));
  }

  @Override
  public Session session(SessionId id, Deadline deadline) {
    request("GetSession", id.value(), deadline);
    return found(newer.getOrDefault(id, sessions.get(id)));
  }

  private List<Calculation> activeCalculations(SessionId session, Deadline deadline) {
    var all =
        calculations.values().stream()
            .filter(it -> session.equals(it.sessionId()))
            .sorted(
                Comparator.comparing(
                    Calculation::submittedAt, Comparator.nullsFirst(Comparator.reverseOrder())))
            .toList();
    pages("ListCalculationExecutions", session.value(), all.size(), 100, deadline);
    return all.stream()
        .filter(it -> !it.state().hasEnded())
        .map(
            it ->
                new Calculation(
                    it.id(),
                    it.sessionId(),
                    it.state(),
                    it.description(),
                    it.submittedAt(),
                    it.completedAt(),
                    null,
                    Calculation.NO_OUTPUT))
        .toList();
  }

  @Override
  public CalculationList calculations(SessionId session, Instant endedSince, Deadline deadline) {
    var active = activeCalculations(session, deadline);
    return new CalculationList(
        Stream.concat(active.stream(), ended(session).filter(it -> !endOf(it).isBefore(endedSince)))
            .toList(),
        ended(session).filter(it -> endOf(it).isBefore(endedSince)).toList(),
        0);
  }

  private Stream<Calculation> ended(SessionId session) {
    return ended.stream().filter(it -> session.equals(it.sessionId()));
  }

  private static Instant endOf(Calculation ended) {
    return Objects.requireNonNull(ended.completedAt());
  }

  @Override
  public List<Session> terminatedSessions(WorkGroup workGroup, Deadline deadline) {
    request("ListSessions", workGroup.name() + " TERMINATED", deadline);
    return terminated.stream()
        .filter(it -> it.workGroup().equals(workGroup.name()))
        .map(it -> withoutDetails(it))
        .toList();
  }

  @Override
  public List<Executor> executors(SessionId session, Deadline deadline) {
    var all = executors.getOrDefault(session, List.of());
    pages("ListExecutors", session.value(), all.size(), 100, deadline);
    return all;
  }

  @Override
  public String sparkUiUrl(String sessionArn, Deadline deadline) {
    throw new AssertionError("only the page asks for it");
  }

  @Override
  public Map<String, String> tags(String arn, Deadline deadline) {
    request("ListTagsForResource", arn, deadline);
    tagReads.computeIfAbsent(arn, _ -> new ArrayList<>()).add(clock.instant());
    return found(tags.get(arn));
  }

  @Override
  public List<WorkGroup> workGroups(Deadline deadline) {
    pages("ListWorkGroups", "", workGroups.size(), 50, deadline);
    return List.copyOf(workGroups.values());
  }

  @Override
  public List<Session> activeSessions(WorkGroup workGroup, Deadline deadline) {
    var active = new ArrayList<Session>();
    Predicate<Session> degraded = it -> it.state().name().equals("DEGRADED");
    for (var asked : List.of(degraded.negate(), degraded)) {
      var some =
          sessions.values().stream()
              .filter(it -> it.workGroup().equals(workGroup.name()) && !it.state().hasEnded())
              .filter(asked)
              .map(it -> withoutDetails(it))
              .toList();
      pages("ListSessions", workGroup.name(), some.size(), 100, deadline);
      active.addAll(some);
    }
    if (listsTwice) {
      active.addAll(List.copyOf(active));
    }
    return active;
  }

  private void pages(String operation, String about, int all, int most, Deadline deadline) {
    for (var page = 0; page == 0 || page * most < all; page++) {
      request(operation, about, deadline);
    }
  }

  private void request(String operation, String about, Deadline deadline) {
    listener.accept(operation);
    if (deadline.hasPassed(clock.instant())) {
      throw new AthenaUnavailableException("no time left for " + operation);
    }
    var fault = faults.get(operation + " " + about);
    if (fault != null) {
      throw fault;
    }
  }

  private static <T> T found(@Nullable T it) {
    if (it == null) {
      throw new NotFoundException("there is none by that id", null, null);
    }
    return it;
  }

  private static Session withoutDetails(Session it) {
    return new Session(
        it.id(),
        it.workGroup(),
        it.state(),
        it.description(),
        it.engineVersion(),
        it.startedAt(),
        it.idleSince(),
        it.endedAt(),
        null,
        null,
        null);
  }

  private static Session in(
      Session it, SessionState state, @Nullable Instant idleSince, @Nullable Instant endedAt) {
    return new Session(
        it.id(),
        it.workGroup(),
        state,
        it.description(),
        it.engineVersion(),
        it.startedAt(),
        idleSince,
        endedAt,
        it.maxDpus(),
        it.dpuTime(),
        null);
  }
}
