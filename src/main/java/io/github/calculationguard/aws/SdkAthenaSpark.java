package io.github.calculationguard.aws;

import io.github.calculationguard.spark.AthenaSpark;
import io.github.calculationguard.spark.AthenaUnavailableException;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.CalculationState;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.DeniedException;
import io.github.calculationguard.spark.Executor;
import io.github.calculationguard.spark.NoSuchThingException;
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
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.athena.AthenaClient;
import software.amazon.awssdk.services.athena.model.CalculationStatistics;
import software.amazon.awssdk.services.athena.model.CalculationStatus;
import software.amazon.awssdk.services.athena.model.InvalidRequestException;
import software.amazon.awssdk.services.athena.model.ResourceNotFoundException;
import software.amazon.awssdk.services.athena.model.SessionStatus;
import software.amazon.awssdk.services.athena.model.Tag;

/**
 * Athena's Spark side by the AWS SDK.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/athena/latest/APIReference/API_Operations.html">Athena's
 *     operations</a>
 */
public final class SdkAthenaSpark implements AthenaSpark {

  private final AthenaClient athena;
  private final InstantSource clock;

  public SdkAthenaSpark(AthenaClient athena, InstantSource clock) {
    this.athena = athena;
    this.clock = clock;
  }

  @Override
  public CalculationState stop(CalculationId id, Deadline deadline) {
    return call(
        () ->
            new CalculationState(
                stated(
                    athena
                        .stopCalculationExecution(
                            r ->
                                r.calculationExecutionId(id.value())
                                    .overrideConfiguration(by(deadline)))
                        .stateAsString())));
  }

  @Override
  public SessionState terminate(SessionId id, Deadline deadline) {
    return call(
        () ->
            new SessionState(
                stated(
                    athena
                        .terminateSession(
                            r -> r.sessionId(id.value()).overrideConfiguration(by(deadline)))
                        .stateAsString())));
  }

  @Override
  public Calculation calculation(CalculationId id, Deadline deadline) {
    return call(
        () -> {
          var it =
              athena.getCalculationExecution(
                  r -> r.calculationExecutionId(id.value()).overrideConfiguration(by(deadline)));
          return calculation(
              id,
              it.sessionId() == null ? null : new SessionId(it.sessionId()),
              it.description(),
              it.status(),
              it.statistics());
        });
  }

  @Override
  public Session session(SessionId id, Deadline deadline) {
    return call(
        () -> {
          var it =
              athena.getSession(r -> r.sessionId(id.value()).overrideConfiguration(by(deadline)));
          var dpuMillis = it.statistics() == null ? null : it.statistics().dpuExecutionInMillis();
          return session(
              id,
              it.workGroup() == null ? "" : it.workGroup(),
              it.description(),
              it.engineVersion(),
              it.status(),
              it.engineConfiguration() == null
                  ? null
                  : it.engineConfiguration().maxConcurrentDpus(),
              dpuMillis == null ? null : Duration.ofMillis(dpuMillis));
        });
  }

  @Override
  public List<Calculation> activeCalculations(SessionId session, Deadline deadline) {
    return calculations(session, calculation -> !calculation.state().isOver(), deadline);
  }

  @Override
  public List<Calculation> calculations(SessionId session, Instant endedSince, Deadline deadline) {
    return calculations(
        session,
        calculation ->
            !calculation.state().isOver()
                || (calculation.completedAt() != null
                    && !calculation.completedAt().isBefore(endedSince)),
        deadline);
  }

  /**
   * Reads no further than a page without any: a session runs one calculation at a time, newest come
   * first, and old sessions have thousands.
   */
  private List<Calculation> calculations(
      SessionId session, Predicate<Calculation> wanted, Deadline deadline) {
    try {
      return call(
          () -> {
            var all = new ArrayList<Calculation>();
            String token = null;
            do {
              var next = token;
              var page =
                  athena.listCalculationExecutions(
                      r ->
                          r.sessionId(session.value())
                              .maxResults(100)
                              .nextToken(next)
                              .overrideConfiguration(by(deadline)));
              var found =
                  page.calculations().stream()
                      .map(
                          c ->
                              calculation(
                                  new CalculationId(c.calculationExecutionId()),
                                  session,
                                  c.description(),
                                  c.status(),
                                  null))
                      .filter(wanted)
                      .toList();
              all.addAll(found);
              token = found.isEmpty() ? null : page.nextToken();
            } while (token != null);
            return all;
          });
    } catch (NoSuchThingException e) {
      // The Spark 3.5 release knows no calculations, and says so by an error.
      return List.of();
    }
  }

  @Override
  public List<Executor> executors(SessionId session, Deadline deadline) {
    return call(
        () ->
            pages(
                    token ->
                        athena.listExecutors(
                            r ->
                                r.sessionId(session.value())
                                    .maxResults(100)
                                    .nextToken(token)
                                    .overrideConfiguration(by(deadline))),
                    page -> page.nextToken())
                .stream()
                .flatMap(page -> page.executorsSummary().stream())
                .filter(e -> e.executorSize() != null && e.startDateTime() != null)
                .map(
                    e ->
                        new Executor(
                            e.executorSize(),
                            Instant.ofEpochMilli(e.startDateTime()),
                            e.terminationDateTime() == null
                                ? null
                                : Instant.ofEpochMilli(e.terminationDateTime())))
                .toList());
  }

