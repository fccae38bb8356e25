package io.github.athenasparklocal;

import io.github.athenasparklocal.SessionCourse.Node;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The operations on sessions and their executors. */
final class SessionOperations {

  static final int MAX_PAGE = 100;
  static final Set<String> ACTIVE = Set.of("CREATING", "CREATED", "IDLE", "BUSY");

  static final Set<String> OVER = Set.of("TERMINATING", "TERMINATED", "FAILED");
  private static final int DEFAULT_IDLE_MINUTES = 20;
  private static final int MAX_NOTEBOOK_PAGE = 10;

  private final SparkModel model;
  private final TagOperations tags;
  private final Settings settings;
  private final Runner runner;

  SessionOperations(SparkModel model, TagOperations tags, Settings settings, Runner runner) {
    this.model = model;
    this.tags = tags;
    this.settings = settings;
    this.runner = runner;
  }

  Map<String, Object> start(Members request) {
    var group = sparkGroup(request.get("WorkGroup"));
    var active = model.sessions().stream().filter(each -> ACTIVE.contains(state(each))).toList();
    if (active.size() >= settings.maxSessions()) {
      throw Refused.tooMany("The account has %d active sessions".formatted(active.size()));
    }
    var engine = request.map("EngineConfiguration");
    var minutes = request.number("SessionIdleTimeoutInMinutes", DEFAULT_IDLE_MINUTES);
    var session =
        new SessionHistory(
            SparkModel.newId(),
            group.name(),
            group.engineVersion(),
            request.find("Description"),
            request.find("NotebookVersion"),
            request.find("ExecutionRole"),
            request.values().containsKey("MonitoringConfiguration")
                ? request.map("MonitoringConfiguration")
                : null,
            engine,
            group.outputLocation(),
            Duration.ofMinutes(minutes),
            model.now(),
            null,
            null,
            null,
            true,
            List.of());
    checkNotebook(session, active);
    var all = new TreeMap<String, String>();
    if (request.flag("CopyWorkGroupTags")) {
      all.putAll(tags.of(model.arn(group.name())));
    }
    TagOperations.merge(all, request.list("Tags"));
    model.add(session, all);
    return Members.of("SessionId", session.id(), "State", state(session));
  }

  private Group sparkGroup(String name) {
    var group = model.group(name);
    if (group == null) {
      throw Refused.notFound(name, "WorkGroup %s is not found.".formatted(name));
    }
    if (!group.enabled()) {
      throw Refused.invalid("WorkGroup %s is disabled.".formatted(name));
    }
    if (!group.runsSpark()) {
      throw Refused.invalid(
          "WorkGroup %s is not enabled for Apache Spark: its engine is %s"
              .formatted(name, group.engineVersion()));
    }
    return group;
  }

  // That an unknown notebook is refused is a choice.
  private void checkNotebook(SessionHistory session, List<SessionHistory> active) {
    var id = session.notebookId();
    if (session.notebookVersion() != null && id == null) {
      throw Refused.invalid("NotebookVersion requires a NotebookId in AdditionalConfigs");
    }
    if (id != null) {
      if (!model.notebooks().containsKey(id)) {
        throw Refused.invalid("Notebook %s was not found".formatted(Validator.cut(id)));
      }
      if (active.stream().anyMatch(each -> id.equals(each.notebookId()))) {
        throw Refused.of(
            400, "SessionAlreadyExistsException", "Notebook %s has a session".formatted(id));
      }
    }
  }

  Map<String, Object> get(Members request) {
    var session = session(request.get("SessionId"));
    var engine = new TreeMap<>(session.engine());
    engine.put("CoordinatorDpuSize", session.coordinatorDpus());
    engine.put("DefaultExecutorDpuSize", session.workerDpus());
    engine.put("MaxConcurrentDpus", session.maxDpus());
    return Members.of(
        "SessionId",
        session.id(),
        "Description",
        session.description(),
        "WorkGroup",
        session.workGroup(),
        "EngineVersion",
        session.engineVersion(),
        "EngineConfiguration",
        engine,
        "NotebookVersion",
        session.notebookVersion(),
        "MonitoringConfiguration",
        session.monitoring(),
        "SessionConfiguration",
        Members.of(
            "ExecutionRole",
            session.executionRole(),
            "WorkingDirectory",
            session.directory(),
            "IdleTimeoutSeconds",
            session.idleTimeout().toSeconds(),
            "SessionIdleTimeoutInMinutes",
            Math.clamp(session.idleTimeout().toMinutes(), 1, 480)),
        "Status",
        status(session),
        "Statistics",
        session.measured()
            ? Members.of(
                "DpuExecutionInMillis", model.course(session).dpuTime(model.now()).toMillis())
            : null);
  }

