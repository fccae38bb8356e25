package io.github.athenasparklocal;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.athena.model.EngineConfiguration;
import software.amazon.awssdk.services.athena.model.MonitoringConfiguration;

/**
 * What was asked for in one session's life, and when.
 *
 * @param calculations by the time of their submission; in a session of Spark Connect they are its
 *     users' work, which no calculation API shows
 * @param degradedAt when it lost its coordinator
 * @param failedAt when it died by itself
 * @param measured whether Athena tells its statistics and executors
 */
record SessionHistory(
    String id,
    String workGroup,
    String engineVersion,
    @Nullable String description,
    @Nullable String notebookVersion,
    @Nullable String executionRole,
    @Nullable MonitoringConfiguration monitoring,
    EngineConfiguration engine,
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
        idleTimeout,
        startedAt,
        terminateAskedAt,
        degradedAt,
        failedAt,
        measured,
        all);
  }

  int coordinatorDpus() {
    return engine.coordinatorDpuSize() == null ? 1 : engine.coordinatorDpuSize();
  }

  int workerDpus() {
    return engine.defaultExecutorDpuSize() == null ? 1 : engine.defaultExecutorDpuSize();
  }

  int maxDpus() {
    return engine.maxConcurrentDpus() == null ? DEFAULT_MAX_DPUS : engine.maxConcurrentDpus();
  }

  /** What a session may hold at most where its starter did not say. */
  static final int DEFAULT_MAX_DPUS = 20;
}
