package io.github.athenasparklocal;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A session to add to a {@link SparkModel}.
 *
 * <p>Unless told otherwise it starts now, may hold 20 DPUs, and idles for 8 hours, the most that
 * Athena allows, before it ends by itself.
 */
public final class SessionSetup {

  final String workGroup;
  String id = SparkModel.newId();
  @Nullable String description;
  @Nullable Instant startedAt;
  Duration idleTimeout = Duration.ofHours(8);
  int maxDpus = SessionHistory.DEFAULT_MAX_DPUS;
  int executorDpus = 1;
  @Nullable Instant terminatedAt;
  @Nullable Instant degradedAt;
  @Nullable Instant failedAt;
  boolean measured = true;
  Map<String, String> tags = Map.of();

  private SessionSetup(String workGroup) {
    this.workGroup = workGroup;
  }

  /** A session in an existing workgroup. */
  public static SessionSetup in(String workGroup) {
    return new SessionSetup(workGroup);
  }

  /** Sets its ID. */
  public SessionSetup id(String id) {
    this.id = id;
    return this;
  }

  /** Sets its description. */
  public SessionSetup description(String description) {
    this.description = description;
    return this;
  }

  /** Sets when it was started. */
  public SessionSetup startedAt(Instant startedAt) {
    this.startedAt = startedAt;
    return this;
  }

  /** Sets its idle timeout, which may be longer than Athena allows. */
  public SessionSetup idleTimeout(Duration idleTimeout) {
    this.idleTimeout = idleTimeout;
    return this;
  }

  /** Sets its maximum of concurrent DPUs, including the coordinator's. */
  public SessionSetup maxDpus(int maxDpus) {
    this.maxDpus = maxDpus;
    return this;
  }

  /** Sets the size of each of its executors, but for the coordinator, in DPUs. */
  public SessionSetup executorDpus(int executorDpus) {
    this.executorDpus = executorDpus;
    return this;
  }

  /** Sets when it was terminated. */
  public SessionSetup terminatedAt(Instant terminatedAt) {
    this.terminatedAt = terminatedAt;
    return this;
  }

  /** Sets when it became DEGRADED. */
  public SessionSetup degradedAt(Instant degradedAt) {
    this.degradedAt = degradedAt;
    return this;
  }

  /** Sets when it FAILED. */
  public SessionSetup failedAt(Instant failedAt) {
    this.failedAt = failedAt;
    return this;
  }

  /** Leaves out its statistics, its calculations' statistics and its executors. */
  public SessionSetup unmeasured() {
    this.measured = false;
    return this;
  }

  /** Sets its tags. */
  public SessionSetup tags(Map<String, String> tags) {
    this.tags = Map.copyOf(tags);
    return this;
  }

  SessionHistory history(String engineVersion, String outputLocation, Instant now) {
    return new SessionHistory(
        id,
        workGroup,
        engineVersion,
        description,
        null,
        null,
        null,
        Map.of("MaxConcurrentDpus", maxDpus, "DefaultExecutorDpuSize", executorDpus),
        outputLocation,
        idleTimeout,
        startedAt == null ? now : startedAt,
        terminatedAt,
        degradedAt,
        failedAt,
        measured,
        List.of());
  }
}
