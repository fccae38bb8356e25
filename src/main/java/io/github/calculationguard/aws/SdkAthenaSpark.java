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
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.athena.AthenaClient;
import software.amazon.awssdk.services.athena.model.AthenaRequest;
import software.amazon.awssdk.services.athena.model.AthenaResponse;
import software.amazon.awssdk.services.athena.model.CalculationStatus;
import software.amazon.awssdk.services.athena.model.EngineVersion;
import software.amazon.awssdk.services.athena.model.ExecutorsSummary;
import software.amazon.awssdk.services.athena.model.GetCalculationExecutionRequest;
import software.amazon.awssdk.services.athena.model.GetResourceDashboardRequest;
import software.amazon.awssdk.services.athena.model.GetSessionRequest;
import software.amazon.awssdk.services.athena.model.ListCalculationExecutionsRequest;
import software.amazon.awssdk.services.athena.model.ListExecutorsRequest;
import software.amazon.awssdk.services.athena.model.ListSessionsRequest;
import software.amazon.awssdk.services.athena.model.ListTagsForResourceRequest;
import software.amazon.awssdk.services.athena.model.ListWorkGroupsRequest;
import software.amazon.awssdk.services.athena.model.SessionStatus;
import software.amazon.awssdk.services.athena.model.SessionSummary;
import software.amazon.awssdk.services.athena.model.TerminateSessionRequest;

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
    var request = TerminateSessionRequest.builder().sessionId(id.value()).build();
    var answer = call(deadline, request, athena::terminateSession);
    return new SessionState(stated(answer.stateAsString()));
  }

  @Override
  public Calculation calculation(CalculationId id, Deadline deadline) {
    var request = GetCalculationExecutionRequest.builder().calculationExecutionId(id.value());
    var it = call(deadline, request.build(), athena::getCalculationExecution);
    var session = orNull(it.sessionId(), SessionId::new);
    var dpuMillis = it.statistics() == null ? null : it.statistics().dpuExecutionInMillis();
    var output = CalculationOutput.of(it);
    return calculation(id, session, it.description(), it.status(), dpuMillis, output);
  }

  @Override
  public Session session(SessionId id, Deadline deadline) {
    var request = GetSessionRequest.builder().sessionId(id.value()).build();
    var it = call(deadline, request, athena::getSession);
    var group = requireNonNullElse(it.workGroup(), "");
    var bounds = SessionBounds.of(it);
    var dpuMillis = it.statistics() == null ? null : it.statistics().dpuExecutionInMillis();
    return session(id, group, it.description(), it.engineVersion(), it.status(), bounds, dpuMillis);
  }

  // Ends at the first page without a match: a session runs one calculation at a time, the newest
  // come first, and an old session has thousands.
  @Override
  public CalculationList calculations(SessionId session, Instant endedSince, Deadline deadline) {
    var request =
        ListCalculationExecutionsRequest.builder().sessionId(session.value()).maxResults(MAX_PAGE);
    var matches = new ArrayList<Calculation>();
    var earlier = new ArrayList<Calculation>();
    var unreadable = 0;
    try {
      var pages =
          pages(
                  deadline,
                  token -> request.nextToken(token).build(),
                  athena::listCalculationExecutions)
              .iterator();
      var before = 0;
      do {
        before = matches.size() + unreadable;
        for (var c : pages.next().calculations()) {
          var id = orNull(c.calculationExecutionId(), CalculationId::new);
          if (id == null) {
            unreadable++;
            continue;
          }
          var none = Collections.<String, String>emptySortedMap();
          var it = calculation(id, session, c.description(), c.status(), null, none);
          var end = it.completedAt();
          if (!it.state().hasEnded() || (end != null && !end.isBefore(endedSince))) {
            matches.add(it);
          } else {
            earlier.add(it);
          }
        }
      } while (matches.size() + unreadable > before && pages.hasNext());
    } catch (NotFoundException e) {
      // The Spark 3.5 release has no calculations: it answers the first request with an error.
      if (!matches.isEmpty() || unreadable > 0) {
        throw new AthenaUnavailableException(e.getMessage(), Reason.FAILED, e.awsError(), e);
      }
    }
    return new CalculationList(matches, earlier, unreadable);
  }

  @Override
  public List<Executor> executors(SessionId session, Deadline deadline) {
    var request = ListExecutorsRequest.builder().sessionId(session.value()).maxResults(MAX_PAGE);
    return pages(deadline, token -> request.nextToken(token).build(), athena::listExecutors)
        .flatMap(page -> page.executorsSummary().stream())
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
    var request = ListTagsForResourceRequest.builder().resourceARN(arn);
    return pages(deadline, token -> request.nextToken(token).build(), athena::listTagsForResource)
        .flatMap(page -> page.tags().stream())
        .filter(t -> t.key() != null)
        .collect(toMap(t -> t.key(), t -> requireNonNullElse(t.value(), ""), (first, _) -> first));
  }

  @Override
  public String sparkUiUrl(String sessionArn, Deadline deadline) {
    var request = GetResourceDashboardRequest.builder().resourceARN(sessionArn).build();
    var url = call(deadline, request, athena::getResourceDashboard).url();
    if (url == null || !url.matches("https?://[^\\s<>\"']+")) {
      throw new AthenaUnavailableException("Athena answered without a URL that a browser can open");
    }
    return url;
  }

  @Override
  public List<WorkGroup> workGroups(Deadline deadline) {
    var request = ListWorkGroupsRequest.builder();
    return pages(deadline, token -> request.nextToken(token).build(), athena::listWorkGroups)
        .flatMap(page -> page.workGroups().stream())
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
    var request = ListSessionsRequest.builder().workGroup(workGroup.name()).maxResults(MAX_PAGE);
    // Without a filter Athena leaves out the degraded ones.
    return Stream.of(request, request.copy().stateFilter("DEGRADED"))
        .flatMap(r -> pages(deadline, token -> r.nextToken(token).build(), athena::listSessions))
        .flatMap(page -> page.sessions().stream())
        .flatMap(it -> Stream.ofNullable(listed(it, workGroup)))
        .filter(session -> !session.state().hasEnded())
        .toList();
  }

  @Override
  public List<Session> terminatedSessions(WorkGroup workGroup, Deadline deadline) {
    var request = ListSessionsRequest.builder().workGroup(workGroup.name()).maxResults(MAX_PAGE);
    var ended = request.stateFilter("TERMINATED").build();
    return call(deadline, ended, athena::listSessions).sessions().stream()
        .flatMap(it -> Stream.ofNullable(listed(it, workGroup)))
        .toList();
  }

  private static @Nullable Session listed(SessionSummary s, WorkGroup workGroup) {
    var id = orNull(s.sessionId(), SessionId::new);
    var engine = s.engineVersion() == null ? null : s.engineVersion().effectiveEngineVersion();
    return id == null
        ? null
        : session(
            id, workGroup.name(), s.description(), engine, s.status(), SessionBounds.UNKNOWN, null);
  }

  private static Calculation calculation(
      CalculationId id,
      @Nullable SessionId session,
      @Nullable String description,
      @Nullable CalculationStatus answered,
      @Nullable Long dpuMillis,
      SequencedMap<String, String> output) {
    var status = stated(answered);
    return new Calculation(
        id,
        session,
        new CalculationState(stated(status.stateAsString())),
        description,
        status.submissionDateTime(),
        status.completionDateTime(),
        dpuMillis == null ? null : Duration.ofMillis(dpuMillis),
        output);
  }

  private static Session session(
      SessionId id,
      String workGroup,
      @Nullable String description,
      @Nullable String engineVersion,
      @Nullable SessionStatus answered,
      SessionBounds bounds,
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
        bounds.maxDpus(),
        dpuMillis == null ? null : Duration.ofMillis(dpuMillis),
        bounds.idleTimeout());
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

  /** The pages of a list. The first is read now, each other when it is needed. */
  private <Q extends AthenaRequest, P extends AthenaResponse> Stream<P> pages(
      Deadline deadline, Function<@Nullable String, Q> request, Function<Q, P> list) {
    return Stream.iterate(
        call(deadline, request.apply(null), list),
        Objects::nonNull,
        page ->
            page.getValueForField("NextToken", String.class)
                .map(token -> call(deadline, request.apply(token), list))
                .orElse(null));
  }

  private <Q extends AthenaRequest, R> R call(
      Deadline deadline, Q request, Function<Q, R> operation) {
    try {
      var by = AwsCalls.by(deadline, clock.instant());
      @SuppressWarnings("unchecked") // A copy has the type of the original.
      var limited = (Q) request.toBuilder().overrideConfiguration(by).build();
      return operation.apply(limited);
    } catch (SdkException e) {
      throw AwsCalls.athenaException(e);
    }
  }
}
