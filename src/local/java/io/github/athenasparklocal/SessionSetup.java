package io.github.athenasparklocal;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.athena.model.EngineConfiguration;

/**
 * A session that is there already when a story begins.
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
  @Nullable Instant terminatedAt;
  @Nullable Instant degradedAt;
  @Nullable Instant failedAt;
  boolean measured = true;
  Map<String, String> tags = Map.of();

  private SessionSetup(String workGroup) {
    this.workGroup = workGroup;
  }

  /** A session of a workgroup that is there. */
  public static SessionSetup in(String workGroup) {
    return new SessionSetup(workGroup);
  }

  /** Its id, instead of a new one. */
  public SessionSetup id(String id) {
    this.id = id;
    return this;
  }

  /** Its user's words. */
  public SessionSetup description(String description) {
    this.description = description;
    return this;
  }

  /** When it was started. */
  public SessionSetup startedAt(Instant startedAt) {
    this.startedAt = startedAt;
    return this;
  }

  /** How long it idles before it ends by itself; here it may be longer than Athena allows. */
  public SessionSetup idleTimeout(Duration idleTimeout) {
    this.idleTimeout = idleTimeout;
    return this;
  }

  /** The most DPUs that it may hold at once, its coordinator's included. */
  public SessionSetup maxDpus(int maxDpus) {
    this.maxDpus = maxDpus;
    return this;
  }

  /** When somebody terminated it. */
  public SessionSetup terminatedAt(Instant terminatedAt) {
    this.terminatedAt = terminatedAt;
    return this;
  }

  /** When it lost its coordinator, and became DEGRADED. */
  public SessionSetup degradedAt(Instant degradedAt) {
    this.degradedAt = degradedAt;
    return this;
  }

  /** When it died by itself. */
  public SessionSetup failedAt(Instant failedAt) {
    this.failedAt = failedAt;
    return this;
  }

  /** Athena tells no statistics of it and of its calculations, and no executors. */
  public SessionSetup unmeasured() {
    this.measured = false;
    return this;
  }

  /** Its tags. */
  public SessionSetup tags(Map<String, String> tags) {
    this.tags = Map.copyOf(tags);
    return this;
  }

  SessionHistory history(String engineVersion, Instant now) {
    return new SessionHistory(
        id,
        workGroup,
        engineVersion,
        description,
        null,
        null,
        null,
        EngineConfiguration.builder()
            .coordinatorDpuSize(1)
            .defaultExecutorDpuSize(1)
            .maxConcurrentDpus(maxDpus)
            .build(),
        idleTimeout,
        startedAt == null ? now : startedAt,
        terminatedAt,
        degradedAt,
        failedAt,
        measured,
        List.of());
  }
}
