package io.github.athenasparklocal;

import java.util.Comparator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The operations on notebooks. */
final class NotebookOperations {

  private static final int MAX_PAGE = 50;
  private static final String EMPTY =
      "{\"cells\":[],\"metadata\":{},\"nbformat\":4,\"nbformat_minor\":5}";

  private final SparkModel model;
  private final Settings settings;

  NotebookOperations(SparkModel model, Settings settings) {
    this.model = model;
    this.settings = settings;
  }

  Map<String, Object> create(Members request) {
    return add(request, EMPTY);
  }

  Map<String, Object> importIt(Members request) {
    var payload = request.find("Payload");
    var uri = request.find("NotebookS3LocationUri");
    if ((payload == null) == (uri == null)) {
      throw Refused.invalid("Exactly one of Payload and NotebookS3LocationUri is required");
    }
    return add(request, payload == null ? stored(String.valueOf(uri)) : payload);
  }

  private String stored(String uri) {
    var payload = settings.objects().text(uri);
    if (payload == null) {
      throw Refused.invalid("%s was not found".formatted(Validator.cut(uri)));
    }
    return payload;
  }

  private Map<String, Object> add(Members request, String payload) {
    var workGroup = request.get("WorkGroup");
    var group = model.group(workGroup);
    if (group == null || !group.runsSpark()) {
      throw Refused.invalid(
          group == null
              ? "WorkGroup %s is not found.".formatted(workGroup)
              : "WorkGroup %s is not enabled for Apache Spark".formatted(workGroup));
    }
    var name = request.get("Name");
    checkName(workGroup, name, null);
    var now = model.now();
    var notebook = new Notebook(SparkModel.newId(), name, workGroup, payload, now, now);
    model.notebooks().put(notebook.id(), notebook);
    return Members.of("NotebookId", notebook.id());
  }

  private void checkName(String workGroup, String name, @Nullable String except) {
    for (var each : model.notebooks().values()) {
      if (each.workGroup().equals(workGroup)
          && each.name().equals(name)
          && !each.id().equals(except)) {
        throw Refused.invalid(
            "A notebook named %s already exists in workgroup %s"
                .formatted(Validator.cut(name), workGroup));
      }
    }
  }

  Map<String, Object> export(Members request) {
    var notebook = notebook(request);
    return Members.of("NotebookMetadata", metadata(notebook), "Payload", notebook.payload());
  }

  Map<String, Object> getMetadata(Members request) {
    return Members.of("NotebookMetadata", metadata(notebook(request)));
  }

  // That the filter matches a part of the name is a choice.
  Map<String, Object> listMetadata(Members request) {
    var workGroup = request.get("WorkGroup");
    if (model.group(workGroup) == null) {
      throw Refused.invalid("WorkGroup %s is not found.".formatted(workGroup));
    }
    var filter = request.map("Filters").get("Name");
    var all =
        model.notebooks().values().stream()
            .filter(each -> each.workGroup().equals(workGroup))
            .sorted(Comparator.comparing(Notebook::name))
            .toList();
    var page =
        Page.of(
            request,
            workGroup + " " + filter,
            all,
            Notebook::id,
            each -> !(filter instanceof String part) || each.name().contains(part),
            MAX_PAGE);
    return Members.of(
        "NotebookMetadataList", page.map(this::metadata), "NextToken", page.nextToken());
  }

  Map<String, Object> update(Members request) {
    var notebook = notebook(request);
    var sessionId = request.find("SessionId");
    var inUse =
        model.sessions().stream()
            .filter(each -> notebook.id().equals(each.notebookId()))
            .filter(each -> SessionOperations.ACTIVE.contains(model.sessionState(each.id())))
            .map(SessionHistory::id)
            .toList();
    if (!inUse.isEmpty() && !inUse.contains(String.valueOf(sessionId))) {
      throw Refused.invalid("SessionId is required: the notebook has an active session");
    }
    put(notebook.holding(request.get("Payload"), model.now()));
    return Map.of();
  }

  Map<String, Object> updateMetadata(Members request) {
    var notebook = notebook(request);
    var name = request.get("Name");
    checkName(notebook.workGroup(), name, notebook.id());
    put(notebook.named(name, model.now()));
    return Map.of();
  }

  Map<String, Object> delete(Members request) {
    model.notebooks().remove(notebook(request).id());
    return Map.of();
  }

  private void put(Notebook notebook) {
    model.notebooks().put(notebook.id(), notebook);
  }

  private Notebook notebook(Members request) {
    var id = request.get("NotebookId");
    var notebook = model.notebooks().get(id);
    if (notebook == null) {
      throw Refused.invalid("Notebook %s was not found".formatted(id));
    }
    return notebook;
  }

  private Map<String, Object> metadata(Notebook notebook) {
    return Members.of(
        "NotebookId",
        notebook.id(),
        "Name",
        notebook.name(),
        "WorkGroup",
        notebook.workGroup(),
        "CreationTime",
        notebook.createdAt(),
        "Type",
        "IPYNB",
        "LastModifiedTime",
        notebook.modifiedAt());
  }
}
