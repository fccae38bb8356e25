package io.github.calculationguard.aws;

import io.github.calculationguard.spark.AthenaSpark;
import io.github.calculationguard.spark.AthenaUnavailableException;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.CalculationState;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Executor;
import io.github.calculationguard.spark.Instants;
import io.github.calculationguard.spark.NotFoundException;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.spark.SessionState;
import io.github.calculationguard.spark.WorkGroup;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.services.athena.AthenaClient;
import software.amazon.awssdk.services.athena.model.CalculationStatus;
import software.amazon.awssdk.services.athena.model.CalculationSummary;
import software.amazon.awssdk.services.athena.model.EngineVersion;
import software.amazon.awssdk.services.athena.model.ExecutorsSummary;
import software.amazon.awssdk.services.athena.model.ListCalculationExecutionsResponse;
import software.amazon.awssdk.services.athena.model.ListExecutorsResponse;
import software.amazon.awssdk.services.athena.model.ListSessionsResponse;
import software.amazon.awssdk.services.athena.model.ListTagsForResourceResponse;
import software.amazon.awssdk.services.athena.model.ListWorkGroupsResponse;
import software.amazon.awssdk.services.athena.model.SessionStatus;
import software.amazon.awssdk.services.athena.model.SessionSummary;
import software.amazon.awssdk.services.athena.model.Tag;

/**
 * Athena's Spark side by the AWS SDK.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/athena/latest/APIReference/API_Operations.html">Athena's
 *     operations</a>
 */
public record SdkAthenaSpark(AthenaClient athena, InstantSource clock) implements AthenaSpark {

  private static final int MOST_A_PAGE = 100;

  @Override
  public CalculationState stop(CalculationId id, Deadline deadline) {
    var by = by(deadline);
    var answer =
        AwsCalls.call(
            () ->
                athena.stopCalculationExecution(
                    r -> r.calculationExecutionId(id.value()).overrideConfiguration(by)));
    return new CalculationState(stated(answer.stateAsString()));
  }

  @Override
  public SessionState terminate(SessionId id, Deadline deadline) {
    var by = by(deadline);
    var answer =
        AwsCalls.call(
            () -> athena.terminateSession(r -> r.sessionId(id.value()).overrideConfiguration(by)));
    return new SessionState(stated(answer.stateAsString()));
  }

  @Override
  public Calculation calculation(CalculationId id, Deadline deadline) {
    var by = by(deadline);
    var it =
        AwsCalls.call(
            () ->
                athena.getCalculationExecution(
                    r -> r.calculationExecutionId(id.value()).overrideConfiguration(by)));
    var session = orNull(it.sessionId(), SessionId::new);
    var dpuMillis = it.statistics() == null ? null : it.statistics().dpuExecutionInMillis();
    return calculation(id, session, it.description(), it.status(), dpuMillis);
  }

  @Override
  public Session session(SessionId id, Deadline deadline) {
    var by = by(deadline);
    var it =
        AwsCalls.call(
            () -> athena.getSession(r -> r.sessionId(id.value()).overrideConfiguration(by)));
    var workGroup = new WorkGroup(it.workGroup() == null ? "" : it.workGroup());
    var maxDpus =
        it.engineConfiguration() == null ? null : it.engineConfiguration().maxConcurrentDpus();
    var dpuMillis = it.statistics() == null ? null : it.statistics().dpuExecutionInMillis();
    return session(
        id, workGroup, it.description(), it.engineVersion(), it.status(), maxDpus, dpuMillis);
  }

  @Override
  public List<Calculation> activeCalculations(SessionId session, Deadline deadline) {
    return calculations(session, Instant.MAX, deadline);
  }

  /**
   * Reads no further than a page without any: a session runs one calculation at a time, newest come
   * first, and old sessions have thousands.
   */
  @Override
  public List<Calculation> calculations(SessionId session, Instant endedSince, Deadline deadline) {
    var wanted = new ArrayList<Calculation>();
    String token = null;
    do {
      var next = token;
      var by = by(deadline);
      ListCalculationExecutionsResponse page;
      try {
        page =
            AwsCalls.call(
                () ->
                    athena.listCalculationExecutions(
                        r ->
                            r.sessionId(session.value())
                                .maxResults(MOST_A_PAGE)
                                .nextToken(next)
                                .overrideConfiguration(by)));
      } catch (NotFoundException e) {
        if (token != null) {
          throw new AthenaUnavailableException(e.getMessage());
        }
        // The Spark 3.5 release knows no calculations, and says so by an error.
        return List.of();
      }
      var found =
          page.calculations().stream()
              .map(c -> listed(c, session))
              .filter(c -> !c.state().isOver() || hasEndedSince(c, endedSince))
              .toList();
      wanted.addAll(found);
      token = found.isEmpty() ? null : page.nextToken();
    } while (token != null);
    return wanted;
  }

  private static Calculation listed(CalculationSummary c, SessionId session) {
    var id = orNull(c.calculationExecutionId(), CalculationId::new);
    if (id == null) {
      throw new AthenaUnavailableException("Athena lists a calculation by what is no id");
    }
    return calculation(id, session, c.description(), c.status(), null);
  }

  private static boolean hasEndedSince(Calculation calculation, Instant instant) {
    var completed = calculation.completedAt();
    return completed != null && !completed.isBefore(instant);
  }

