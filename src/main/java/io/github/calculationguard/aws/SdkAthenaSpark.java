package io.github.calculationguard.aws;

import static java.util.Objects.requireNonNullElse;
import static java.util.stream.Collectors.toMap;

import module java.base;

import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSpark;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException.Reason;
import io.github.calculationguard.spark.AthenaSparkException.NotFoundException;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.CalculationState;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Instants;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Session.Executor;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.spark.SessionState;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.SdkResponse;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.athena.AthenaClient;
import software.amazon.awssdk.services.athena.model.CalculationStatus;
import software.amazon.awssdk.services.athena.model.EngineVersion;
import software.amazon.awssdk.services.athena.model.ExecutorsSummary;
import software.amazon.awssdk.services.athena.model.SessionStatus;
import software.amazon.awssdk.services.athena.model.SessionSummary;

/** The Spark operations of Athena, through the AWS SDK. */
public record SdkAthenaSpark(AthenaClient athena, InstantSource clock) implements AthenaSpark {

  private static final int MAX_PAGE = 100;

  @Override
  public CalculationState stop(CalculationId id, Deadline deadline) {
    // Without the detour of the others, so that a stack trace shows the way to Stop at a glance.
    try {
      var by = AwsCalls.by(deadline, clock.instant());
      var answer =
          athena.stopCalculationExecution(
              r -> r.calculationExecutionId(id.value()).overrideConfiguration(by));
      return new CalculationState(stated(answer.stateAsString()));
    } catch (SdkException e) {
      throw AwsCalls.athenaException(e);
    }
  }

  @Override
  public SessionState terminate(SessionId id, Deadline deadline) {
    var answer =
        call(
            deadline,
            by -> athena.terminateSession(r -> r.sessionId(id.value()).overrideConfiguration(by)));
    return new SessionState(stated(answer.stateAsString()));
  }

  @Override
  public Calculation calculation(CalculationId id, Deadline deadline) {
    var it =
        call(
            deadline,
            by ->
                athena.getCalculationExecution(
                    r -> r.calculationExecutionId(id.value()).overrideConfiguration(by)));
    var session = orNull(it.sessionId(), SessionId::new);
    var dpuMillis = it.statistics() == null ? null : it.statistics().dpuExecutionInMillis();
    return calculation(id, session, it.description(), it.status(), dpuMillis);
  }

  @Override
  public Session session(SessionId id, Deadline deadline) {
    var it =
        call(
            deadline,
            by -> athena.getSession(r -> r.sessionId(id.value()).overrideConfiguration(by)));
    var group = requireNonNullElse(it.workGroup(), "");
    var engine = it.engineConfiguration();
    var maxDpus = engine == null ? null : engine.maxConcurrentDpus();
    var dpuMillis = it.statistics() == null ? null : it.statistics().dpuExecutionInMillis();
    return session(
        id, group, it.description(), it.engineVersion(), it.status(), maxDpus, dpuMillis);
  }

  // Ends at the first page without a match: a session runs one calculation at a time, the newest
  // come first, and an old session has thousands.
  @Override
  public CalculationList calculations(SessionId session, Instant endedSince, Deadline deadline) {
    var matches = new ArrayList<Calculation>();
    var unreadable = 0;
    String token = null;
    try {
      do {
        var next = token;
        var page =
            call(
                deadline,
                by ->
                    athena.listCalculationExecutions(
                        r ->
                            r.sessionId(session.value())
                                .maxResults(MAX_PAGE)
                                .nextToken(next)
                                .overrideConfiguration(by)));
        var before = matches.size() + unreadable;
        for (var c : page.calculations()) {
          var id = orNull(c.calculationExecutionId(), CalculationId::new);
          if (id == null) {
            unreadable++;
            continue;
          }
          var it = calculation(id, session, c.description(), c.status(), null);
          var end = it.completedAt();
          if (!it.state().isOver() || (end != null && !end.isBefore(endedSince))) {
            matches.add(it);
          }
        }
        token = matches.size() + unreadable > before ? page.nextToken() : null;
      } while (token != null);
    } catch (NotFoundException e) {
      // The Spark 3.5 release has no calculations, and answers with an error.
      if (token != null) {
        throw new AthenaUnavailableException(e.getMessage(), Reason.FAILED, e.awsError(), e);
      }
    }
    return new CalculationList(matches, unreadable);
  }

  @Override
  public List<Executor> executors(SessionId session, Deadline deadline) {
    return all(
            deadline,
            (token, by) ->
                athena.listExecutors(
                    r ->
                        r.sessionId(session.value())
                            .maxResults(MAX_PAGE)
                            .nextToken(token)
                            .overrideConfiguration(by)),
            page -> page.executorsSummary())
        .flatMap(SdkAthenaSpark::executor)
        .toList();
  }

