package io.github.athenasparklocal;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The workgroups, sessions, calculations and notebooks of one Region, in memory. Nothing here runs
 * by itself: every state follows from the requests and the clock.
 */
public final class SparkModel {

  /** The release with calculations. */
  public static final String PYSPARK_3 = "PySpark engine version 3";

  /** The release with Spark Connect and without a calculation API. */
  public static final String SPARK_35 = "Apache Spark version 3.5";

  /** The engine of SQL queries, which runs no sessions. */
  public static final String SQL_3 = "Athena engine version 3";

  private static final RandomGenerator RANDOM = new SecureRandom();


  /**
   * A session's current state.
   *
   * @param dpus that it holds, including the coordinator's
   */
  public record SessionView(String id, String state, int dpus, Map<String, String> tags) {}

  private record Kept(SessionHistory history, SessionCourse course) {}

  private final InstantSource clock;
  private final AwsRegion place;
  private final Pace pace;
  private final Map<String, Group> groups = new TreeMap<>();
  private final Map<String, Kept> sessions = new HashMap<>();
  private final Map<String, List<String>> sessionsByGroup = new HashMap<>();
  private final Map<String, String> sessionByCalculation = new HashMap<>();
  private final Map<String, Notebook> notebooks = new LinkedHashMap<>();
  private final Map<String, Map<String, String>> tags = new HashMap<>();

  SparkModel(InstantSource clock, AwsRegion place, Pace pace) {
    this.clock = clock;
    this.place = place;
    this.pace = pace;
  }

  /** Adds a workgroup with an engine, such as {@link #PYSPARK_3}, and tags. */
  public synchronized void addWorkGroup(
      String name, String engineVersion, Map<String, String> groupTags) {
    add(new Group(name, engineVersion, null, true, Map.of(), now()), groupTags);
  }

  /**
   * Adds a session.
   *
   * @return its ID
   */
  public synchronized String add(SessionSetup setup) {
    var group = groups.get(setup.workGroup);
    if (group == null) {
      throw new NoSuchElementException("no workgroup " + setup.workGroup);
    }
    add(setup.history(group.engineVersion(), group.outputLocation(), now()), setup.tags);
    return setup.id;
  }

  /**
   * Adds a calculation.
   *
   * @return its ID
   */
  public synchronized String add(CalculationSetup setup) {
    add(setup.history(now()));
    return setup.id;
  }

  /** The state of a session now. */
  public synchronized String sessionState(String id) {
    return kept(id).course().session(now()).state();
  }

  /** The state of a calculation now. */
  public synchronized String calculationState(String id) {
    var sessionId = sessionByCalculation.get(id);
    if (sessionId == null) {
      throw new NoSuchElementException("no calculation " + id);
    }
    return kept(sessionId).course().calculation(id, now()).state();
  }

  /** The workgroups' tags, by name. */
  public synchronized Map<String, Map<String, String>> workGroups() {
    var workGroups = new TreeMap<String, Map<String, String>>();
    groups.keySet().forEach(name -> workGroups.put(name, tagsOf(arn(name))));
    return workGroups;
  }

  /** A workgroup's sessions now, newest first. */
  public synchronized List<SessionView> sessionsIn(String workGroup) {
    return sessions(workGroup).stream().map(this::view).toList();
  }

  private SessionView view(SessionHistory session) {
    var course = course(session);
    var dpus = course.dpus(now());
    return new SessionView(
        session.id(), course.session(now()).state(), dpus, tagsOf(arn(session)));
  }

  private Map<String, String> tagsOf(String arn) {
    return Map.copyOf(tags.getOrDefault(arn, Map.of()));
  }

  /** The IDs of all sessions. */
  synchronized List<String> sessionIds() {
    return List.copyOf(sessions.keySet());
  }

  /** Whether a session has ended or does not exist. */
  synchronized boolean isOver(String id) {
    var kept = sessions.get(id);
    return kept == null
        || List.of("TERMINATING", "TERMINATED", "FAILED")
            .contains(kept.course().session(now()).state());
  }

  /** Records the end of a calculation whose code really ran. */
  synchronized void end(String id, boolean failed, CalculationHistory.Output output) {
    var calculation = calculation(id);
    if (calculation == null) {
      return;
    }
    var session = kept(calculation.sessionId());
    var from = session.course().ranFrom(id);
    var ran = from == null || from.isAfter(now()) ? Duration.ZERO : Duration.between(from, now());
    var stopped = calculation.stopAskedAt();
    var course =
        stopped == null
            ? new Course(ran, failed, new Course.OnStop.Ignored())
            : Course.ended(failed, Duration.between(stopped, now()));
    put(session.history().with(calculation.ended(course, output)));
  }

