package io.github.athenasparklocal;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The operations on workgroups and their engines. */
final class WorkGroupOperations {

  private static final int MAX_PAGE = 50;
  private static final List<String> ENGINES =
      List.of(SparkModel.SQL_3, SparkModel.PYSPARK_3, SparkModel.SPARK_35);

  private final SparkModel model;

  WorkGroupOperations(SparkModel model) {
    this.model = model;
  }

  Map<String, Object> create(Members request) {
    var name = request.get("Name");
    if (model.group(name) != null) {
      throw Refused.invalid("WorkGroup %s is already created".formatted(name));
    }
    var configuration = request.map("Configuration");
    var engine = effective(configuration.get("EngineVersion"), SparkModel.SQL_3);
    var all = new TreeMap<String, String>();
    TagOperations.merge(all, request.list("Tags"));
    var description = request.find("Description");
    model.add(new Group(name, engine, description, true, configuration, model.now()), all);
    return Map.of();
  }

  private static String effective(@Nullable Object engineVersion, String otherwise) {
    var selected = engineVersion instanceof Map<?, ?> map ? map.get("SelectedEngineVersion") : null;
    if (!(selected instanceof String name)) {
      return otherwise;
    }
    if (name.equals("AUTO")) {
      return SparkModel.SQL_3;
    }
    if (!ENGINES.contains(name)) {
      throw Refused.invalid("Engine version %s is none of %s".formatted(name, ENGINES));
    }
    return name;
  }

  Map<String, Object> get(Members request) {
    var group = group(request);
    var configuration = new LinkedHashMap<>(group.configuration());
    configuration.put("EngineVersion", engine(group.engineVersion()));
    return Members.of(
        "WorkGroup",
        Members.of(
            "Name",
            group.name(),
            "State",
            state(group),
            "Description",
            group.description(),
            "CreationTime",
            group.createdAt(),
            "Configuration",
            configuration));
  }

  Map<String, Object> list(Members request) {
    var page = Page.of(request, "", model.groups(), Group::name, group -> true, MAX_PAGE);
    return Members.of(
        "WorkGroups",
        page.map(
            group ->
                Members.of(
                    "Name",
                    group.name(),
                    "State",
                    state(group),
                    "Description",
                    group.description(),
                    "CreationTime",
                    group.createdAt(),
                    "EngineVersion",
                    engine(group.engineVersion()))),
        "NextToken",
        page.nextToken());
  }

  Map<String, Object> update(Members request) {
    var group = group(request);
    var updates = request.map("ConfigurationUpdates");
    var state = request.find("State");
    var description = request.find("Description");
    model.put(
        new Group(
            group.name(),
            effective(updates.get("EngineVersion"), group.engineVersion()),
            description == null ? group.description() : description,
            state == null ? group.enabled() : state.equals("ENABLED"),
            updated(group.configuration(), updates),
            group.createdAt()));
    return Map.of();
  }

  /** Updates replace members, {@code XUpdates} the members of X, and {@code RemoveX} removes X. */
  private static Map<String, Object> updated(Map<?, ?> before, Map<?, ?> updates) {
    var after = new LinkedHashMap<String, Object>();
    before.forEach((name, value) -> after.put(name.toString(), value));
    updates.forEach(
        (key, value) -> {
          var name = key.toString();
          if (name.startsWith("Remove")) {
            if (Boolean.TRUE.equals(value)) {
              after.remove(name.substring("Remove".length()));
            }
          } else if (name.endsWith("Updates") && value instanceof Map<?, ?> changes) {
            var changed = name.substring(0, name.length() - "Updates".length());
            var old = after.get(changed) instanceof Map<?, ?> map ? map : Map.of();
            var merged = updated(old, changes);
            if (changed.equals("ManagedQueryResultsConfiguration")) {
              // Optional in the update, required in the configuration.
              merged.putIfAbsent("Enabled", false);
            }
            after.put(changed, merged);
          } else {
            after.put(name, value);
          }
        });
    return after;
  }

  Map<String, Object> delete(Members request) {
    var group = group(request);
    if (group.name().equals("primary")) {
      throw Refused.invalid("The primary workgroup cannot be deleted");
    }
    var isEmpty =
        model.sessions(group.name()).isEmpty()
            && model.notebooks().values().stream()
                .noneMatch(notebook -> notebook.workGroup().equals(group.name()));
    if (!isEmpty && !request.flag("RecursiveDeleteOption")) {
      throw Refused.invalid("WorkGroup %s is not empty".formatted(group.name()));
    }
    model.remove(group);
    return Map.of();
  }

  Map<String, Object> listEngineVersions(Members request) {
    var page = Page.of(request, "", ENGINES, engine -> engine, engine -> true, 10);
    return Members.of(
        "EngineVersions", page.map(WorkGroupOperations::engine), "NextToken", page.nextToken());
  }

  Map<String, Object> listDpuSizes(Members request) {
    var runtimes = List.of("Athena notebook version 1");
    var page = Page.of(request, "", runtimes, runtime -> runtime, runtime -> true, 100);
    return Members.of(
        "ApplicationDPUSizes",
        page.map(
            runtime ->
                Members.of("ApplicationRuntimeId", runtime, "SupportedDPUSizes", List.of(1))),
        "NextToken",
        page.nextToken());
  }

  // GetWorkGroup, UpdateWorkGroup and DeleteWorkGroup do not declare ResourceNotFound.
  private Group group(Members request) {
    var name = request.get("WorkGroup");
    var group = model.group(name);
    if (group == null) {
      throw Refused.invalid("WorkGroup %s is not found.".formatted(name));
    }
    return group;
  }

  private static String state(Group group) {
    return group.enabled() ? "ENABLED" : "DISABLED";
  }

  /** An engine's version as the API writes it. */
  static Map<String, Object> engine(String name) {
    return Members.of("SelectedEngineVersion", name, "EffectiveEngineVersion", name);
  }
}
