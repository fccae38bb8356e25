package io.github.athenasparklocal;

import io.github.athenasparklocal.SessionCourse.Node;
import io.github.athenasparklocal.SparkModel.Group;
import io.github.athenasparklocal.Timeline.Step;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.services.athena.model.CalculationResult;
import software.amazon.awssdk.services.athena.model.CalculationStatistics;
import software.amazon.awssdk.services.athena.model.CalculationStatus;
import software.amazon.awssdk.services.athena.model.CalculationSummary;
import software.amazon.awssdk.services.athena.model.CreateWorkGroupRequest;
import software.amazon.awssdk.services.athena.model.CreateWorkGroupResponse;
import software.amazon.awssdk.services.athena.model.EngineVersion;
import software.amazon.awssdk.services.athena.model.ExecutorsSummary;
import software.amazon.awssdk.services.athena.model.GetCalculationExecutionCodeRequest;
import software.amazon.awssdk.services.athena.model.GetCalculationExecutionCodeResponse;
import software.amazon.awssdk.services.athena.model.GetCalculationExecutionRequest;
import software.amazon.awssdk.services.athena.model.GetCalculationExecutionResponse;
import software.amazon.awssdk.services.athena.model.GetCalculationExecutionStatusRequest;
import software.amazon.awssdk.services.athena.model.GetCalculationExecutionStatusResponse;
import software.amazon.awssdk.services.athena.model.GetSessionRequest;
import software.amazon.awssdk.services.athena.model.GetSessionResponse;
import software.amazon.awssdk.services.athena.model.GetSessionStatusRequest;
import software.amazon.awssdk.services.athena.model.GetSessionStatusResponse;
import software.amazon.awssdk.services.athena.model.GetWorkGroupRequest;
import software.amazon.awssdk.services.athena.model.GetWorkGroupResponse;
import software.amazon.awssdk.services.athena.model.ListCalculationExecutionsRequest;
import software.amazon.awssdk.services.athena.model.ListCalculationExecutionsResponse;
import software.amazon.awssdk.services.athena.model.ListExecutorsRequest;
import software.amazon.awssdk.services.athena.model.ListExecutorsResponse;
import software.amazon.awssdk.services.athena.model.ListSessionsRequest;
import software.amazon.awssdk.services.athena.model.ListSessionsResponse;
import software.amazon.awssdk.services.athena.model.ListTagsForResourceRequest;
import software.amazon.awssdk.services.athena.model.ListTagsForResourceResponse;
import software.amazon.awssdk.services.athena.model.ListWorkGroupsRequest;
import software.amazon.awssdk.services.athena.model.ListWorkGroupsResponse;
import software.amazon.awssdk.services.athena.model.SessionConfiguration;
import software.amazon.awssdk.services.athena.model.SessionStatistics;
import software.amazon.awssdk.services.athena.model.SessionStatus;
import software.amazon.awssdk.services.athena.model.SessionSummary;
import software.amazon.awssdk.services.athena.model.StartCalculationExecutionRequest;
import software.amazon.awssdk.services.athena.model.StartCalculationExecutionResponse;
import software.amazon.awssdk.services.athena.model.StartSessionRequest;
import software.amazon.awssdk.services.athena.model.StartSessionResponse;
import software.amazon.awssdk.services.athena.model.StopCalculationExecutionRequest;
import software.amazon.awssdk.services.athena.model.StopCalculationExecutionResponse;
import software.amazon.awssdk.services.athena.model.Tag;
import software.amazon.awssdk.services.athena.model.TagResourceRequest;
import software.amazon.awssdk.services.athena.model.TagResourceResponse;
import software.amazon.awssdk.services.athena.model.TerminateSessionRequest;
import software.amazon.awssdk.services.athena.model.TerminateSessionResponse;
import software.amazon.awssdk.services.athena.model.UntagResourceRequest;
import software.amazon.awssdk.services.athena.model.UntagResourceResponse;
import software.amazon.awssdk.services.athena.model.WorkGroup;
import software.amazon.awssdk.services.athena.model.WorkGroupConfiguration;
import software.amazon.awssdk.services.athena.model.WorkGroupSummary;

