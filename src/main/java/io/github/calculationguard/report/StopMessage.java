package io.github.calculationguard.report;

import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.Cost;
import io.github.calculationguard.spark.Format;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Snapshot;
import io.github.calculationguard.stop.Request;
import io.github.calculationguard.stop.RequestMetadata;
import io.github.calculationguard.stop.Source;
import io.github.calculationguard.stop.StopResult;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The notification of an outcome: what was stopped, whose it was, why, who asked, what it cost,
 * what it still costs, and what to do next.
 */
public final class StopMessage {

  private static final int MAX_WORK_GROUP_IN_SUBJECT = 30;

  private final StopResult result;
  private final Request request;
  private final RequestMetadata metadata;
  private final LogRecord record;
  private final double usdPerDpuHour;
  private final Snapshot snapshot;
  private final @Nullable Calculation calculation;
  private final @Nullable Session session;
  private final @Nullable String calculationId;
  private final @Nullable String sessionId;

  private StopMessage(Request request, StopResult result, LogRecord record, InvocationInfo info) {
    this.request = request;
    this.result = result;
    this.record = record;
    metadata = request.metadata();
    usdPerDpuHour = info.usdPerDpuHour();
    snapshot =
        Objects.requireNonNullElseGet(
            result.snapshot(), () -> new Snapshot(null, null, null, List.of(), metadata.at()));
    calculation = snapshot.calculation();
    session = snapshot.session();
    calculationId = record.text("calculation_id");
    sessionId = record.text("session_id");
  }

  /**
   * The notification of an outcome.
   *
   * @param record what is logged of the outcome
   */
  public static Notification of(
      Request request, StopResult result, LogRecord record, InvocationInfo info) {
    var it = new StopMessage(request, result, record, info);
    return new Notification(
        result.outcome().severity(),
        it.subject(),
        it.headline(),
        it.facts(),
        it.next(),
        it.metadata.place(),
        it.sessionId == null ? it.metadata.orderId() : it.sessionId,
        it.attributes(),
        record.line());
  }

  private String subject() {
    var workGroup =
        session == null ? null : UserText.clean(session.workGroup(), MAX_WORK_GROUP_IN_SUBJECT);
    var place = metadata.place().accountId() + " " + metadata.place().region();
    return joined(" | ", result.outcome().name(), workGroup, usd(), place);
  }

  private String headline() {
    var what = calculationId == null ? "session" : "calculation";
    var effort = result.effort();
    return switch (result.outcome()) {
      case CANCELED ->
          effort != null && effort.wasOver()
              ? "The calculation was already canceled when this delivery of the request asked."
              : "The calculation is canceled.";
      case CANCELING -> "The " + what + " was asked to stop, and has NOT stopped yet.";
      case FINISHED_ANYWAY ->
          "The calculation ended by itself before the cancellation took effect.";
      case SESSION_TERMINATED ->
          calculationId == null
              ? "The session is terminated."
              : "The calculation did not cancel, so its session was terminated, and the calculation with it.";
      case ALREADY_OVER ->
          "The " + what + " had ended before the request was made. Nothing was stopped.";
      case LEFT_ALONE -> "The " + what + " was left alone. Nothing was stopped.";
      case NOT_FOUND -> "This account and Region have no such " + what + ".";
      case DENIED ->
          "AWS denied the stop. The "
              + what
              + (isOver() ? " has ended all the same." : " still runs.");
      case DRY_RUN ->
          isOver()
              ? "Dry run: the " + what + " has ended. Nothing was stopped."
              : "Dry run: this would have been stopped. Nothing was stopped.";
      case INVALID -> "A stop request was not valid. Nothing was stopped.";
    };
  }

  private boolean isOver() {
    return calculation != null
        ? calculation.state().isOver()
        : session != null && session.state().isOver();
  }

  private Map<String, String> facts() {
    var facts = new LinkedHashMap<String, String>();
    var detail = result.reason();
    put(facts, "What", UserText.quotedOrNull(snapshot.description()));
    put(facts, "Owner", UserText.quotedOrNull(snapshot.owner()));
    put(facts, "State", states());
    put(facts, "Detail", detail == null ? null : UserText.clean(detail, UserText.MOST_OF_AWS));
    put(facts, "Why", joined("; ", UserText.quotedOrNull(metadata.reason()), violation()));
    put(facts, "Asked by", askedBy());
    put(facts, "Ran", ran());
    put(facts, "Cost", cost());
    put(facts, "Still costs", stillCosts());
    put(facts, "Workgroup", record.text("work_group"));
    put(facts, "Calculation", calculationId);
    put(facts, "Session", sessionId);
    put(facts, "Account", metadata.place().accountId() + ", " + metadata.place().region());
    put(
        facts,
        "Request",
        "%s, by %s, made %s"
            .formatted(metadata.orderId(), metadata.source(), Format.time(metadata.at())));
    return facts;
  }