  Map<String, Object> getStatus(Members request) {
    var session = session(request.get("SessionId"));
    return Members.of("SessionId", session.id(), "Status", status(session));
  }

  Map<String, Object> list(Members request) {
    var name = request.get("WorkGroup");
    if (model.group(name) == null) {
      throw Refused.notFound(name, "WorkGroup %s is not found.".formatted(name));
    }
    var filter = request.find("StateFilter");
    var page =
        Page.of(
            request,
            name + " " + filter,
            model.sessions(name),
            SessionHistory::id,
            each -> filter == null ? ACTIVE.contains(state(each)) : filter.equals(state(each)),
            MAX_PAGE);
    return Members.of("Sessions", page.map(this::summary), "NextToken", page.nextToken());
  }

  private Map<String, Object> summary(SessionHistory session) {
    return Members.of(
        "SessionId",
        session.id(),
        "Description",
        session.description(),
        "EngineVersion",
        WorkGroupOperations.engine(session.engineVersion()),
        "NotebookVersion",
        session.notebookVersion(),
        "Status",
        status(session));
  }

  Map<String, Object> listOfNotebook(Members request) {
    var id = request.get("NotebookId");
    if (!model.notebooks().containsKey(id)) {
      throw Refused.notFound(id, "Notebook %s was not found".formatted(id));
    }
    var all =
        model.sessions().stream()
            .filter(each -> id.equals(each.notebookId()))
            .sorted(Comparator.comparing(SessionHistory::startedAt).reversed())
            .toList();
    var page = Page.of(request, id, all, SessionHistory::id, each -> true, MAX_NOTEBOOK_PAGE);
    return Members.of(
        "NotebookSessionsList",
        page.map(each -> Members.of("SessionId", each.id(), "CreationTime", each.startedAt())),
        "NextToken",
        page.nextToken());
  }

  Map<String, Object> terminate(Members request) {
    var session = session(request.get("SessionId"));
    if (!OVER.contains(state(session))) {
      model.put(session.terminated(model.now()));
      runner.end(session.id());
    }
    return Members.of("State", state(session));
  }

  Map<String, Object> listExecutors(Members request) {
    var session = session(request.get("SessionId"));
    var now = model.now();
    var filter = request.find("ExecutorStateFilter");
    var page =
        Page.of(
            request,
            session.id() + " " + filter,
            session.measured() ? model.course(session).nodes(now) : List.<Node>of(),
            Node::id,
            node -> filter == null || filter.equals(node.state(now)),
            MAX_PAGE);
    return Members.of(
        "SessionId",
        session.id(),
        "ExecutorsSummary",
        page.map(
            node ->
                Members.of(
                    "ExecutorId",
                    node.id(),
                    "ExecutorType",
                    node.type(),
                    "StartDateTime",
                    node.from().toEpochMilli(),
                    "TerminationDateTime",
                    node.to().isAfter(now) ? null : node.to().toEpochMilli(),
                    "ExecutorState",
                    node.state(now),
                    "ExecutorSize",
                    node.dpus())),
        "NextToken",
        page.nextToken());
  }

  // GetSession is documented to answer InvalidRequest about an unknown session; the others follow.
  SessionHistory session(String id) {
    var session = model.session(id);
    if (session == null) {
      throw Refused.invalid("Session %s was not found".formatted(Validator.cut(id)));
    }
    return session;
  }

  String state(SessionHistory session) {
    return model.course(session).session(model.now()).state();
  }

  private Map<String, Object> status(SessionHistory session) {
    var course = model.course(session);
    var step = course.session(model.now());
    var idleSince = step.state().equals("IDLE") ? step.from() : null;
    return Members.of(
        "StartDateTime",
        session.startedAt(),
        "LastModifiedDateTime",
        step.from(),
        "EndDateTime",
        course.endedAt(model.now()),
        "IdleSinceDateTime",
        idleSince,
        "State",
        step.state(),
        "StateChangeReason",
        step.reason());
  }
}