/**
 * Athena's Spark operations, from the request's class to the reply's. Where AWS does not say what
 * it answers, the answer is a choice, and a comment says so.
 */
final class AthenaApi {

  /** One operation: how to make an empty request, and what to do with a full one. */
  private record Operation<Q>(
      Class<Q> request, Supplier<? extends SdkPojo> builder, Function<Q, SdkPojo> action) {

    SdkPojo run(Map<?, ?> json) {
      return action.apply(request.cast(Shapes.read(json, builder.get())));
    }
  }

  /** What was answered to a request with an idempotency token. */
  private record Answered(SdkPojo request, SdkPojo reply) {}

  private record Page<T>(List<T> items, @Nullable String nextToken) {}

  private static final Set<String> LISTED = Set.of("CREATING", "CREATED", "IDLE", "BUSY");
  private static final Set<String> INACTIVE = Set.of("TERMINATING", "TERMINATED", "FAILED");
  private static final Set<String> OVER = Set.of("CANCELED", "COMPLETED", "FAILED");
  private static final Set<String> ENGINES =
      Set.of(SparkModel.PYSPARK_3, SparkModel.SPARK_35, SparkModel.SQL_3);
  private static final Pattern TAG = Pattern.compile("[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*");
  private static final int MOST_TAGS = 50;
  private static final int MOST_ON_A_PAGE = 100;
  private static final int MOST_WORK_GROUPS_ON_A_PAGE = 50;
  private static final int USUAL_IDLE_MINUTES = 20;

  private final SparkModel model;
  private final Map<String, Operation<?>> operations = new HashMap<>();
  private final Map<String, Answered> answered = new HashMap<>();

  AthenaApi(SparkModel model) {
    this.model = model;
    add(StartSessionRequest.class, StartSessionRequest::builder, this::startSession);
    add(GetSessionRequest.class, GetSessionRequest::builder, this::getSession);
    add(GetSessionStatusRequest.class, GetSessionStatusRequest::builder, this::getSessionStatus);
    add(ListSessionsRequest.class, ListSessionsRequest::builder, this::listSessions);
    add(TerminateSessionRequest.class, TerminateSessionRequest::builder, this::terminateSession);
    add(
        StartCalculationExecutionRequest.class,
        StartCalculationExecutionRequest::builder,
        this::startCalculation);
    add(
        StopCalculationExecutionRequest.class,
        StopCalculationExecutionRequest::builder,
        this::stopCalculation);
    add(
        GetCalculationExecutionRequest.class,
        GetCalculationExecutionRequest::builder,
        this::getCalculation);
    add(
        GetCalculationExecutionStatusRequest.class,
        GetCalculationExecutionStatusRequest::builder,
        this::getCalculationStatus);
    add(
        GetCalculationExecutionCodeRequest.class,
        GetCalculationExecutionCodeRequest::builder,
        this::getCalculationCode);
    add(
        ListCalculationExecutionsRequest.class,
        ListCalculationExecutionsRequest::builder,
        this::listCalculations);
    add(ListExecutorsRequest.class, ListExecutorsRequest::builder, this::listExecutors);
    add(CreateWorkGroupRequest.class, CreateWorkGroupRequest::builder, this::createWorkGroup);
    add(ListWorkGroupsRequest.class, ListWorkGroupsRequest::builder, this::listWorkGroups);
    add(GetWorkGroupRequest.class, GetWorkGroupRequest::builder, this::getWorkGroup);
    add(ListTagsForResourceRequest.class, ListTagsForResourceRequest::builder, this::listTags);
    add(TagResourceRequest.class, TagResourceRequest::builder, this::tag);
    add(UntagResourceRequest.class, UntagResourceRequest::builder, this::untag);
  }

