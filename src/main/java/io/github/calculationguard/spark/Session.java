package io.github.calculationguard.spark;

import module java.base;

import org.jspecify.annotations.Nullable;

/**
 * One session: the nodes that Athena bills from its start to its end, busy or idle. An instant out
 * of range counts as absent.
 *
 * @param description the user's own text, which may contain anything
 * @param engineVersion free text, such as "PySpark engine version 3"
 * @param idleSince absent while it is not idle, and where Athena did not say
 * @param endedAt absent while it is active
 * @param maxDpus the most DPUs that it may hold at once; absent in lists
 * @param dpuTime DPU × time, as Athena reports it; absent in lists, and perhaps while it runs
 * @param idleTimeout how long it may be idle before Athena ends it; {@link #NO_TIMEOUT} where
 *     Athena names none; absent in lists
 */
public record Session(
    SessionId id,
    String workGroup,
    SessionState state,
    @Nullable String description,
    @Nullable String engineVersion,
    @Nullable Instant startedAt,
    @Nullable Instant idleSince,
    @Nullable Instant endedAt,
    @Nullable Integer maxDpus,
    @Nullable Duration dpuTime,
    @Nullable Duration idleTimeout) {

  /** Athena's API allows no larger session. */
  public static final int MAX_DPUS = 5000;

  /** The sessions that have cost the longest, as far as it is known. */
  public static final Comparator<Session> OLDEST_FIRST =
      Comparator.comparing(Session::startedAt, Comparator.nullsFirst(Comparator.naturalOrder()));

  /** Longer than any. */
  public static final Duration NO_TIMEOUT = ChronoUnit.FOREVER.getDuration();

  private static final Pattern SPARK_RELEASE = Pattern.compile("Spark\\D*(\\d{1,4})\\.(\\d{1,4})");

  public Session {
    startedAt = Instants.orNull(startedAt);
    idleSince = Instants.orNull(idleSince);
    endedAt = Instants.orNull(endedAt);
  }

  /** Whether the engine has calculations. Spark 3.5 and later have Spark Connect instead. */
  public boolean supportsCalculations() {
    return supportsCalculations(engineVersion);
  }

  /** Whether an engine has calculations, by its name. */
  public static boolean supportsCalculations(@Nullable String engineVersion) {
    var release = SPARK_RELEASE.matcher(Objects.requireNonNullElse(engineVersion, ""));
    if (!release.find()) {
      return true;
    }
    var major = Integer.parseInt(release.group(1));
    return major < 3 || (major == 3 && Integer.parseInt(release.group(2)) < 5);
  }

  /** Whether the session is idle, and Athena does not say since when. */
  public boolean lacksIdleSince() {
    return state.isIdle() && idleSince == null;
  }

  /**
   * The same session, idle since its last known change: as Athena says, or else the last end of
   * these calculations, or else its own start.
   */
  public Session idleSinceLastOf(List<Calculation> calculations) {
    var ends = calculations.stream().flatMap(it -> Stream.ofNullable(it.completedAt()));
    return lacksIdleSince()
        ? with(state, ends.max(Instant::compareTo).orElse(startedAt), maxDpus)
        : this;
  }

  /** The same session in a newer state. */
  public Session withState(SessionState newer) {
    return with(newer, idleSince, maxDpus);
  }

  /** The same session, of this size. */
  public Session withMaxDpus(@Nullable Integer maxDpus) {
    return with(state, idleSince, maxDpus);
  }

  private Session with(SessionState state, @Nullable Instant idleSince, @Nullable Integer maxDpus) {
    return new Session(
        id,
        workGroup,
        state,
        description,
        engineVersion,
        startedAt,
        idleSince,
        endedAt,
        maxDpus,
        dpuTime,
        idleTimeout);
  }

  /** How long it has existed, or existed. */
  public @Nullable Duration age(Instant now) {
    var end = endedAt == null ? now : endedAt;
    return startedAt == null ? null : Instants.between(startedAt, end);
  }

  /**
   * One node of a session, driver or worker.
   *
   * @param dpus its size
   * @param terminatedAt absent while it is billed
   */
  public record Executor(double dpus, Instant startedAt, @Nullable Instant terminatedAt) {}
}
