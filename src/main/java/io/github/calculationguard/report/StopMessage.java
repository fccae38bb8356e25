package io.github.calculationguard.report;

import io.github.calculationguard.spark.Cost;
import io.github.calculationguard.stop.Given;
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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Tells people of an outcome: what, whose, why, who asked, what it cost, what it still costs, what
 * to do.
 */
public final class StopMessage {

  private final Story story;
  private final Given given;
  private final Map<String, String> facts = new LinkedHashMap<>();
  private final List<String> next = new ArrayList<>();

  private StopMessage(Story story) {
    this.story = story;
    given = story.given();
    gatherFacts();
    gatherNext();
  }

  /** The message in every protocol's words. */
  public static Announcement of(Story story) {
    var message = new StopMessage(story);
    return new Announcement(
        message.subject(),
        message.text(),
        StopRecord.of(story).line(),
        message.chat(),
        message.attributes());
  }

  private String subject() {
    var place = " | %s %s".formatted(given.place().accountId(), given.place().region());
    var cost = story.cost() == null ? "" : " | " + usd(story.cost());
    var session = story.session();
    var workGroup = session == null ? "" : " | " + UserText.clean(session.workGroup());
    var room =
        Announcement.MOST_OF_SUBJECT
            - place.length()
            - cost.length()
            - story.outcomeName().length();
    // The workgroup's name is what may be long, so it is what gives way.
    if (workGroup.length() > room) {
      workGroup = workGroup.substring(0, room - 3) + "...";
    }
    return Announcement.subject(story.outcomeName() + workGroup + cost + place);
  }

  private String headline() {
    var what = story.calculationId() == null ? "session" : "calculation";
    return switch (story.outcome()) {
      case Canceled o when o.effort().repeat() ->
          "The calculation is canceled. It was when this delivery of the order asked, and not yet when the order was given.";
      case Canceled _ -> "The calculation is canceled.";
      case Canceling _ -> "The " + what + " was asked to stop, and has NOT stopped yet.";
      case FinishedAnyway _ -> "The calculation ended by itself before the cancel took hold.";
      case SessionTerminated _ when story.calculationId() == null -> "The session was terminated.";
      case SessionTerminated _ ->
          "The calculation did not cancel, so its session was terminated, and the calculation with it.";
      case AlreadyOver _ ->
          "The " + what + " was over before the order was given. Nothing was stopped.";
      case LeftAlone _ -> "Left alone. Nothing was stopped.";
      case NotFound _ ->
          "There is no such " + what + " in this account and Region. Nothing was stopped.";
      case Denied _ -> "AWS denied it. The " + what + " was NOT stopped.";
      case DryRun _ -> "Dry run: this is what would have been stopped. Nothing was.";
      case Invalid _ -> "The input was no order. Nothing was stopped.";
    };
  }

  private void gatherFacts() {
    var calculation = story.calculation();
    var session = story.session();
    var details = story.details();
    var description =
        calculation != null
            ? calculation.description()
            : session == null ? null : session.description();
    fact("What", description == null ? null : UserText.quoted(description));
    fact(
        "Owner",
        details == null || details.owner() == null ? null : UserText.quoted(details.owner()));
    fact("State", state());
    fact(
        "Because",
        story.whySo() == null ? null : UserText.clean(story.whySo(), UserText.MOST_OF_AWS));
    fact("Why", why());
    fact("Asked by", askedBy());
    fact("Ran", ran());
    var cost = story.cost();
    fact(
        "Cost",
        cost == null
            ? null
            : "%s, %s DPU-hours, %s"
                .formatted(usd(cost), Words.number(cost.dpuHours()), basis(cost)));
    fact("Still costs", stillCosts());
    fact("Workgroup", session == null ? null : UserText.clean(session.workGroup()));
    fact("Calculation", story.calculationId());
    fact("Session", story.sessionId());
    fact("Account", given.place().accountId() + ", " + given.place().region());
    fact(
        "Order",
        "%s, by %s, given %s".formatted(given.orderId(), given.trigger(), Words.time(given.at())));
  }

  private @Nullable String state() {
    var calculation = story.calculation();
    var session = story.session();
    var words = new ArrayList<String>();
    if (calculation != null) {
      words.add("calculation " + UserText.clean(calculation.state().name()));
    }
    if (session != null) {
      words.add("session " + UserText.clean(session.state().name()));
    }
    return words.isEmpty() ? null : String.join(", ", words);
  }

  private @Nullable String why() {
    var limit = story.order() == null ? null : story.order().brokenLimit();
    var words = new ArrayList<String>();
    if (given.reason() != null) {
      words.add(UserText.quoted(given.reason()));
    }
    if (limit != null) {
      words.add(
          limit.limit() == null || limit.observed() == null
              ? UserText.clean(limit.rule())
              : "%s is %s, observed %s"
                  .formatted(
                      UserText.clean(limit.rule()),
                      Words.number(limit.limit()),
                      Words.number(limit.observed())));
    }
    return words.isEmpty() ? null : String.join("; ", words);
  }

  private String askedBy() {
    var words = new ArrayList<String>();
    if (given.requestedBy() != null) {
      words.add(UserText.clean(given.requestedBy()) + " (AWS vouches for it)");
    }
    if (given.claimedBy() != null) {
      words.add(
          UserText.quoted(given.claimedBy()) + " (by their own word; AWS does not vouch for it)");
    }
    if (words.isEmpty()) {
      return switch (given.trigger()) {
        case "sweep" -> "the guard's own sweep";
        case "widget" -> "a viewer of the dashboard (CloudWatch does not say who)";
        default -> "not said";
      };
    }
    return String.join(", ", words);
  }