  private <Q> void add(
      Class<Q> request, Supplier<? extends SdkPojo> builder, Function<Q, SdkPojo> action) {
    var name = request.getSimpleName().replaceFirst("Request$", "");
    operations.put(name, new Operation<>(request, builder, action));
  }

  /**
   * Does what a request asks for.
   *
   * @throws Refused where Athena would answer with an error
   */
  Map<String, Object> run(String name, String body) {
    var operation = operations.get(name);
    if (operation == null) {
      throw Refused.byProtocol(
          "UnknownOperationException",
          "The local Athena knows %s; it was asked for '%s'."
              .formatted(String.join(", ", new TreeSet<>(operations.keySet())), name));
    }
    synchronized (model) {
      return Shapes.write(operation.run(Shapes.object(body)));
    }
  }

  // Sessions

  private SdkPojo startSession(StartSessionRequest request) {
    return once(
        "StartSession",
        request.clientRequestToken(),
        request,
        () -> {
          var group = model.group(request.workGroup());
          if (group == null) {
            throw noSuchGroup(request.workGroup());
          }
          if (!group.engineVersion().contains("Spark")) {
            throw Refused.invalid(
                "WorkGroup %s is not enabled for Apache Spark: its engine is %s"
                    .formatted(group.name(), group.engineVersion()));
          }
          var engine = request.engineConfiguration();
          if (request.notebookVersion() != null
              && !engine.additionalConfigs().containsKey("NotebookId")) {
            throw Refused.invalid("NotebookVersion requires a NotebookId in AdditionalConfigs");
          }
          var tags = new TreeMap<String, String>();
          if (Boolean.TRUE.equals(request.copyWorkGroupTags())) {
            tags.putAll(tagsOf(model.arn(group.name())));
          }
          merge(tags, request.tags());
          var minutes = request.sessionIdleTimeoutInMinutes();
          var session =
              new SessionHistory(
                  SparkModel.newId(),
                  group.name(),
                  group.engineVersion(),
                  request.description(),
                  request.notebookVersion(),
                  request.executionRole(),
                  request.monitoringConfiguration(),
                  engine,
                  Duration.ofMinutes(minutes == null ? USUAL_IDLE_MINUTES : minutes),
                  model.now(),
                  null,
                  null,
                  null,
                  true,
                  List.of());
          model.add(session, tags);
          return StartSessionResponse.builder()
              .sessionId(session.id())
              .state(stateOf(session))
              .build();
        });
  }

  private SdkPojo getSession(GetSessionRequest request) {
    var session = sessionOf(request.sessionId());
    return GetSessionResponse.builder()
        .sessionId(session.id())
        .description(session.description())
        .workGroup(session.workGroup())
        .engineVersion(session.engineVersion())
        .engineConfiguration(
            session.engine().toBuilder()
                .coordinatorDpuSize(session.coordinatorDpus())
                .defaultExecutorDpuSize(session.workerDpus())
                .maxConcurrentDpus(session.maxDpus())
                .build())
        .notebookVersion(session.notebookVersion())
        .monitoringConfiguration(session.monitoring())
        .sessionConfiguration(
            SessionConfiguration.builder()
                .executionRole(session.executionRole())
                .workingDirectory("s3://local-athena/%s/".formatted(session.id()))
                .idleTimeoutSeconds(session.idleTimeout().toSeconds())
                .sessionIdleTimeoutInMinutes((int) session.idleTimeout().toMinutes())
                .build())
        .status(statusOf(session))
        .statistics(
            session.measured()
                ? SessionStatistics.builder()
                    .dpuExecutionInMillis(model.course(session).dpuTime(model.now()).toMillis())
                    .build()
                : null)
        .build();
  }

  private SdkPojo getSessionStatus(GetSessionStatusRequest request) {
    var session = sessionOf(request.sessionId());
    return GetSessionStatusResponse.builder()
        .sessionId(session.id())
        .status(statusOf(session))
        .build();
  }

