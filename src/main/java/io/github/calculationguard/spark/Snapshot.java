package io.github.calculationguard.spark;

import module java.base;

import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.Session.Executor;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a calculation, or of a session, at an instant. What could not be read is absent.
 *
 * @param calculation absent if this is about a session alone
 * @param owner the value of the owner tag of the session, or else of its workgroup
 * @param executors the session's nodes; none if it has ended or they could not be read
 */
public record Snapshot(
    @Nullable Calculation calculation,
    @Nullable Session session,
    @Nullable String owner,
    List<Executor> executors,
    Instant at) {

  /** The same session, with this calculation in it. */
  public Snapshot withCalculation(Calculation other) {
    return new Snapshot(other, session, owner, executors, at);
  }

  /** The session; throws NullPointerException if none was read. */
  public Session requireSession() {
    return Objects.requireNonNull(session);
  }

  /** The ID of the calculation, or else of the session. */
  public String id() {
    return Objects.requireNonNull(of(it -> it.id().value(), it -> it.id().value()));
  }

  /** Whether the calculation, or its session, has ended. */
  public boolean hasEnded() {
    return (session != null && session.state().hasEnded())
        || (calculation != null && calculation.state().hasEnded());
  }

  /** Whether cancellation of the calculation was requested already. */
  public boolean isCanceling() {
    return calculation != null && calculation.state().equals(CalculationState.CANCELING);
  }

  /** How long the session has been idle; absent if it is busy or that is unknown. */
  public @Nullable Duration idle() {
    return session == null || !session.state().isIdle() || session.idleSince() == null
        ? null
        : Instants.between(session.idleSince(), at);
  }

  /** The user's own text for the calculation, or else for the session. */
  public @Nullable String description() {
    return of(Calculation::description, Session::description);
  }

  /** The state of the calculation, or else of the session. */
  public @Nullable String state() {
    return of(it -> it.state().name(), it -> it.state().name());
  }

  /** When the calculation was submitted, or else the session started. */
  public @Nullable Instant since() {
    return of(Calculation::submittedAt, Session::startedAt);
  }

  /** How long the calculation has run, or else the session has existed. */
  public @Nullable Duration age() {
    return of(it -> it.age(at), it -> it.age(at));
  }

  /** What the calculation, or else the session, has used so far. */
  public @Nullable Cost cost() {
    return of(
        it -> Cost.of(it.dpuTime(), it.submittedAt(), it.completedAt(), this),
        it -> Cost.of(it.dpuTime(), it.startedAt(), it.endedAt(), this));
  }

  /** How many DPUs the session is billed for from now on: its maximum if its nodes are unknown. */
  public @Nullable Double dpusStillHeld() {
    if (session == null) {
      return null;
    }
    if (session.state().hasEnded()) {
      return 0.0;
    }
    var alive = executors.stream().filter(e -> e.terminatedAt() == null);
    var dpus = alive.mapToDouble(Executor::dpus).sum();
    var maxDpus = session.maxDpus();
    return dpus > 0 ? (Double) dpus : maxDpus == null ? null : (Double) maxDpus.doubleValue();
  }

  private <T> @Nullable T of(
      Function<Calculation, @Nullable T> ofCalculation, Function<Session, @Nullable T> ofSession) {
    if (calculation != null) {
      return ofCalculation.apply(calculation);
    }
    return session == null ? null : ofSession.apply(session);
  }

  /** Reads a calculation or a session, and leaves out what cannot be read. */
  public static final class Reader {

    private final AthenaSparkReader athena;
    private final String ownerTag;
    private final InstantSource clock;
    private final BooleanSupplier mayReadAhead;

    /** The workgroup of the last session, and probably of the next one. */
    private volatile @Nullable WorkGroup lastSeen;

    /**
     * @param ownerTag the key of the tag that names an owner; case does not matter
     * @param mayReadAhead whether calls that need not wait for each other are made at once
     */
    public Reader(
        AthenaSparkReader athena,
        String ownerTag,
        InstantSource clock,
        BooleanSupplier mayReadAhead) {
      this.athena = athena;
      this.ownerTag = ownerTag;
      this.clock = clock;
      this.mayReadAhead = mayReadAhead;
    }

    /** The calculation with its session, its owner and the session's executors. */
    public Snapshot read(Calculation calculation, AccountRegion place, Deadline deadline) {
      var id = calculation.sessionId();
      var session =
          id == null
              ? null
              : read(id, () -> athena.session(id, deadline), lastSeen, place, deadline);
      return session == null
          ? new Snapshot(calculation, null, null, List.of(), clock.instant())
          : session.withCalculation(calculation);
    }

    /** The session with its owner and its executors. */
    public Snapshot read(Session session, AccountRegion place, Deadline deadline) {
      var workGroup = new WorkGroup(session.workGroup());
      return Objects.requireNonNull(read(session.id(), () -> session, workGroup, place, deadline));
    }

    private @Nullable Snapshot read(
        SessionId id,
        Supplier<Session> reading,
        @Nullable WorkGroup probable,
        AccountRegion place,
        Deadline deadline) {
      var executors =
          ahead(() -> orElse(List.<Executor>of(), () -> athena.executors(id, deadline)));
      var tags = probable == null ? null : ahead(() -> tags(place.arnOf(probable, id), deadline));
      var session = Reader.<@Nullable Session>orElse(null, reading);
      if (session == null) {
        return null;
      }
      var workGroup = new WorkGroup(session.workGroup());
      lastSeen = workGroup;
      var nodes = session.state().hasEnded() ? List.<Executor>of() : executors.get();
      var own =
          tags != null && workGroup.equals(probable)
              ? tags.get()
              : tags(place.arnOf(session), deadline);
      var owner = owner(own, workGroup, place, deadline);
      return new Snapshot(null, session, owner, nodes, clock.instant());
    }

    /** The owner whom the tags of a session, or else of its workgroup, name. */
    public @Nullable String owner(Session session, AccountRegion place, Deadline deadline) {
      var own = tags(place.arnOf(session), deadline);
      return owner(own, new WorkGroup(session.workGroup()), place, deadline);
    }

    private @Nullable String owner(
        Map<String, String> own, WorkGroup workGroup, AccountRegion place, Deadline deadline) {
      var owner = owner(own, ownerTag);
      return owner != null ? owner : owner(tags(place.arnOf(workGroup), deadline), ownerTag);
    }

    private Map<String, String> tags(String arn, Deadline deadline) {
      return orElse(Map.of(), () -> athena.tags(arn, deadline));
    }

    /** Calls now, on a thread of its own, if that is allowed; or else when its answer is needed. */
    private <T> Supplier<T> ahead(Supplier<T> call) {
      return mayReadAhead.getAsBoolean()
          ? CompletableFuture.supplyAsync(call, Thread::startVirtualThread)::join
          : call;
    }

    /** The owner whom tags name, by a key in whatever case. */
    public static @Nullable String owner(Map<String, String> tags, String ownerTag) {
      return tags.entrySet().stream()
          .filter(tag -> tag.getKey().equalsIgnoreCase(ownerTag) && !tag.getValue().isBlank())
          .min(Map.Entry.comparingByKey())
          .map(Map.Entry::getValue)
          .orElse(null);
    }

    /** A snapshot that lacks something is better than none. */
    private static <T extends @Nullable Object> T orElse(
        T otherwise, Supplier<? extends T> reading) {
      try {
        return reading.get();
      } catch (AthenaSparkException _) {
        return otherwise;
      }
    }
  }
}
