package io.github.athenasparklocal;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Athena's Spark operations in one Region, from a request's members to a reply's. */
final class AthenaApi {

  /** Does one operation. */
  @FunctionalInterface
  interface Operation {

    /**
     * @throws Refused where Athena would answer with an error
     */
    Map<String, Object> run(Members request);
  }

  private record Answered(Members request, Map<String, Object> reply) {}

  private static final int MAX_TOKENS = 10_000;

  private final SparkModel model;
  private final Map<String, Operation> operations = new LinkedHashMap<>();
  private final Map<String, Answered> answered =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Answered> eldest) {
          return size() > MAX_TOKENS;
        }
      };

  AthenaApi(SparkModel model, Settings settings, Runner runner) {
    this.model = model;
    var tags = new TagOperations(model);
    var sessions = new SessionOperations(model, tags, settings, runner);
    var calculations = new CalculationOperations(model, sessions, settings, runner);
    var links = new LinkOperations(model, sessions, tags, settings, runner);
    var workGroups = new WorkGroupOperations(model);
    var notebooks = new NotebookOperations(model, settings);
    operations.put("StartSession", sessions::start);
    operations.put("GetSession", sessions::get);
    operations.put("GetSessionStatus", sessions::getStatus);
    operations.put("GetSessionEndpoint", links::getEndpoint);
    operations.put("ListSessions", sessions::list);
    operations.put("ListNotebookSessions", sessions::listOfNotebook);
    operations.put("TerminateSession", sessions::terminate);
    operations.put("ListExecutors", sessions::listExecutors);
    operations.put("CreatePresignedNotebookUrl", links::presignNotebookUrl);
    operations.put("GetResourceDashboard", links::getDashboard);
    operations.put("StartCalculationExecution", calculations::start);
    operations.put("StopCalculationExecution", calculations::stop);
    operations.put("GetCalculationExecution", calculations::get);
    operations.put("GetCalculationExecutionStatus", calculations::getStatus);
    operations.put("GetCalculationExecutionCode", calculations::getCode);
    operations.put("ListCalculationExecutions", calculations::list);
    operations.put("CreateWorkGroup", workGroups::create);
    operations.put("ListWorkGroups", workGroups::list);
    operations.put("GetWorkGroup", workGroups::get);
    operations.put("UpdateWorkGroup", workGroups::update);
    operations.put("DeleteWorkGroup", workGroups::delete);
    operations.put("ListEngineVersions", workGroups::listEngineVersions);
    operations.put("ListApplicationDPUSizes", workGroups::listDpuSizes);
    operations.put("ListTagsForResource", tags::list);
    operations.put("TagResource", tags::tag);
    operations.put("UntagResource", tags::untag);
    operations.put("CreateNotebook", notebooks::create);
    operations.put("ImportNotebook", notebooks::importIt);
    operations.put("ExportNotebook", notebooks::export);
    operations.put("GetNotebookMetadata", notebooks::getMetadata);
    operations.put("ListNotebookMetadata", notebooks::listMetadata);
    operations.put("UpdateNotebook", notebooks::update);
    operations.put("UpdateNotebookMetadata", notebooks::updateMetadata);
    operations.put("DeleteNotebook", notebooks::delete);
    if (!operations.keySet().equals(ApiModel.operations().keySet())) {
      throw new IllegalStateException("the operations are not those of the API model");
    }
  }

  /** The names of all operations. */
  Set<String> names() {
    return operations.keySet();
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
          "The local Athena has the Spark operations only; it was asked for '%s'"
              .formatted(Validator.cut(name)));
    }
    var modelled = ApiModel.operations().get(name);
    var request = new Members(name, Validator.request(Objects.requireNonNull(modelled), body));
    if (name.equals("GetSessionEndpoint")) {
      return operation.run(request);
    }
    synchronized (model) {
      return once(request, () -> operation.run(request));
    }
  }

  /** Answers a request with a client's token once, and repeats that answer. */
  private Map<String, Object> once(Members request, Supplier<Map<String, Object>> action) {
    @Nullable String token = request.find("ClientRequestToken");
    if (token == null) {
      return action.get();
    }
    var key = request.operation() + " " + token;
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

  void reset() {
    synchronized (model) {
      answered.clear();
      model.reset();
    }
  }
}
