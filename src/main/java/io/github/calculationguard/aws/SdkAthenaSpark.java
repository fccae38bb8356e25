package io.github.calculationguard.aws;

import static java.util.Objects.requireNonNullElse;
import static java.util.stream.Collectors.toMap;

import module java.base;

import io.github.calculationguard.guard.RecordedWarning;
import io.github.calculationguard.spark.*;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSparkException.*;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException.Reason;
import io.github.calculationguard.spark.Session.Executor;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.athena.AthenaClient;
import software.amazon.awssdk.services.athena.model.AthenaRequest;
import software.amazon.awssdk.services.athena.model.AthenaResponse;
import software.amazon.awssdk.services.athena.model.CalculationStatus;
import software.amazon.awssdk.services.athena.model.EngineVersion;
import software.amazon.awssdk.services.athena.model.ExecutorsSummary;
import software.amazon.awssdk.services.athena.model.GetCalculationExecutionRequest;
import software.amazon.awssdk.services.athena.model.GetCalculationExecutionResponse;
import software.amazon.awssdk.services.athena.model.GetResourceDashboardRequest;
import software.amazon.awssdk.services.athena.model.GetSessionRequest;
import software.amazon.awssdk.services.athena.model.ListCalculationExecutionsRequest;
import software.amazon.awssdk.services.athena.model.ListExecutorsRequest;
import software.amazon.awssdk.services.athena.model.ListSessionsRequest;
import software.amazon.awssdk.services.athena.model.ListTagsForResourceRequest;
import software.amazon.awssdk.services.athena.model.ListWorkGroupsRequest;
import software.amazon.awssdk.services.athena.model.Tag;
import software.amazon.awssdk.services.athena.model.TagResourceRequest;
import software.amazon.awssdk.services.athena.model.TerminateSessionRequest;
import software.amazon.awssdk.utils.builder.SdkBuilder;