  private SdkPojo listSessions(ListSessionsRequest request) {
    if (model.group(request.workGroup()) == null) {
      throw noSuchGroup(request.workGroup());
    }
    var filter = request.stateFilterAsString();
    var page =
        page(
            "ListSessions %s %s".formatted(request.workGroup(), filter),
            model.sessions(request.workGroup()),
            SessionHistory::id,
            session ->
                filter == null
                    ? LISTED.contains(stateOf(session))
                    : filter.equals(stateOf(session)),
            request.maxResults() == null ? MOST_ON_A_PAGE : request.maxResults(),
            request.nextToken());
    return ListSessionsResponse.builder()
        .sessions(
            page.items().stream()
                .map(
                    session ->
                        SessionSummary.builder()
                            .sessionId(session.id())
                            .description(session.description())
                            .engineVersion(engine(session.engineVersion()))
                            .notebookVersion(session.notebookVersion())
                            .status(statusOf(session))
                            .build())
                .toList())
        .nextToken(page.nextToken())
        .build();
  }

  private SdkPojo terminateSession(TerminateSessionRequest request) {
    var session = sessionOf(request.sessionId());
    if (!INACTIVE.contains(stateOf(session))) {
      model.put(session.terminated(model.now()));
    }
    return TerminateSessionResponse.builder().state(stateOf(session)).build();
  }

  private SdkPojo listExecutors(ListExecutorsRequest request) {
    var session = sessionOf(request.sessionId());
    var now = model.now();
    var filter = request.executorStateFilterAsString();
    var page =
        page(
            "ListExecutors %s %s".formatted(session.id(), filter),
            session.measured() ? model.course(session).nodes(now) : List.<Node>of(),
            Node::id,
            node -> filter == null || filter.equals(node.state(now)),
            request.maxResults() == null ? MOST_ON_A_PAGE : request.maxResults(),
            request.nextToken());
    return ListExecutorsResponse.builder()
        .sessionId(session.id())
        .executorsSummary(
            page.items().stream()
                .map(
                    node ->
                        ExecutorsSummary.builder()
                            .executorId(node.id())
                            .executorType(node.type())
                            .startDateTime(node.from().toEpochMilli())
                            .terminationDateTime(
                                node.to().isAfter(now) ? null : node.to().toEpochMilli())
                            .executorState(node.state(now))
                            .executorSize((long) node.dpus())
                            .build())
                .toList())
        .nextToken(page.nextToken())
        .build();
  }

  // What Athena answers about a session that it does not know is told by GetSession, which says
  // InvalidRequest; the others do as it does.
  private SessionHistory sessionOf(String id) {
    var session = model.session(id);
    if (session == null) {
      throw Refused.invalid("Session %s was not found".formatted(id));
    }
    return session;
  }

  private String stateOf(SessionHistory session) {
    return model.course(session).session(model.now()).state();
  }

  private SessionStatus statusOf(SessionHistory session) {
    var now = model.now();
    var course = model.course(session);
    var step = course.session(now);
    return SessionStatus.builder()
        .startDateTime(session.startedAt())
        .lastModifiedDateTime(step.from())
        .endDateTime(course.endedAt(now))
        .idleSinceDateTime(step.state().equals("IDLE") ? step.from() : null)
        .state(step.state())
        .stateChangeReason(step.reason())
        .build();
  }

  // Calculations

  private SdkPojo startCalculation(StartCalculationExecutionRequest request) {
    return once(
        "StartCalculationExecution",
        request.clientRequestToken(),
        request,
        () -> {
          var session = sessionWithCalculations(request.sessionId());
          var state = stateOf(session);
          // One that is still CREATING takes calculations and queues them: a choice.
          if (!LISTED.contains(state)) {
            throw Refused.invalid(
                "Session %s is %s and takes no calculation".formatted(session.id(), state));
          }
          var calculation =
              new CalculationHistory(
                  SparkModel.newId(),
                  session.id(),
                  request.description(),
                  codeOf(request),
                  Course.of(codeOf(request)),
                  model.now(),
                  null);
          model.add(calculation);
          return StartCalculationExecutionResponse.builder()
              .calculationExecutionId(calculation.id())
              .state(stepOf(calculation).state())
              .build();
        });
  }

