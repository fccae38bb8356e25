package io.github.calculationguard.report;

import io.github.calculationguard.report.Story.Teller;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.Cost;
import io.github.calculationguard.spark.Details;
import io.github.calculationguard.stop.Given;
import io.github.calculationguard.stop.StopOrder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The flat record of what happened, by the keys of the log contract: the log line, the queue's
 * message and the answer are all made of it. What is not known is not in it.
 */
public final class StopRecord {

  private final Map<String, Object> fields = new LinkedHashMap<>();

  private StopRecord() {}

  /** Of an order that ended in an outcome. */
  public static StopRecord of(Story story) {
    var details = story.details();
    var effort = story.effort();
    var limit = story.order() == null ? null : story.order().brokenLimit();
    var canRepeat = effort != null && effort.repeat();
    return new StopRecord()
        .head(story.at(), story.severity().level(), "stop", story.given(), story.teller())
        .put("outcome", story.outcomeName())
        .put("reason", reason(story))
        .subject(story.calculationId(), story.sessionId(), details)
        .put("rule", limit == null ? null : UserText.clean(limit.rule()))
        .put("limit", limit == null ? null : limit.limit())
        .put("observed", limit == null ? null : limit.observed())
        .usage(details, story.teller())
        .put("confirm_millis", effort == null ? null : effort.took().toMillis())
        .put("stops_sent", effort == null ? null : effort.stops())
        .put("repeat", canRepeat ? true : null)
        .tail(story.teller());
  }

  /** Of a look that stopped nothing. */
  public static StopRecord of(Details details, Given given, Teller teller) {
    var calculation = details.calculation();
    return new StopRecord()
        .head(details.at(), Severity.INFO.level(), "describe", given, teller)
        .subject(
            calculation == null ? null : calculation.id().value(),
            calculation == null || calculation.sessionId() == null
                ? null
                : calculation.sessionId().value(),
            details)
        .usage(details, teller)
        .tail(teller);
  }

  /** Of an order that did not end in an outcome, so that it has to be given again. */
  public static StopRecord ofFailure(
      String why, @Nullable StopOrder order, Given given, Teller teller, Instant at) {
    var calculation =
        order instanceof StopOrder.OfCalculation one ? one.calculation().value() : null;
    var session =
        switch (order) {
          case StopOrder.OfSession one -> one.session().value();
          case StopOrder.EndSession one -> one.session().value();
          case StopOrder.OfCalculation _ -> null;
          case null -> null;
        };
    return new StopRecord()
        .head(at, Severity.ERROR.level(), "failure", given, teller)
        .put("reason", UserText.clean(why, UserText.MOST_OF_AWS))
        .subject(calculation, session, null)
        .tail(teller);
  }

  /** The same, saying whether people could be told. A failure to tell them is an error. */
  public StopRecord announced(boolean announced) {
    var record = new StopRecord();
    fields.forEach(
        (key, value) -> {
          if (key.equals("request_id")) {
            record.put("announced", announced);
          }
          record.put(key, value);
        });
    if (!announced) {
      record.put("level", Severity.ERROR.level());
    }
    return record;
  }

  /** Its level, by Lambda's name. */
  public String level() {
    return String.valueOf(fields.get("level"));
  }

  /** The keys and their values, in the contract's order. */
  public Map<String, Object> fields() {
    return fields;
  }

  /** One line of JSON. */
  public String line() {
    return Json.line(fields);
  }

  private StopRecord head(Instant at, String level, String event, Given given, Teller teller) {
    return put("timestamp", text(at))
        .put("level", level)
        .put("event", event)
        .put("guard_version", teller.guardVersion())
        .put("account_id", given.place().accountId())
        .put("region", given.place().region())
        .put("order_id", given.orderId())
        .put("trigger", given.trigger())
        .put("requested_by", given.requestedBy())
        .put("claimed_by", clean(given.claimedBy()));
  }

  private StopRecord subject(
      @Nullable String calculationId, @Nullable String sessionId, @Nullable Details details) {
    var calculation = details == null ? null : details.calculation();
    var session = details == null ? null : details.session();
    var description =
        calculation != null
            ? calculation.description()
            : session == null ? null : session.description();
    return put("state", state(details))
        .put("calculation_id", calculationId)
        .put("session_id", sessionId)
        .put("work_group", session == null ? null : clean(session.workGroup()))
        .put("owner", details == null ? null : clean(details.owner()))
        .put("description", clean(description));
  }

  private StopRecord usage(@Nullable Details details, Teller teller) {
    if (details == null) {
      return this;
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
    Cost cost = details.cost();
    var dpus = details.dpusStillHeld();
    return put("submitted_at", since == null ? null : text(since))
        .put("age_seconds", age == null ? null : age.toSeconds())
        .put("dpu_hours", cost == null ? null : rounded(cost.dpuHours()))
        .put("cost_usd", cost == null ? null : rounded(cost.usd(teller.usdPerDpuHour())))
        .put("cost_basis", cost == null ? null : cost.basis().name())
        .put("still_costs", dpus == null ? null : rounded(dpus * teller.usdPerDpuHour()));
  }

  private StopRecord tail(Teller teller) {
    return put("request_id", teller.requestId()).put("cold_start", teller.coldStart());
  }

  private StopRecord put(String key, @Nullable Object value) {
    if (value != null && !value.equals("")) {
      fields.put(key, value);
    }
    return this;
  }

  private static @Nullable String state(@Nullable Details details) {
    if (details == null) {
      return null;
    }
    Calculation calculation = details.calculation();
    if (calculation != null) {
      return clean(calculation.state().name());
    }
    return details.session() == null ? null : clean(details.session().state().name());
  }

  private static @Nullable String reason(Story story) {
    var why = story.whySo() == null ? null : UserText.clean(story.whySo(), UserText.MOST_OF_AWS);
    var asked = story.given().reason();
    if (asked == null) {
      return why;
    }
    return why == null ? clean(asked) : why + " (ordered because: " + UserText.quoted(asked) + ")";
  }

  private static @Nullable String clean(@Nullable String text) {
    return text == null ? null : UserText.clean(text);
  }

  private static String text(Instant instant) {
    return instant.truncatedTo(ChronoUnit.MILLIS).toString();
  }

  private static double rounded(double number) {
    return Math.round(number * 10_000) / 10_000.0;
  }
}