  private static Stream<Executor> executor(ExecutorsSummary e) {
    var started = instant(e.startDateTime());
    return e.executorSize() == null || started == null
        ? Stream.empty()
        : Stream.of(new Executor(e.executorSize(), started, instant(e.terminationDateTime())));
  }

  @Override
  public Map<String, String> tags(String arn, Deadline deadline) {
    return all(
            deadline,
            (token, by) ->
                athena.listTagsForResource(
                    r -> r.resourceARN(arn).nextToken(token).overrideConfiguration(by)),
            page -> page.tags())
        .filter(t -> t.key() != null)
        .collect(toMap(t -> t.key(), t -> requireNonNullElse(t.value(), ""), (first, _) -> first));
  }

  @Override
  public List<WorkGroup> workGroups(Deadline deadline) {
    return all(
            deadline,
            (token, by) -> athena.listWorkGroups(r -> r.nextToken(token).overrideConfiguration(by)),
            page -> page.workGroups())
        .filter(group -> group.engineVersion() != null && isSpark(group.engineVersion()))
        .map(group -> new WorkGroup(group.name()))
        .toList();
  }

  private static boolean isSpark(EngineVersion version) {
    return (version.selectedEngineVersion() + " " + version.effectiveEngineVersion())
        .contains("Spark");
  }

  @Override
  public List<Session> activeSessions(WorkGroup workGroup, Deadline deadline) {
    // Without a filter Athena leaves out the degraded ones.
    return Stream.of("", "DEGRADED")
        .flatMap(
            state ->
                all(
                    deadline,
                    (token, by) ->
                        athena.listSessions(
                            r ->
                                r.workGroup(workGroup.name())
                                    .stateFilter(state.isEmpty() ? null : state)
                                    .maxResults(MAX_PAGE)
                                    .nextToken(token)
                                    .overrideConfiguration(by)),
                    page -> page.sessions()))
        .flatMap(it -> Stream.ofNullable(listed(it, workGroup)))
        .filter(session -> !session.state().isOver())
        .toList();
  }

  private static @Nullable Session listed(SessionSummary s, WorkGroup workGroup) {
    var id = orNull(s.sessionId(), SessionId::new);
    var engine = s.engineVersion() == null ? null : s.engineVersion().effectiveEngineVersion();
    return id == null
        ? null
        : session(id, workGroup.name(), s.description(), engine, s.status(), null, null);
  }

  private static Calculation calculation(
      CalculationId id,
      @Nullable SessionId session,
      @Nullable String description,
      @Nullable CalculationStatus answered,
      @Nullable Long dpuMillis) {
    var status = stated(answered);
    return new Calculation(
        id,
        session,
        new CalculationState(stated(status.stateAsString())),
        description,
        status.submissionDateTime(),
        status.completionDateTime(),
        dpuMillis == null ? null : Duration.ofMillis(dpuMillis));
  }

  private static Session session(
      SessionId id,
      String workGroup,
      @Nullable String description,
      @Nullable String engineVersion,
      @Nullable SessionStatus answered,
      @Nullable Integer maxDpus,
      @Nullable Long dpuMillis) {
    var status = stated(answered);
    var state = new SessionState(stated(status.stateAsString()));
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
        dpuMillis == null ? null : Duration.ofMillis(dpuMillis));
  }

  /** Athena's model allows an ID to be almost anything; ours go into ARNs and commands. */
  private static <T> @Nullable T orNull(@Nullable String id, Function<String, T> parse) {
    try {
      return id == null ? null : parse.apply(id);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static @Nullable Instant instant(@Nullable Long millis) {
    return millis == null ? null : Instants.orNull(Instant.ofEpochMilli(millis));
  }

  private static <T> T stated(@Nullable T state) {
    if (state == null) {
      throw new AthenaUnavailableException("Athena answered without a state");
    }
    return state;
  }

  /** All items of all pages. */
  private <P extends SdkResponse, T> Stream<T> all(
      Deadline deadline,
      BiFunction<@Nullable String, AwsRequestOverrideConfiguration, P> read,
      Function<P, List<T>> items) {
    var all = new ArrayList<T>();
    String token = null;
    do {
      var next = token;
      var page = call(deadline, by -> read.apply(next, by));
      all.addAll(items.apply(page));
      token = page.getValueForField("NextToken", String.class).orElse(null);
    } while (token != null);
    return all.stream();
  }

  private <T> T call(Deadline deadline, Function<AwsRequestOverrideConfiguration, T> call) {
    try {
      return call.apply(AwsCalls.by(deadline, clock.instant()));
    } catch (SdkException e) {
      throw AwsCalls.athenaException(e);
    }
  }
}
