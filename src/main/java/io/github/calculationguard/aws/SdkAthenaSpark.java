package io.github.calculationguard.aws;

import static java.time.Instant.ofEpochMilli;

import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSpark;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException.Reason;
import io.github.calculationguard.spark.AthenaSparkException.NotFoundException;
import io.github.calculationguard.spark.AthenaSparkReader.CalculationList;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.CalculationState;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Instants;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Session.Executor;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.spark.SessionState;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.exception.SdkException;
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
 * The Spark operations of Athena, through the AWS SDK.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/athena/latest/APIReference/API_Operations.html">Athena's
 *     operations</a>
 */
public record SdkAthenaSpark(AthenaClient athena, InstantSource clock) implements AthenaSpark {

  private static final int MAX_PAGE = 100;

  @Override
  public CalculationState stop(CalculationId id, Deadline deadline) {
    try {
      var answer =
          athena.stopCalculationExecution(
              r -> r.calculationExecutionId(id.value()).overrideConfiguration(by(deadline)));
      return new CalculationState(stated(answer.stateAsString()));
    } catch (SdkException e) {
      throw AwsCalls.athenaException(e);
    }
  }

  @Override
  public SessionState terminate(SessionId id, Deadline deadline) {
    var answer =
        call(
            () ->
                athena.terminateSession(
                    r -> r.sessionId(id.value()).overrideConfiguration(by(deadline))));
    return new SessionState(stated(answer.stateAsString()));
  }

  @Override
  public Calculation calculation(CalculationId id, Deadline deadline) {
    var it =
        call(
            () ->
                athena.getCalculationExecution(
                    r -> r.calculationExecutionId(id.value()).overrideConfiguration(by(deadline))));
    var session = orNull(it.sessionId(), SessionId::new);
    var dpuMillis = it.statistics() == null ? null : it.statistics().dpuExecutionInMillis();
    return calculation(id, session, it.description(), it.status(), dpuMillis);
  }

  @Override
  public Session session(SessionId id, Deadline deadline) {
    var it =
        call(
            () ->
                athena.getSession(
                    r -> r.sessionId(id.value()).overrideConfiguration(by(deadline))));
    var workGroup = new WorkGroup(it.workGroup() == null ? "" : it.workGroup());
    var maxDpus =
        it.engineConfiguration() == null ? null : it.engineConfiguration().maxConcurrentDpus();
    var dpuMillis = it.statistics() == null ? null : it.statistics().dpuExecutionInMillis();
    return session(
        id, workGroup, it.description(), it.engineVersion(), it.status(), maxDpus, dpuMillis);
  }

  @Override
  public List<Calculation> activeCalculations(SessionId session, Deadline deadline) {
    return calculations(session, Instant.MAX, deadline).calculations();
  }

  /**
   * Stops at the first page without a match: a session runs one calculation at a time, the newest
   * come first, and an old session has thousands.
   */
  @Override
  public CalculationList calculations(SessionId session, Instant endedSince, Deadline deadline) {
    var matches = new ArrayList<Calculation>();
    var unreadable = 0;
    String token = null;
    do {
      var next = token;
      ListCalculationExecutionsResponse page;
      try {
        page =
            call(
                () ->
                    athena.listCalculationExecutions(
                        r ->
                            r.sessionId(session.value())
                                .maxResults(MAX_PAGE)
                                .nextToken(next)
                                .overrideConfiguration(by(deadline))));
      } catch (NotFoundException e) {
        if (token != null) {
          throw new AthenaUnavailableException(e.getMessage(), Reason.FAILED, e.awsError(), e);
        }
        // The Spark 3.5 release has no calculations, and answers with an error.
        return CalculationList.of(List.of());
      }
      var listed = page.calculations().stream().map(c -> listed(c, session)).toList();
      var found =
          listed.stream()
              .flatMap(Optional::stream)
              .filter(c -> !c.state().isOver() || hasEndedSince(c, endedSince))
              .toList();
      var invalid = (int) listed.stream().filter(Optional::isEmpty).count();
      matches.addAll(found);
      unreadable += invalid;
      token = found.isEmpty() && invalid == 0 ? null : page.nextToken();
    } while (token != null);
    return new CalculationList(matches, unreadable);
  }

  private static Optional<Calculation> listed(CalculationSummary c, SessionId session) {
    return Optional.ofNullable(orNull(c.calculationExecutionId(), CalculationId::new))
        .map(id -> calculation(id, session, c.description(), c.status(), null));
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
                            .maxResults(MAX_PAGE)
                            .nextToken(token)
                            .overrideConfiguration(by(deadline))),
            ListExecutorsResponse::nextToken,
            ListExecutorsResponse::executorsSummary)
        .flatMap(SdkAthenaSpark::executor)
        .toList();
  }

  private static Stream<Executor> executor(ExecutorsSummary e) {
    var started =
        e.startDateTime() == null ? null : Instants.orNull(ofEpochMilli(e.startDateTime()));
    var ended =
        e.terminationDateTime() == null
            ? null
            : Instants.orNull(ofEpochMilli(e.terminationDateTime()));
    return e.executorSize() == null || started == null
        ? Stream.empty()
        : Stream.of(new Executor(e.executorSize(), started, ended));
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
                                    .maxResults(MAX_PAGE)
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
      var page = call(() -> read.apply(next));
      all.addAll(items.apply(page));
      token = nextToken.apply(page);
    } while (token != null);
    return all.stream();
  }

  private static <T> T call(Supplier<T> call) {
    try {
      return call.get();
    } catch (SdkException e) {
      throw AwsCalls.athenaException(e);
    }
  }

  private AwsRequestOverrideConfiguration by(Deadline deadline) {
    return AwsCalls.by(deadline, clock.instant());
  }
}