  @SuppressWarnings("deprecation") // The configuration is, and old clients still send it.
  private static String codeOf(StartCalculationExecutionRequest request) {
    var configuration = request.calculationConfiguration();
    var deprecated = configuration == null ? null : configuration.codeBlock();
    var code = request.codeBlock() == null ? deprecated : request.codeBlock();
    if (code == null) {
      throw Refused.invalid("CodeBlock is required");
    }
    if (request.codeBlock() != null && deprecated != null) {
      throw Refused.invalid("CodeBlock and CalculationConfiguration.CodeBlock exclude each other");
    }
    return code;
  }

  private SdkPojo stopCalculation(StopCalculationExecutionRequest request) {
    var calculation = calculationOf(request.calculationExecutionId());
    if (!OVER.contains(stepOf(calculation).state()) && calculation.stopAskedAt() == null) {
      var session = sessionOf(calculation.sessionId());
      model.put(session.stopped(calculation.id(), model.now()));
    }
    return StopCalculationExecutionResponse.builder().state(stepOf(calculation).state()).build();
  }

  private SdkPojo getCalculation(GetCalculationExecutionRequest request) {
    var calculation = calculationOf(request.calculationExecutionId());
    var directory = "s3://local-athena/%s/%s/".formatted(calculation.sessionId(), calculation.id());
    return GetCalculationExecutionResponse.builder()
        .calculationExecutionId(calculation.id())
        .sessionId(calculation.sessionId())
        .description(calculation.description())
        .workingDirectory(directory)
        .status(statusOf(calculation))
        .statistics(statisticsOf(calculation))
        .result(
            stepOf(calculation).state().equals("COMPLETED")
                ? CalculationResult.builder()
                    .stdOutS3Uri(directory + "stdout")
                    .stdErrorS3Uri(directory + "stderr")
                    .resultS3Uri(directory + "result")
                    .resultType("application/vnd.aws.athena.v1+json")
                    .build()
                : null)
        .build();
  }

  private SdkPojo getCalculationStatus(GetCalculationExecutionStatusRequest request) {
    var calculation = calculationOf(request.calculationExecutionId());
    return GetCalculationExecutionStatusResponse.builder()
        .status(statusOf(calculation))
        .statistics(statisticsOf(calculation))
        .build();
  }

  private SdkPojo getCalculationCode(GetCalculationExecutionCodeRequest request) {
    return GetCalculationExecutionCodeResponse.builder()
        .codeBlock(calculationOf(request.calculationExecutionId()).code())
        .build();
  }

  private SdkPojo listCalculations(ListCalculationExecutionsRequest request) {
    var session = sessionWithCalculations(request.sessionId());
    var filter = request.stateFilterAsString();
    var page =
        page(
            "ListCalculationExecutions %s %s".formatted(session.id(), filter),
            session.calculations().reversed(),
            CalculationHistory::id,
            calculation -> filter == null || filter.equals(stepOf(calculation).state()),
            request.maxResults() == null ? MOST_ON_A_PAGE : request.maxResults(),
            request.nextToken());
    return ListCalculationExecutionsResponse.builder()
        .calculations(
            page.items().stream()
                .map(
                    calculation ->
                        CalculationSummary.builder()
                            .calculationExecutionId(calculation.id())
                            .description(calculation.description())
                            .status(statusOf(calculation))
                            .build())
                .toList())
        .nextToken(page.nextToken())
        .build();
  }

  // The error is a choice: AWS says only that the calls "are not supported in this release".
  private SessionHistory sessionWithCalculations(String id) {
    var session = sessionOf(id);
    if (session.engineVersion().equals(SparkModel.SPARK_35)) {
      throw Refused.invalid(
          "Session %s runs %s, which supports no calculations"
              .formatted(id, session.engineVersion()));
    }
    return session;
  }

