package io.github.calculationguard.aws;

import static java.util.Objects.requireNonNullElse;

import module java.base;

import io.github.calculationguard.spark.*;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.athena.model.EngineConfiguration;
import software.amazon.awssdk.services.athena.model.GetSessionResponse;
import software.amazon.awssdk.services.athena.model.SessionConfiguration;
import software.amazon.awssdk.services.athena.model.SessionStatus;
import software.amazon.awssdk.services.athena.model.SessionSummary;

/** Reads what Athena answers about a session. */
final class SessionAnswer {

  private static final String MAX_EXECUTORS = "spark.dynamicAllocation.maxExecutors";

  /** The API's default for the driver and for an executor. */
  private static final int DEFAULT_DPUS = 1;

  private SessionAnswer() {}

  static Session described(SessionId id, GetSessionResponse s) {
    var engine = s.engineConfiguration();
    var hasCalculations = Session.supportsCalculations(s.engineVersion());
    var dpuMillis = s.statistics() == null ? null : s.statistics().dpuExecutionInMillis();
    return session(
        id,
        requireNonNullElse(s.workGroup(), ""),
        s.description(),
        s.engineVersion(),
        s.status(),
        engine == null ? null : maxDpus(engine, hasCalculations),
        dpuMillis == null ? null : Duration.ofMillis(dpuMillis),
        idleTimeout(s.sessionConfiguration()));
  }

  /** A session of a list; none if its ID is odd. */
  static Stream<Session> listed(SessionSummary s, WorkGroup workGroup) {
    var id = SdkAthenaSpark.parseOrNull(s.sessionId(), SessionId::new);
    var engine = s.engineVersion() == null ? null : s.engineVersion().effectiveEngineVersion();
    var group = workGroup.name();
    return id == null
        ? Stream.empty()
        : Stream.of(session(id, group, s.description(), engine, s.status(), null, null, null));
  }

  private static Session session(
      SessionId id,
      String workGroup,
      @Nullable String description,
      @Nullable String engineVersion,
      @Nullable SessionStatus answered,
      @Nullable Integer maxDpus,
      @Nullable Duration dpuTime,
      @Nullable Duration idleTimeout) {
    var status = SdkAthenaSpark.required(answered);
    var state = new SessionState(SdkAthenaSpark.required(status.stateAsString()));
    // Without this instant, the session has not changed since it became idle.
    var lacksIdleSince = state.isIdle() && status.idleSinceDateTime() == null;
    return new Session(
        id,
        workGroup,
        state,
        description,
        engineVersion,
        status.startDateTime(),
        lacksIdleSince ? status.lastModifiedDateTime() : status.idleSinceDateTime(),
        status.endDateTime(),
        maxDpus,
        dpuTime,
        idleTimeout);
  }

  /** Without calculations, Spark itself allocates executors: its own maximum may be the smaller. */
  private static @Nullable Integer maxDpus(EngineConfiguration engine, boolean hasCalculations) {
    var athenas = validDpus(engine.maxConcurrentDpus());
    var executors = hasCalculations ? null : parseDpus(engine.sparkProperties().get(MAX_EXECUTORS));
    var size = validDpus(requireNonNullElse(engine.defaultExecutorDpuSize(), DEFAULT_DPUS));
    var driver = validDpus(requireNonNullElse(engine.coordinatorDpuSize(), DEFAULT_DPUS));
    if (executors == null || size == null || driver == null) {
      return athenas;
    }
    var sparks = executors * size + driver;
    return athenas == null ? sparks : (Integer) Math.min(athenas, sparks);
  }

  /** Spark's own default is 2147483647 executors. */
  private static @Nullable Integer validDpus(@Nullable Integer dpus) {
    return dpus == null || dpus < 1 || dpus > Session.MAX_DPUS ? null : dpus;
  }

  private static @Nullable Integer parseDpus(@Nullable String text) {
    return text == null || !text.strip().matches("[0-9]{1,9}")
        ? null
        : validDpus(Integer.valueOf(text.strip()));
  }

  private static Duration idleTimeout(@Nullable SessionConfiguration session) {
    var minutes = session == null ? null : session.sessionIdleTimeoutInMinutes();
    if (minutes != null && minutes > 0) {
      return Duration.ofMinutes(minutes);
    }
    var seconds = session == null ? null : session.idleTimeoutSeconds();
    return seconds != null && seconds > 0 ? Duration.ofSeconds(seconds) : Session.NO_TIMEOUT;
  }
}
