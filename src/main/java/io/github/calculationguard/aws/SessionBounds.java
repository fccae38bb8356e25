package io.github.calculationguard.aws;

import module java.base;

import io.github.calculationguard.spark.Session;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.athena.model.EngineConfiguration;
import software.amazon.awssdk.services.athena.model.GetSessionResponse;
import software.amazon.awssdk.services.athena.model.SessionConfiguration;

/** How large a session may grow, and how long it may idle, as Athena describes it. */
record SessionBounds(@Nullable Integer maxDpus, @Nullable Duration idleTimeout) {

  /** What a list says of them. */
  static final SessionBounds UNKNOWN = new SessionBounds(null, null);

  private static final String MAX_EXECUTORS = "spark.dynamicAllocation.maxExecutors";

  /** The API's default for the driver and for an executor. */
  private static final int DEFAULT_DPUS = 1;

  static SessionBounds of(GetSessionResponse session) {
    var engine = session.engineConfiguration();
    var hasCalculations = Session.supportsCalculations(session.engineVersion());
    return new SessionBounds(
        engine == null ? null : maxDpus(engine, hasCalculations),
        idleTimeout(session.sessionConfiguration()));
  }

  /** Without calculations, Spark itself allocates executors: its own maximum may be the smaller. */
  private static @Nullable Integer maxDpus(EngineConfiguration engine, boolean hasCalculations) {
    var athenas = within(engine.maxConcurrentDpus());
    var executors = hasCalculations ? null : whole(engine.sparkProperties().get(MAX_EXECUTORS));
    var size = within(Objects.requireNonNullElse(engine.defaultExecutorDpuSize(), DEFAULT_DPUS));
    var driver = within(Objects.requireNonNullElse(engine.coordinatorDpuSize(), DEFAULT_DPUS));
    if (executors == null || size == null || driver == null) {
      return athenas;
    }
    var sparks = executors * size + driver;
    return athenas == null ? sparks : (Integer) Math.min(athenas, sparks);
  }

  /** Spark's own default is 2147483647 executors. */
  private static @Nullable Integer within(@Nullable Integer dpus) {
    return dpus == null || dpus < 1 || dpus > Session.MAX_DPUS ? null : dpus;
  }

  private static @Nullable Integer whole(@Nullable String text) {
    return text == null || !text.strip().matches("[0-9]{1,9}")
        ? null
        : within(Integer.valueOf(text.strip()));
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
