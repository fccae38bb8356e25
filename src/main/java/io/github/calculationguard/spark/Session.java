package io.github.calculationguard.spark;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One session: the driver and the workers that Athena bills from its start to its end, busy or
 * idle.
 *
 * @param description its user's own words: show them with care
 * @param engineVersion free text, such as "PySpark engine version 3"
 * @param startedAt absent where Athena did not say
 * @param idleSince when the last calculation ended, or else when the session last changed; absent
 *     while it is not idle, and where Athena did not say
 * @param endedAt absent while it is active
 * @param maxDpus the most DPUs that it may hold at once; absent in lists
 * @param dpuTime DPU × time, as Athena reports it; absent in lists, and perhaps while it runs
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
    @Nullable Duration dpuTime) {

  private static final Pattern SPARK_RELEASE = Pattern.compile("Spark\\D*(\\d{1,4})\\.(\\d{1,4})");

  /** An instant out of range counts as absent: nobody could compute with it. */
  public Session {
    startedAt = Instants.orNull(startedAt);
    idleSince = Instants.orNull(idleSince);
    endedAt = Instants.orNull(endedAt);
  }

  /** Whether the engine has calculations. Spark 3.5 and later have Spark Connect instead. */
  public boolean supportsCalculations() {
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
   * The same, idle since its last known change: Athena's own instant, or else the end of the last
   * of these calculations, or else the start of the session.
   */
  public Session idleSinceLastOf(List<Calculation> calculations) {
    if (!lacksIdleSince()) {
      return this;
    }
    var last =
        Stream.concat(
                Stream.ofNullable(startedAt),
                calculations.stream().flatMap(it -> Stream.ofNullable(it.completedAt())))
            .max(Instant::compareTo)
            .orElse(null);
    return new Session(
        id,
        workGroup,
        state,
        description,
        engineVersion,
        startedAt,
        last,
        endedAt,
        maxDpus,
        dpuTime);
  }

  /** The same in a newer state. */
  public Session in(SessionState newer) {
    return new Session(
        id,
        workGroup,
        newer,
        description,
        engineVersion,
        startedAt,
        idleSince,
        endedAt,
        maxDpus,
        dpuTime);
  }

  /** How long it has lived, or lived; absent where Athena did not say when it started. */
  public @Nullable Duration age(Instant now) {
    if (startedAt == null) {
      return null;
    }
    var age = Duration.between(startedAt, endedAt == null ? now : endedAt);
    return age.isNegative() ? Duration.ZERO : age;
  }

  /**
   * One node of a session, driver or worker, which is billed while it lives.
   *
   * @param dpus its size
   * @param terminatedAt absent while it lives
   */
  public record Executor(double dpus, Instant startedAt, @Nullable Instant terminatedAt) {}
}