  // The error is a choice: nothing tells what Athena answers about an unknown calculation.
  private CalculationHistory calculationOf(String id) {
    var calculation = model.calculation(id);
    if (calculation == null) {
      throw Refused.notFound(id, "Calculation execution %s was not found".formatted(id));
    }
    sessionWithCalculations(calculation.sessionId());
    return calculation;
  }

  private Step stepOf(CalculationHistory calculation) {
    return model
        .course(sessionOf(calculation.sessionId()))
        .calculation(calculation.id(), model.now());
  }

  private CalculationStatus statusOf(CalculationHistory calculation) {
    var step = stepOf(calculation);
    return CalculationStatus.builder()
        .submissionDateTime(calculation.submittedAt())
        .completionDateTime(OVER.contains(step.state()) ? step.from() : null)
        .state(step.state())
        .stateChangeReason(step.reason())
        .build();
  }

  private @Nullable CalculationStatistics statisticsOf(CalculationHistory calculation) {
    var session = sessionOf(calculation.sessionId());
    var used = model.course(session).dpuTime(calculation.id(), model.now());
    return used == null || !session.measured()
        ? null
        : CalculationStatistics.builder().dpuExecutionInMillis(used.toMillis()).build();
  }

  // Workgroups

  private SdkPojo createWorkGroup(CreateWorkGroupRequest request) {
    if (model.group(request.name()) != null) {
      throw Refused.invalid("WorkGroup %s is already created".formatted(request.name()));
    }
    var configuration =
        request.configuration() == null
            ? WorkGroupConfiguration.builder().build()
            : request.configuration();
    var engine = configuration.engineVersion();
    var selected = engine == null ? null : engine.selectedEngineVersion();
    var effective = selected == null || selected.equals("AUTO") ? SparkModel.SQL_3 : selected;
    if (!ENGINES.contains(effective)) {
      throw Refused.invalid(
          "Engine version %s is none of %s".formatted(selected, new TreeSet<>(ENGINES)));
    }
    var tags = new TreeMap<String, String>();
    merge(tags, request.tags());
    model.add(
        new Group(request.name(), effective, request.description(), configuration, model.now()),
        tags);
    return CreateWorkGroupResponse.builder().build();
  }

  private SdkPojo listWorkGroups(ListWorkGroupsRequest request) {
    var page =
        page(
            "ListWorkGroups",
            model.groups(),
            Group::name,
            group -> true,
            request.maxResults() == null ? MOST_WORK_GROUPS_ON_A_PAGE : request.maxResults(),
            request.nextToken());
    return ListWorkGroupsResponse.builder()
        .workGroups(
            page.items().stream()
                .map(
                    group ->
                        WorkGroupSummary.builder()
                            .name(group.name())
                            .state("ENABLED")
                            .description(group.description())
                            .creationTime(group.createdAt())
                            .engineVersion(engine(group.engineVersion()))
                            .build())
                .toList())
        .nextToken(page.nextToken())
        .build();
  }

  private SdkPojo getWorkGroup(GetWorkGroupRequest request) {
    var group = model.group(request.workGroup());
    if (group == null) {
      // The one operation on workgroups here that does not declare ResourceNotFound.
      throw Refused.invalid("WorkGroup %s is not found.".formatted(request.workGroup()));
    }
    return GetWorkGroupResponse.builder()
        .workGroup(
            WorkGroup.builder()
                .name(group.name())
                .state("ENABLED")
                .description(group.description())
                .creationTime(group.createdAt())
                .configuration(
                    group.configuration().toBuilder()
                        .engineVersion(engine(group.engineVersion()))
                        .build())
                .build())
        .build();
  }

  private static Refused noSuchGroup(String name) {
    return Refused.notFound(name, "WorkGroup %s is not found.".formatted(name));
  }

  private static EngineVersion engine(String name) {
    return EngineVersion.builder().selectedEngineVersion(name).effectiveEngineVersion(name).build();
  }

  // Tags