  @Override
  public List<Executor> executors(SessionId session, Deadline deadline) {
    return all(
            token ->
                athena.listExecutors(
                    r ->
                        r.sessionId(session.value())
                            .maxResults(MOST_A_PAGE)
                            .nextToken(token)
                            .overrideConfiguration(by(deadline))),
            ListExecutorsResponse::nextToken,
            ListExecutorsResponse::executorsSummary)
        .filter(e -> e.executorSize() != null && e.startDateTime() != null)
        .map(SdkAthenaSpark::executor)
        .filter(executor -> Instants.isInRange(executor.startedAt()))
        .toList();
  }

  private static Executor executor(ExecutorsSummary e) {
    var terminated = e.terminationDateTime();
    return new Executor(
        e.executorSize(),
        Instant.ofEpochMilli(e.startDateTime()),
        terminated == null ? null : Instants.orNull(Instant.ofEpochMilli(terminated)));
  }

  @Override
  public Map<String, String> tags(String arn, Deadline deadline) {
    return all(
            token ->
                athena.listTagsForResource(
                    r -> r.resourceARN(arn).nextToken(token).overrideConfiguration(by(deadline))),
            ListTagsForResourceResponse::nextToken,
            ListTagsForResourceResponse::tags)
        .filter(tag -> tag.key() != null)
        .collect(Collectors.toMap(Tag::key, SdkAthenaSpark::value, (first, _) -> first));
  }

  @Override
  public List<WorkGroup> workGroups(Deadline deadline) {
    return all(
            token ->
                athena.listWorkGroups(r -> r.nextToken(token).overrideConfiguration(by(deadline))),
            ListWorkGroupsResponse::nextToken,
            ListWorkGroupsResponse::workGroups)
        .filter(w -> w.engineVersion() != null && isSpark(w.engineVersion()))
        .map(w -> new WorkGroup(w.name()))
        .toList();
  }

  @Override
  public List<Session> activeSessions(WorkGroup workGroup, Deadline deadline) {
    // Without a filter Athena leaves out the degraded ones.
    return Stream.of("", "DEGRADED")
        .flatMap(
            state ->
                all(
                    token ->
                        athena.listSessions(
                            r ->
                                r.workGroup(workGroup.name())
                                    .stateFilter(state.isEmpty() ? null : state)
                                    .maxResults(MOST_A_PAGE)
                                    .nextToken(token)
                                    .overrideConfiguration(by(deadline))),
                    ListSessionsResponse::nextToken,
                    ListSessionsResponse::sessions))
        .flatMap(s -> Stream.ofNullable(listed(s, workGroup)))
        .filter(session -> !session.state().isOver())
        .toList();
  }

  /** Nothing where it has no id by which it could be asked for. */
  private static @Nullable Session listed(SessionSummary s, WorkGroup workGroup) {
    var id = orNull(s.sessionId(), SessionId::new);
    var engine = s.engineVersion() == null ? null : s.engineVersion().effectiveEngineVersion();
    return id == null
        ? null
        : session(id, workGroup, s.description(), engine, s.status(), null, null);
  }

  private static boolean isSpark(EngineVersion version) {
    return (version.selectedEngineVersion() + " " + version.effectiveEngineVersion())
        .contains("Spark");
  }

  private static Calculation calculation(
      CalculationId id,
      @Nullable SessionId session,
      @Nullable String description,
      @Nullable CalculationStatus status,
      @Nullable Long dpuMillis) {
    var told = status == null ? CalculationStatus.builder().build() : status;
    return new Calculation(
        id,
        session,
        new CalculationState(stated(told.stateAsString())),
        told.stateChangeReason(),
        description,
        told.submissionDateTime(),
        told.completionDateTime(),
        millis(dpuMillis));
  }

  private static Session session(
      SessionId id,
      WorkGroup workGroup,
      @Nullable String description,
      @Nullable String engineVersion,
      @Nullable SessionStatus status,
      @Nullable Integer maxDpus,
      @Nullable Long dpuMillis) {
    var told = status == null ? SessionStatus.builder().build() : status;
    return new Session(
        id,
        workGroup.name(),
        new SessionState(stated(told.stateAsString())),
        description,
        engineVersion,
        told.startDateTime(),
        idleSince(told),
        told.endDateTime(),
        maxDpus,
        millis(dpuMillis));
  }

  /**
   * Athena may leave the instant out, and then the session has not changed since it became idle.
   */
  private static @Nullable Instant idleSince(SessionStatus status) {
    return status.idleSinceDateTime() == null && "IDLE".equals(status.stateAsString())
        ? status.lastModifiedDateTime()
        : status.idleSinceDateTime();
  }

  /** Athena's model allows an id to be almost anything; ours go into ARNs and commands. */
  private static <T> @Nullable T orNull(@Nullable String id, Function<String, T> parse) {
    try {
      return id == null ? null : parse.apply(id);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static String value(Tag tag) {
    return tag.value() == null ? "" : tag.value();
  }

  private static @Nullable Duration millis(@Nullable Long millis) {
    return millis == null ? null : Duration.ofMillis(millis);
  }

  private static String stated(@Nullable String state) {
    if (state == null) {
      throw new AthenaUnavailableException("Athena answered without a state");
    }
    return state;
  }

  /** All items of all pages. */
  private static <P, T> Stream<T> all(
      Function<@Nullable String, P> read,
      Function<P, @Nullable String> nextToken,
      Function<P, List<T>> items) {
    var all = new ArrayList<T>();
    String token = null;
    do {
      var next = token;
      var page = AwsCalls.call(() -> read.apply(next));
      all.addAll(items.apply(page));
      token = nextToken.apply(page);
    } while (token != null);
    return all.stream();
  }

  private AwsRequestOverrideConfiguration by(Deadline deadline) {
    return AwsCalls.by(deadline, clock.instant());
  }
}