  Instant now() {
    // Athena's times have milliseconds.
    return Instant.ofEpochMilli(clock.millis());
  }

  AwsRegion place() {
    return place;
  }

  /** A new ID that looks like Athena's: hexadecimal like a UUID, without its version bits. */
  public static String newId() {
    var bytes = new byte[16];
    RANDOM.nextBytes(bytes);
    var hex = HexFormat.of().formatHex(bytes);
    return String.join(
        "-",
        hex.substring(0, 8),
        hex.substring(8, 12),
        hex.substring(12, 16),
        hex.substring(16, 20),
        hex.substring(20));
  }

  void add(Group group, Map<String, String> groupTags) {
    groups.put(group.name(), group);
    tags.put(arn(group.name()), new TreeMap<>(groupTags));
  }

  void add(SessionHistory session, Map<String, String> sessionTags) {
    put(session);
    sessionsByGroup
        .computeIfAbsent(session.workGroup(), name -> new ArrayList<>())
        .add(session.id());
    tags.put(arn(session), new TreeMap<>(sessionTags));
  }

  void add(CalculationHistory calculation) {
    put(kept(calculation.sessionId()).history().submitted(calculation));
    sessionByCalculation.put(calculation.id(), calculation.sessionId());
  }

  /** Adds or replaces a session. */
  void put(SessionHistory session) {
    sessions.put(session.id(), new Kept(session, new SessionCourse(session, pace)));
  }

  /** Replaces a workgroup. */
  void put(Group group) {
    groups.put(group.name(), group);
  }

  /** Removes a workgroup and everything in it. */
  void remove(Group group) {
    for (var id : sessionsByGroup.getOrDefault(group.name(), List.of())) {
      var session = kept(id).history();
      session.calculations().forEach(each -> sessionByCalculation.remove(each.id()));
      tags.remove(arn(session));
      sessions.remove(id);
    }
    sessionsByGroup.remove(group.name());
    notebooks.values().removeIf(notebook -> notebook.workGroup().equals(group.name()));
    tags.remove(arn(group.name()));
    groups.remove(group.name());
  }

  /** Removes everything. */
  public synchronized void reset() {
    List.copyOf(groups.values()).forEach(this::remove);
  }

  /** The notebooks by ID. */
  Map<String, Notebook> notebooks() {
    return notebooks;
  }

  /** All sessions, in no order. */
  List<SessionHistory> sessions() {
    return sessions.values().stream().map(Kept::history).toList();
  }

  @Nullable Group group(String name) {
    return groups.get(name);
  }

  /** All workgroups, by name. */
  List<Group> groups() {
    return List.copyOf(groups.values());
  }

  @Nullable SessionHistory session(String id) {
    var kept = sessions.get(id);
    return kept == null ? null : kept.history();
  }

  /** A workgroup's sessions, newest first. */
  List<SessionHistory> sessions(String workGroup) {
    return sessionsByGroup.getOrDefault(workGroup, List.of()).reversed().stream()
        .map(id -> kept(id).history())
        .sorted(Comparator.comparing(SessionHistory::startedAt).reversed())
        .toList();
  }

  @Nullable CalculationHistory calculation(String id) {
    var sessionId = sessionByCalculation.get(id);
    return sessionId == null
        ? null
        : kept(sessionId).history().calculations().stream()
            .filter(calculation -> calculation.id().equals(id))
            .findFirst()
            .orElseThrow();
  }

  SessionCourse course(SessionHistory session) {
    return kept(session.id()).course();
  }

  /** A resource's modifiable tags; absent if there is no such resource. */
  @Nullable Map<String, String> tags(String arn) {
    return tags.get(arn);
  }

  String arn(String workGroup) {
    return "arn:%s:athena:%s:%s:workgroup/%s"
        .formatted(place.partition(), place.name(), place.accountId(), workGroup);
  }

  String arn(SessionHistory session) {
    return arn(session.workGroup()) + "/session/" + session.id();
  }

  private Kept kept(String sessionId) {
    var kept = sessions.get(sessionId);
    if (kept == null) {
      throw new NoSuchElementException("no session " + sessionId);
    }
    return kept;
  }
}