  private String states() {
    return joined(
        ", ",
        calculation == null ? null : "calculation " + UserText.clean(calculation.state().name()),
        session == null ? null : "session " + UserText.clean(session.state().name()));
  }

  private @Nullable String violation() {
    var it = request.violation();
    if (it == null) {
      return null;
    }
    var rule = UserText.clean(it.rule());
    return it.limit() == null || it.observed() == null
        ? rule
        : "%s is %s, observed %s"
            .formatted(rule, Format.number(it.limit()), Format.number(it.observed()));
  }

  private String askedBy() {
    var verified = metadata.requestedBy();
    var claimed = metadata.claimedBy();
    if (verified != null || claimed != null) {
      return joined(
          ", ",
          verified == null ? null : UserText.clean(verified) + " (verified by AWS)",
          claimed == null ? null : UserText.quoted(claimed) + " (not verified by AWS)");
    }
    return switch (metadata.source()) {
      case Source.SWEEP -> "the guard's own sweep";
      case Source.WIDGET -> "a viewer of the dashboard; CloudWatch does not say who";
      default -> "unknown";
    };
  }

  private @Nullable String ran() {
    var age = snapshot.age();
    var since = snapshot.since();
    return age == null || since == null
        ? null
        : Format.duration(age) + ", since " + Format.time(since);
  }

  private @Nullable String usd() {
    var cost = snapshot.cost();
    return cost == null
        ? null
        : (cost.basis() == Cost.Basis.UPPER_BOUND ? "at most " : "")
            + Format.usd(cost.usd(usdPerDpuHour));
  }

  private @Nullable String cost() {
    var cost = snapshot.cost();
    if (cost == null) {
      return null;
    }
    var basis =
        switch (cost.basis()) {
          case REPORTED -> "reported by Athena (REPORTED)";
          case LIVE -> "estimated from the sizes and times of the session's executors (LIVE)";
          case UPPER_BOUND -> "if the session had held its maximum DPUs all the time (UPPER_BOUND)";
        };
    return "%s, %s, %s".formatted(usd(), Format.dpuHours(cost.dpuHours()), basis);
  }

  private @Nullable String stillCosts() {
    var held = snapshot.dpusStillHeld();
    if (held == null) {
      return null;
    }
    return held == 0
        ? "nothing: the session has ended"
        : "%s %s until the session ends, busy or idle"
            .formatted(
                snapshot.executors().isEmpty() ? "at most" : "about",
                Format.usdPerHour(held * usdPerDpuHour));
  }

  private List<String> next() {
    var region = " --region " + metadata.place().region();
    var check =
        calculationId == null
            ? null
            : "Check whether it has ended: aws athena get-calculation-execution-status"
                + " --calculation-execution-id "
                + calculationId
                + region;
    var terminate =
        sessionId == null
            ? null
            : "aws athena terminate-session --session-id " + sessionId + region;
    return switch (result.outcome()) {
      case CANCELING ->
          present(
              check,
              terminate == null
                  ? null
                  : "If it still runs, terminate its session and everything in it: " + terminate);
      case DENIED ->
          present(
              "Grant the guard's role the permission that AWS names above, or stop it yourself.",
              terminate == null
                  ? null
                  : "To terminate its session and everything in it: " + terminate);
      case NOT_FOUND ->
          present("Check the ID, the account and the Region that the requester used.");
      case INVALID -> present("Correct the event at its source, and send it again.");
      case LEFT_ALONE, ALREADY_OVER, DRY_RUN, CANCELED, FINISHED_ANYWAY, SESSION_TERMINATED ->
          present(
              terminate == null
                      || result.snapshot() == null
                      || Objects.equals(snapshot.dpusStillHeld(), 0.0)
                  ? null
                  : "If nobody needs the session any more, terminate it: " + terminate);
    };
  }

  private Map<String, String> attributes() {
    var attributes = new LinkedHashMap<String, String>();
    put(attributes, "outcome", result.outcome().name());
    put(attributes, "state", record.text("state"));
    put(attributes, "work_group", record.text("work_group"));
    put(attributes, "trigger", metadata.source().toString());
    put(attributes, "severity", result.outcome().severity().name());
    return attributes;
  }

  private static void put(Map<String, String> map, String name, @Nullable String value) {
    if (value != null && !value.isEmpty()) {
      map.put(name, value);
    }
  }

  private static String joined(String separator, @Nullable String... words) {
    return present(words).stream()
        .filter(word -> !word.isEmpty())
        .collect(Collectors.joining(separator));
  }

  private static List<String> present(@Nullable String... words) {
    return Stream.of(words).flatMap(Stream::ofNullable).toList();
  }
}