  @Override
  public Map<String, String> tags(String arn, Deadline deadline) {
    return call(
        () ->
            pages(
                    token ->
                        athena.listTagsForResource(
                            r ->
                                r.resourceARN(arn)
                                    .nextToken(token)
                                    .overrideConfiguration(by(deadline))),
                    page -> page.nextToken())
                .stream()
                .flatMap(page -> page.tags().stream())
                .collect(Collectors.toMap(Tag::key, Tag::value, (first, _) -> first)));
  }

  @Override
  public List<WorkGroup> workGroups(Deadline deadline) {
    return call(
        () ->
            pages(
                    token ->
                        athena.listWorkGroups(
                            r ->
                                r.maxResults(50)
                                    .nextToken(token)
                                    .overrideConfiguration(by(deadline))),
                    page -> page.nextToken())
                .stream()
                .flatMap(page -> page.workGroups().stream())
                .filter(
                    w ->
                        w.engineVersion() != null
                            && isSpark(
                                w.engineVersion().selectedEngineVersion(),
                                w.engineVersion().effectiveEngineVersion()))
                .map(w -> new WorkGroup(w.name()))
                .toList());
  }

  @Override
  public List<Session> activeSessions(WorkGroup workGroup, Deadline deadline) {
    var sessions = new ArrayList<Session>();
    // Without a filter Athena leaves out the degraded ones.
    for (var state : new String[] {null, "DEGRADED"}) {
      sessions.addAll(sessions(workGroup, state, deadline));
    }
    return sessions;
  }

  private List<Session> sessions(WorkGroup workGroup, @Nullable String state, Deadline deadline) {
    return call(
        () ->
            pages(
                    token ->
                        athena.listSessions(
                            r ->
                                r.workGroup(workGroup.name())
                                    .stateFilter(state)
                                    .maxResults(100)
                                    .nextToken(token)
                                    .overrideConfiguration(by(deadline))),
                    page -> page.nextToken())
                .stream()
                .flatMap(page -> page.sessions().stream())
                .map(
                    s ->
                        session(
                            new SessionId(s.sessionId()),
                            workGroup.name(),
                            s.description(),
                            s.engineVersion() == null
                                ? null
                                : s.engineVersion().effectiveEngineVersion(),
                            s.status(),
                            null,
                            null))
                .filter(session -> !session.state().isOver())
                .toList());
  }

  private static boolean isSpark(@Nullable String selected, @Nullable String effective) {
    return (selected + " " + effective).contains("Spark");
  }

  private static Calculation calculation(
      CalculationId id,
      @Nullable SessionId session,
      @Nullable String description,
      @Nullable CalculationStatus status,
      @Nullable CalculationStatistics statistics) {
    var dpuMillis = statistics == null ? null : statistics.dpuExecutionInMillis();
    return new Calculation(
        id,
        session,
        new CalculationState(stated(status == null ? null : status.stateAsString())),
        status == null ? null : status.stateChangeReason(),
        description,
        status == null ? null : status.submissionDateTime(),
        status == null ? null : status.completionDateTime(),
        dpuMillis == null ? null : Duration.ofMillis(dpuMillis));
  }

  private static Session session(
      SessionId id,
      String workGroup,
      @Nullable String description,
      @Nullable String engineVersion,
      @Nullable SessionStatus status,
      @Nullable Integer maxDpus,
      @Nullable Duration dpuTime) {
    return new Session(
        id,
        workGroup,
        new SessionState(stated(status == null ? null : status.stateAsString())),
        description,
        engineVersion,
        status == null ? null : status.startDateTime(),
        status == null ? null : status.idleSinceDateTime(),
        status == null ? null : status.endDateTime(),
        maxDpus,
        dpuTime);
  }

  private static String stated(@Nullable String state) {
    if (state == null) {
      throw new AthenaUnavailableException("Athena answered without a state");
    }
    return state;
  }

  private static <P> List<P> pages(
      Function<@Nullable String, P> read, Function<P, @Nullable String> nextToken) {
    var pages = new ArrayList<P>();
    String token = null;
    do {
      var page = read.apply(token);
      pages.add(page);
      token = nextToken.apply(page);
    } while (token != null);
    return pages;
  }

  private AwsRequestOverrideConfiguration by(Deadline deadline) {
    return Calls.by(deadline, clock.instant());
  }

  /** Sorts what went wrong by what the caller does about it. */
  private static <T> T call(Supplier<T> call) {
    try {
      return call.get();
    } catch (InvalidRequestException | ResourceNotFoundException e) {
      throw new NoSuchThingException(Calls.words(e));
    } catch (AwsServiceException e) {
      throw Calls.isDenied(e)
          ? new DeniedException(Calls.words(e))
          : new AthenaUnavailableException(Calls.words(e));
    } catch (SdkException e) {
      throw new AthenaUnavailableException(Calls.words(e));
    }
  }
}
