package io.github.calculationguard.report;

import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.Cost;
import io.github.calculationguard.spark.Format;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Snapshot;
import io.github.calculationguard.stop.RequestMetadata;
import io.github.calculationguard.stop.StopOutcome.AlreadyOver;
import io.github.calculationguard.stop.StopOutcome.Canceled;
import io.github.calculationguard.stop.StopOutcome.Canceling;
import io.github.calculationguard.stop.StopOutcome.Denied;
import io.github.calculationguard.stop.StopOutcome.DryRun;
import io.github.calculationguard.stop.StopOutcome.FinishedAnyway;
import io.github.calculationguard.stop.StopOutcome.Invalid;
import io.github.calculationguard.stop.StopOutcome.LeftAlone;
import io.github.calculationguard.stop.StopOutcome.NotFound;
import io.github.calculationguard.stop.StopOutcome.SessionTerminated;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Tells people of an outcome: what, whose, why, who asked, what it cost, what it still costs, what
 * to do.
 */
public final class StopMessage {

  private static final int MOST_OF_A_WORK_GROUP = 30;

  private final StopReport story;
  private final RequestMetadata given;
  private final LogRecord record;
  private final Snapshot details;
  private final @Nullable Calculation calculation;
  private final @Nullable Session session;
  private final @Nullable String calculationId;
  private final @Nullable String sessionId;

  private StopMessage(StopReport story) {
    this.story = story;
    given = story.given();
    record = LogRecord.of(story);
    var known = story.outcome().details();
    details = known == null ? new Snapshot(null, null, null, List.of(), story.at()) : known;
    calculation = details.calculation();
    session = details.session();
    calculationId = (String) record.fields().get("calculation_id");
    sessionId = (String) record.fields().get("session_id");
  }

  /** The message in every protocol's words. */
  public static Notification of(StopReport story) {
    return letter(story).announcement();
  }

  /** The message before it is put in any protocol's words. */
  static Message letter(StopReport story) {
    var it = new StopMessage(story);
    return new Message(
        story.severity(),
        it.subject(),
        it.headline(),
        it.facts(),
        it.next(),
        it.given.place(),
        it.sessionId == null ? it.given.orderId() : it.sessionId,
        it.attributes(),
        it.record.line());
  }

  private String subject() {
    var workGroup =
        session == null ? null : UserText.clean(session.workGroup(), MOST_OF_A_WORK_GROUP);
    var place = given.place().accountId() + " " + given.place().region();
    return joined(" | ", story.outcomeName(), workGroup, usd(), place);
  }

  private String headline() {
    var what = calculationId == null ? "session" : "calculation";
    return switch (story.outcome()) {
      case Canceled o when o.effort().repeat() ->
          "The calculation is canceled, since after the order was given: by an earlier try of it, or by somebody else.";
      case Canceled _ -> "The calculation is canceled.";
      case Canceling _ -> "The " + what + " was asked to stop, and has NOT stopped yet.";
      case FinishedAnyway _ -> "The calculation ended by itself before the cancel took hold.";
      case SessionTerminated _ when calculationId == null -> "The session is terminated.";
      case SessionTerminated _ ->
          "The calculation did not cancel, so its session was terminated, and the calculation with it.";
      case AlreadyOver _ ->
          "The " + what + " was over before the order was given. Nothing was stopped.";
      case LeftAlone _ -> "The " + what + " was left alone. Nothing was stopped.";
      case NotFound _ -> "There is no such " + what + " in this account and Region.";
      case Denied _ when isOver() -> "AWS denied the stop. The " + what + " is over all the same.";
      case Denied _ -> "AWS denied the stop. The " + what + " goes on.";
      case DryRun _ when isOver() -> "Dry run: the " + what + " is over. Nothing was stopped.";
      case DryRun _ -> "Dry run: this would have been stopped. Nothing was.";
      case Invalid _ -> "The input was no order. Nothing was stopped.";
    };
  }

  private boolean isOver() {
    return calculation != null
        ? calculation.state().isOver()
        : session != null && session.state().isOver();
  }

  private Map<String, String> facts() {
    var facts = new LinkedHashMap<String, String>();
    var reason = story.outcome().reason();
    put(facts, "What", quoted(details.description()));
    put(facts, "Owner", quoted(details.owner()));
    put(facts, "State", states());
    put(facts, "Because", reason == null ? null : UserText.clean(reason, UserText.MOST_OF_AWS));
    put(facts, "Why", joined("; ", quoted(given.reason()), brokenLimit()));
    put(facts, "Asked by", askedBy());
    put(facts, "Ran", ran());
    put(facts, "Cost", cost());
    put(facts, "Still costs", stillCosts());
    put(facts, "Workgroup", session == null ? null : UserText.clean(session.workGroup()));
    put(facts, "Calculation", calculationId);
    put(facts, "Session", sessionId);
    put(facts, "Account", given.place().accountId() + ", " + given.place().region());
    put(
        facts,
        "Order",
        "%s, by %s, given %s".formatted(given.orderId(), given.trigger(), Format.time(given.at())));
    return facts;
  }