  private SdkPojo listTags(ListTagsForResourceRequest request) {
    var tags = tagsOf(request.resourceARN());
    if (request.nextToken() != null) {
      // A resource has fewer tags than the smallest page, so there never is a token.
      throw badToken();
    }
    return ListTagsForResourceResponse.builder()
        .tags(
            tags.entrySet().stream()
                .map(tag -> Tag.builder().key(tag.getKey()).value(tag.getValue()).build())
                .toList())
        .build();
  }

  private SdkPojo tag(TagResourceRequest request) {
    var tags = tagsOf(request.resourceARN());
    var merged = new TreeMap<>(tags);
    merge(merged, request.tags());
    tags.putAll(merged);
    return TagResourceResponse.builder().build();
  }

  private SdkPojo untag(UntagResourceRequest request) {
    tagsOf(request.resourceARN()).keySet().removeAll(Set.copyOf(request.tagKeys()));
    return UntagResourceResponse.builder().build();
  }

  private Map<String, String> tagsOf(String arn) {
    var parts = arn.split(":", 6);
    if (parts.length < 6 || !parts[0].equals("arn") || !parts[2].equals("athena")) {
      throw Refused.invalid("%s is no ARN of Athena".formatted(arn));
    }
    var tags = model.tags(arn);
    if (tags == null) {
      throw Refused.notFound(arn, "Resource %s was not found".formatted(arn));
    }
    return tags;
  }

  private static void merge(Map<String, String> tags, List<Tag> more) {
    var seen = new HashSet<String>();
    for (var tag : more) {
      var key = tag.key();
      var value = tag.value() == null ? "" : tag.value();
      if (key == null) {
        throw Refused.invalid("A tag needs a key");
      }
      if (!seen.add(key)) {
        throw Refused.invalid("Duplicate tag key: %s".formatted(key));
      }
      if (key.regionMatches(true, 0, "aws:", 0, 4)) {
        throw Refused.invalid("Tag keys that begin with aws: are reserved: %s".formatted(key));
      }
      if (!TAG.matcher(key).matches() || !TAG.matcher(value).matches()) {
        throw Refused.invalid("Tag %s holds a character that is not allowed".formatted(key));
      }
      tags.put(key, value);
    }
    if (tags.size() > MOST_TAGS) {
      throw Refused.invalid("A resource has at most %d tags".formatted(MOST_TAGS));
    }
  }

  // Tokens

  private SdkPojo once(
      String operation, @Nullable String token, SdkPojo request, Supplier<SdkPojo> action) {
    if (token == null) {
      return action.get();
    }
    var key = operation + " " + token;
    var before = answered.get(key);
    if (before == null) {
      var reply = action.get();
      answered.put(key, new Answered(request, reply));
      return reply;
    }
    if (!before.request().equals(request)) {
      throw Refused.invalid("Idempotent parameters do not match");
    }
    return before.reply();
  }

  /**
   * The items that follow the token's, up to a page full.
   *
   * @param scope what a token is good for: the operation and all that narrows it
   */
  private static <T> Page<T> page(
      String scope,
      List<T> all,
      Function<T, String> id,
      Predicate<T> filter,
      int size,
      @Nullable String token) {
    var from = token == null ? 0 : after(scope, all.stream().map(id).toList(), token);
    var found = all.subList(from, all.size()).stream().filter(filter).limit(size + 1L).toList();
    return found.size() <= size
        ? new Page<>(found, null)
        : new Page<>(found.subList(0, size), token(scope, id.apply(found.get(size - 1))));
  }

  private static String token(String scope, String last) {
    return Base64.getUrlEncoder()
        .encodeToString((scope + " " + last).getBytes(StandardCharsets.UTF_8));
  }

  private static int after(String scope, List<String> ids, String token) {
    for (var i = 0; i < ids.size(); i++) {
      if (token(scope, ids.get(i)).equals(token)) {
        return i + 1;
      }
    }
    throw badToken();
  }

  private static Refused badToken() {
    return Refused.invalid("The NextToken is not valid");
  }
}