/** The Spark operations of Athena, through the AWS SDK. Warnings are kept as tags of sessions. */
public record SdkAthenaSpark(AthenaClient athena, InstantSource clock)
    implements AthenaSpark, RecordedWarning.Store {

  private static final int MAX_PAGE = 100;

  @Override
  public CalculationState stop(CalculationId id, Deadline deadline) {
    // Without the detour of the others, so that a stack trace shows the way to Stop at a glance.
    try {
      var by = AwsCalls.by(deadline, clock.instant());
      var answer =
          athena.stopCalculationExecution(
              r -> r.calculationExecutionId(id.value()).overrideConfiguration(by));
      return new CalculationState(required(answer.stateAsString()));
    } catch (SdkException e) {
      throw AwsCalls.athenaException(e);
    }
  }

  @Override
  public SessionState terminate(SessionId id, Deadline deadline) {
    var request = TerminateSessionRequest.builder().sessionId(id.value());
    var answer = call(deadline, request, athena::terminateSession);
    return new SessionState(required(answer.stateAsString()));
  }

  @Override
  public Calculation calculation(CalculationId id, Deadline deadline) {
    var request = GetCalculationExecutionRequest.builder().calculationExecutionId(id.value());
    var it = call(deadline, request, athena::getCalculationExecution);
    var session = parseOrNull(it.sessionId(), SessionId::new);
    var dpuMillis = it.statistics() == null ? null : it.statistics().dpuExecutionInMillis();
    return calculation(id, session, it.description(), it.status(), dpuMillis, output(it));
  }

  /** Where its files are in S3, as far as Athena names them, the most important first. */
  private static SequencedMap<String, String> output(GetCalculationExecutionResponse calculation) {
    var output = new LinkedHashMap<String, String>();
    var result = calculation.result();
    if (result != null) {
      output.put("result", result.resultS3Uri());
      output.put("stdout", result.stdOutS3Uri());
      output.put("stderr", result.stdErrorS3Uri());
    }
    output.put("working directory", calculation.workingDirectory());
    output.values().removeIf(uri -> uri == null || uri.isBlank());
    return output;
  }

  @Override
  public Session session(SessionId id, Deadline deadline) {
    var request = GetSessionRequest.builder().sessionId(id.value());
    return SessionAnswer.described(id, call(deadline, request, athena::getSession));
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
      var pages = pages(deadline, request::nextToken, athena::listCalculationExecutions).iterator();
      var before = -1;
      while (matches.size() + unreadable > before && pages.hasNext()) {
        before = matches.size() + unreadable;
        for (var c : pages.next().calculations()) {
          var id = parseOrNull(c.calculationExecutionId(), CalculationId::new);
          if (id == null) {
            unreadable++;
            continue;
          }
          var it =
              calculation(
                  id, session, c.description(), c.status(), null, Collections.emptySortedMap());
          var end = it.completedAt();
          var isMatch = !it.state().hasEnded() || (end != null && !end.isBefore(endedSince));
          (isMatch ? matches : earlier).add(it);
        }
      }
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
    return pages(deadline, request::nextToken, athena::listExecutors)
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
    return pages(deadline, request::nextToken, athena::listTagsForResource)
        .flatMap(page -> page.tags().stream())
        .filter(t -> t.key() != null)
        .collect(toMap(t -> t.key(), t -> requireNonNullElse(t.value(), ""), (first, _) -> first));
  }

  @Override
  public void tag(String sessionArn, String key, String value, Deadline deadline) {
    var tag = Tag.builder().key(key).value(value).build();
    var request = TagResourceRequest.builder().resourceARN(sessionArn).tags(tag);
    var _ = call(deadline, request, athena::tagResource);
  }

  @Override
  public String sparkUiUrl(String sessionArn, Deadline deadline) {
    var request = GetResourceDashboardRequest.builder().resourceARN(sessionArn);
    var url = call(deadline, request, athena::getResourceDashboard).url();
    if (url == null || !url.matches("https?://[^\\s<>\"']+")) {
      throw new AthenaUnavailableException("Athena answered without a URL that a browser can open");
    }
    return url;
  }

  @Override
  public List<WorkGroup> workGroups(Deadline deadline) {
    var request = ListWorkGroupsRequest.builder();
    return pages(deadline, request::nextToken, athena::listWorkGroups)
        .flatMap(page -> page.workGroups().stream())
        .filter(group -> group.name() != null && isSpark(group.engineVersion()))
        .map(group -> new WorkGroup(group.name()))
        .toList();
  }

  private static boolean isSpark(@Nullable EngineVersion version) {
    return version != null
        && (version.selectedEngineVersion() + " " + version.effectiveEngineVersion())
            .contains("Spark");
  }

  @Override
  public List<Session> activeSessions(WorkGroup workGroup, Deadline deadline) {
    var request = ListSessionsRequest.builder().workGroup(workGroup.name()).maxResults(MAX_PAGE);
    // Without a filter Athena leaves out the degraded ones.
    return Stream.of(request, request.copy().stateFilter("DEGRADED"))
        .flatMap(r -> pages(deadline, r::nextToken, athena::listSessions))
        .flatMap(page -> page.sessions().stream())
        .flatMap(it -> SessionAnswer.listed(it, workGroup))
        .filter(session -> !session.state().hasEnded())
        .toList();
  }

  @Override
  public List<Session> terminatedSessions(WorkGroup workGroup, Deadline deadline) {
    var request = ListSessionsRequest.builder().workGroup(workGroup.name()).maxResults(MAX_PAGE);
    return call(deadline, request.stateFilter("TERMINATED"), athena::listSessions)
        .sessions()
        .stream()
        .flatMap(it -> SessionAnswer.listed(it, workGroup))
        .toList();
  }

  private static Calculation calculation(
      CalculationId id,
      @Nullable SessionId session,
      @Nullable String description,
      @Nullable CalculationStatus answered,
      @Nullable Long dpuMillis,
      SequencedMap<String, String> output) {
    var status = required(answered);
    return new Calculation(
        id,
        session,
        new CalculationState(required(status.stateAsString())),
        description,
        status.submissionDateTime(),
        status.completionDateTime(),
        dpuMillis == null ? null : Duration.ofMillis(dpuMillis),
        output);
  }

  /** Athena's model allows an ID to be almost anything; ours go into ARNs and commands. */
  static <T> @Nullable T parseOrNull(@Nullable String id, Function<String, T> parse) {
    try {
      return id == null ? null : parse.apply(id);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static @Nullable Instant instant(@Nullable Long millis) {
    return millis == null ? null : Instants.orNull(Instant.ofEpochMilli(millis));
  }

  static <T> T required(@Nullable T state) {
    if (state == null) {
      throw new AthenaUnavailableException("Athena answered without a state");
    }
    return state;
  }

  /** The pages of a list. The first is read now, each other when it is needed. */
  private <B extends SdkBuilder<B, Q>, Q, P extends AthenaResponse> Stream<P> pages(
      Deadline deadline, Function<@Nullable String, B> request, Function<Q, P> list) {
    return Stream.iterate(
        call(deadline, request.apply(null), list),
        Objects::nonNull,
        page ->
            page.getValueForField("NextToken", String.class)
                .map(token -> call(deadline, request.apply(token), list))
                .orElse(null));
  }

  private <B extends SdkBuilder<B, Q>, Q, R> R call(
      Deadline deadline, B request, Function<Q, R> operation) {
    try {
      var by = AwsCalls.by(deadline, clock.instant());
      ((AthenaRequest.Builder) request).overrideConfiguration(by);
      return operation.apply(request.build());
    } catch (SdkException e) {
      throw AwsCalls.athenaException(e);
    }
  }
}