  private String states() {
    return joined(
        ", ",
        calculation == null ? null : "calculation " + UserText.clean(calculation.state().name()),
        session == null ? null : "session " + UserText.clean(session.state().name()));
  }

  private @Nullable String brokenLimit() {
    var limit = story.order() == null ? null : story.order().brokenLimit();
    if (limit == null || limit.limit() == null || limit.observed() == null) {
      return limit == null ? null : UserText.clean(limit.rule());
    }
    return "%s is %s, observed %s"
        .formatted(
            UserText.clean(limit.rule()),
            Format.number(limit.limit()),
            Format.number(limit.observed()));
  }

  private String askedBy() {
    var vouchedFor = given.requestedBy();
    var said =
        joined(
            ", ",
            vouchedFor == null ? null : UserText.clean(vouchedFor) + " (AWS vouches for it)",
            given.claimedBy() == null
                ? null
                : quoted(given.claimedBy()) + " (their own word; AWS does not vouch for it)");
    return switch (given.trigger()) {
      case String _ when !said.isEmpty() -> said;
      case "sweep" -> "the guard's own sweep";
      case "widget" -> "a viewer of the dashboard; CloudWatch does not say who";
      default -> "not said";
    };
  }

  private @Nullable String ran() {
    return details.age() == null || details.since() == null
        ? null
        : Format.duration(details.age()) + ", since " + Format.time(details.since());
  }

  private @Nullable String usd() {
    var cost = details.cost();
    return cost == null
        ? null
        : (cost.basis() == Cost.Basis.UPPER_BOUND ? "at most " : "")
            + Format.usd(cost.usd(story.teller().usdPerDpuHour()));
  }

  private @Nullable String cost() {
    var cost = details.cost();
    if (cost == null) {
      return null;
    }
    var basis =
        switch (cost.basis()) {
          case REPORTED -> "as Athena reports (REPORTED)";
          case LIVE -> "estimated from the session's nodes and their times (LIVE)";
          case UPPER_BOUND -> "had the session held all its DPUs all the time (UPPER_BOUND)";
        };
    return "%s, %s DPU-hours, %s".formatted(usd(), Format.number(cost.dpuHours()), basis);
  }

  private @Nullable String stillCosts() {
    var held = details.dpusStillHeld();
    if (held == null) {
      return null;
    }
    return held == 0
        ? "nothing: the session is over"
        : "%s %s an hour until the session ends, busy or idle"
            .formatted(
                details.executors().isEmpty() ? "at most" : "about",
                Format.usd(held * story.teller().usdPerDpuHour()));
  }

  private List<String> next() {
    var region = " --region " + given.place().region();
    var look =
        calculationId == null
            ? null
            : "See whether it is over by now: aws athena get-calculation-execution-status"
                + " --calculation-execution-id "
                + calculationId
                + region;
    var end =
        sessionId == null
            ? null
            : "aws athena terminate-session --session-id " + sessionId + region;
    var costsOn =
        story.outcome().details() != null && !Objects.equals(details.dpusStillHeld(), 0.0);
    return switch (story.outcome()) {
      case Canceling _ ->
          present(
              look, end == null ? null : "If it goes on, end its session and all in it: " + end);
      case Denied _ ->
          present(
              "Permit the guard's role what AWS names above, or stop it yourself.",
              end == null ? null : "To end its session and all in it: " + end);
      case NotFound _ ->
          present("Check the id, the account and the Region of whoever gave the order.");
      case LeftAlone _,
          AlreadyOver _,
          DryRun _,
          Canceled _,
          FinishedAnyway _,
          SessionTerminated _ ->
          present(
              end == null || !costsOn
                  ? null
                  : "If nobody needs the session any more, end it: " + end);
      case Invalid _ -> List.of();
    };
  }

  private Map<String, String> attributes() {
    var attributes = new LinkedHashMap<String, String>();
    put(attributes, "outcome", story.outcomeName());
    put(attributes, "state", (String) record.fields().get("state"));
    put(attributes, "work_group", (String) record.fields().get("work_group"));
    put(attributes, "trigger", given.trigger());
    put(attributes, "severity", story.severity().name());
    return attributes;
  }

  private static void put(Map<String, String> map, String name, @Nullable String value) {
    if (value != null && !value.isEmpty()) {
      map.put(name, value);
    }
  }

  private static @Nullable String quoted(@Nullable String text) {
    return text == null || text.isBlank() ? null : UserText.quoted(text);
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