  private @Nullable String ran() {
    var details = story.details();
    if (details == null) {
      return null;
    }
    var calculation = details.calculation();
    var session = details.session();
    var since =
        calculation != null
            ? calculation.submittedAt()
            : session == null ? null : session.startedAt();
    var age =
        calculation != null
            ? calculation.age(details.at())
            : session == null ? null : session.age(details.at());
    return since == null || age == null
        ? null
        : "%s, since %s".formatted(Words.duration(age), Words.time(since));
  }

  private String usd(Cost cost) {
    return (cost.basis() == Cost.Basis.UPPER_BOUND ? "at most " : "")
        + Words.usd(cost.usd(story.teller().usdPerDpuHour()));
  }

  private static String basis(Cost cost) {
    return switch (cost.basis()) {
      case REPORTED -> "as Athena reports them (REPORTED)";
      case LIVE -> "estimated from its nodes and their times (LIVE)";
      case UPPER_BOUND -> "if its session held all its DPUs all the time (UPPER_BOUND)";
    };
  }

  private @Nullable String stillCosts() {
    var still = story.stillCosts();
    var session = story.session();
    if (still == null || session == null) {
      return null;
    }
    return still == 0
        ? "nothing: the session is over"
        : "about %s an hour, until the session ends: it is billed busy or idle"
            .formatted(Words.usd(still));
  }

  private void gatherNext() {
    var session = story.sessionId();
    var region = given.place().region();
    var calculation = story.calculationId();
    var still = story.stillCosts();
    var endIt =
        "aws athena terminate-session --session-id %s --region %s".formatted(session, region);
    switch (story.outcome()) {
      case Canceling _ -> {
        if (calculation != null) {
          next.add(
              "See whether it is over by now: aws athena get-calculation-execution-status --calculation-execution-id %s --region %s"
                  .formatted(calculation, region));
        }
        if (session != null) {
          next.add("If it goes on, end its session and all that runs in it: " + endIt);
        }
      }
      case Denied _ ->
          next.add(
              "Permit the guard's role what AWS names above, or stop it yourself"
                  + (session == null ? "." : ": " + endIt));
      case NotFound _ ->
          next.add("Check the id, the account and the Region of whoever gave the order.");
      case LeftAlone _,
          AlreadyOver _,
          DryRun _,
          Canceled _,
          FinishedAnyway _,
          SessionTerminated _,
          Invalid _ -> {
        if (still != null && still > 0 && session != null) {
          next.add("If nobody needs the session any more, end it: " + endIt);
        }
      }
    }
  }

  private String text() {
    var text = new StringBuilder(headline()).append("\n\n");
    facts.forEach((name, value) -> text.append("%-12s %s%n".formatted(name + ":", value)));
    if (!next.isEmpty()) {
      text.append("\nWhat to do next\n");
      next.forEach(step -> text.append("  * ").append(step).append('\n'));
    }
    return text.append("\nConsole: ").append(console()).append('\n').toString();
  }

  private String chat() {
    var description = new StringBuilder();
    facts.forEach(
        (name, value) ->
            description.append("*%s:* `%s`%n".formatted(name, value.replace('`', '\''))));
    var metadata = new LinkedHashMap<String, Object>();
    metadata.put("threadId", story.sessionId() == null ? given.orderId() : story.sessionId());
    metadata.put("summary", subject());
    metadata.put("eventType", story.outcomeName());
    metadata.put("additionalContext", attributes());
    return Json.line(
        Map.of(
            "version",
            "1.0",
            "source",
            "custom",
            "id",
            given.orderId(),
            "content",
            Map.of(
                "textType",
                "client-markdown",
                "title",
                emoji() + " " + headline(),
                "description",
                description.toString(),
                "nextSteps",
                nextSteps()),
            "metadata",
            metadata));
  }

  private List<String> nextSteps() {
    var steps = new ArrayList<String>(next);
    steps.add("Open the console: " + console());
    return steps;
  }

  private String emoji() {
    return switch (story.severity()) {
      case INFO -> ":white_check_mark:";
      case WARNING -> ":warning:";
      case ERROR -> ":x:";
    };
  }

  private Map<String, String> attributes() {
    var attributes = new LinkedHashMap<String, String>();
    attributes.put("outcome", story.outcomeName());
    attributes.put("severity", story.severity().name());
    attributes.put("trigger", given.trigger());
    var calculation = story.calculation();
    var session = story.session();
    if (calculation != null) {
      attributes.put("state", UserText.clean(calculation.state().name()));
    } else if (session != null) {
      attributes.put("state", UserText.clean(session.state().name()));
    }
    if (session != null) {
      attributes.put("work_group", UserText.clean(session.workGroup()));
    }
    return attributes;
  }

  private String console() {
    var region = given.place().region();
    var domain =
        switch (given.place().partition()) {
          case "aws-cn" -> "console.amazonaws.cn";
          case "aws-us-gov" -> "console.amazonaws-us-gov.com";
          default -> "console.aws.amazon.com";
        };
    return "https://%s.%s/athena/home?region=%s".formatted(region, domain, region);
  }

  private void fact(String name, @Nullable String value) {
    if (value != null) {
      facts.put(name, value);
    }
  }
}
