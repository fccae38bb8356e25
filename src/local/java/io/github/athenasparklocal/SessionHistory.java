package io.github.athenasparklocal;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The requests about one session, and their times.
 *
 * @param calculations by the time of their submission; in a session of Spark Connect they are its
 *     users' work, which no calculation API shows
 * @param degradedAt when it became DEGRADED
 * @param failedAt when it FAILED
 * @param measured whether it has statistics and executors
 */
record SessionHistory(
    String id,
    String workGroup,
    String engineVersion,
    @Nullable String description,
    @Nullable String notebookVersion,
    @Nullable String executionRole,
    @Nullable Map<String, Object> monitoring,
    Map<String, Object> engine,
    String outputLocation,
    Duration idleTimeout,
    Instant startedAt,
    @Nullable Instant terminateAskedAt,
    @Nullable Instant degradedAt,
    @Nullable Instant failedAt,
    boolean measured,
    List<CalculationHistory> calculations) {

  SessionHistory {
    calculations = List.copyOf(calculations);
  }

  SessionHistory with(CalculationHistory changed) {
    return with(
        terminateAskedAt,
        calculations.stream()
            .map(each -> each.id().equals(changed.id()) ? changed : each)
            .toList());
  }

  SessionHistory terminated(Instant now) {
    return with(now, calculations);
  }

  SessionHistory submitted(CalculationHistory calculation) {
    var all = new ArrayList<>(calculations);
    all.add(calculation);
    return with(terminateAskedAt, all);
  }

  SessionHistory stopped(String calculationId, Instant now) {
    return with(
        terminateAskedAt,
        calculations.stream()
            .map(each -> each.id().equals(calculationId) ? each.stopped(now) : each)
            .toList());
  }

  private SessionHistory with(@Nullable Instant terminateAskedAt, List<CalculationHistory> all) {
    return new SessionHistory(
        id,
        workGroup,
        engineVersion,
        description,
        notebookVersion,
        executionRole,
        monitoring,
        engine,
        outputLocation,
        idleTimeout,
        startedAt,
        terminateAskedAt,
        degradedAt,
        failedAt,
        measured,
        all);
  }

  int coordinatorDpus() {
    return dpus("CoordinatorDpuSize", 1);
  }

  int workerDpus() {
    return dpus("DefaultExecutorDpuSize", 1);
  }

  int maxDpus() {
    return dpus("MaxConcurrentDpus", DEFAULT_MAX_DPUS);
  }

  private int dpus(String member, int otherwise) {
    return engine.get(member) instanceof Number number ? number.intValue() : otherwise;
  }

  /** The notebook that it was started for; absent if there is none. */
  @Nullable String notebookId() {
    return engine.get("AdditionalConfigs") instanceof Map<?, ?> configs
            && configs.get("NotebookId") instanceof String id
        ? id
        : null;
  }

  /** Where its calculations write. */
  String directory() {
    return outputLocation + id + "/";
  }

  /** How many DPUs a session may hold at once if its request names no number. */
  static final int DEFAULT_MAX_DPUS = 20;
}
