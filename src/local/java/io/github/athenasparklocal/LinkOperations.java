package io.github.athenasparklocal;

import java.time.Duration;
import java.util.Map;

/** The operations that answer with a URL. */
final class LinkOperations {

  private static final Duration TOKEN_LIFETIME = Duration.ofHours(1);

  private final SparkModel model;
  private final SessionOperations sessions;
  private final TagOperations tags;
  private final Settings settings;
  private final Runner runner;

  LinkOperations(
      SparkModel model,
      SessionOperations sessions,
      TagOperations tags,
      Settings settings,
      Runner runner) {
    this.model = model;
    this.sessions = sessions;
    this.tags = tags;
    this.settings = settings;
    this.runner = runner;
  }

  /** Locks the model itself, because it may wait for a server. */
  Map<String, Object> getEndpoint(Members request) {
    var id = request.get("SessionId");
    synchronized (model) {
      checkConnect(id);
    }
    var server = runner.connect(model, id);
    synchronized (model) {
      // It may have ended meanwhile.
      checkConnect(id);
      return Members.of(
          "EndpointUrl",
          server == null ? url("/spark-connect/" + id) : server.uri().toString(),
          "AuthToken",
          server == null ? SparkModel.newId() : server.token(),
          "AuthTokenExpirationTime",
          model.now().plus(TOKEN_LIFETIME));
    }
  }

  private void checkConnect(String id) {
    var session = sessions.session(id);
    if (!session.engineVersion().equals(SparkModel.SPARK_35)) {
      throw Refused.invalid(
          "Session %s runs %s, which has no Spark Connect endpoint"
              .formatted(session.id(), session.engineVersion()));
    }
    if (!SessionOperations.ACTIVE.contains(sessions.state(session))) {
      throw Refused.invalid("Session %s is %s".formatted(session.id(), sessions.state(session)));
    }
  }

  Map<String, Object> presignNotebookUrl(Members request) {
    var session = sessions.session(request.get("SessionId"));
    if (SessionOperations.OVER.contains(sessions.state(session))) {
      throw Refused.invalid("Session %s is %s".formatted(session.id(), sessions.state(session)));
    }
    return Members.of(
        "NotebookUrl",
        url("/#" + session.id()),
        "AuthToken",
        SparkModel.newId(),
        "AuthTokenExpirationTime",
        model.now().plus(TOKEN_LIFETIME).getEpochSecond());
  }

  Map<String, Object> getDashboard(Members request) {
    var arn = request.get("ResourceARN");
    var _ = tags.of(arn);
    if (!arn.contains("/session/")) {
      throw Refused.invalid("%s is not a session".formatted(Validator.cut(arn)));
    }
    return Members.of("Url", url("/#" + arn.substring(arn.lastIndexOf('/') + 1)));
  }

  private String url(String path) {
    return settings.endpoint().get() + path;
  }
}
