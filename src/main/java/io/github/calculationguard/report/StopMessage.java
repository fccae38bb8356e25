package io.github.calculationguard.report;

import module java.base;

import io.github.calculationguard.guard.Limits;
import io.github.calculationguard.guard.Limits.*;
import io.github.calculationguard.spark.*;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.stop.*;
import io.jstach.jstache.JStache;
import io.jstach.jstache.JStacheConfig;
import io.jstach.jstache.JStacheType;
import org.jspecify.annotations.Nullable;

/**
 * What the template of an outcome's notification shows: what was stopped, whose it was, why, who
 * asked, what it cost and still costs. All text is clean.
 */
@JStache(path = "stop.mustache")
@JStacheConfig(type = JStacheType.STACHE)
record StopMessage(Request request, StopResult result, LogRecord record, Costs costs) {

  private static final int MAX_WORK_GROUP_IN_SUBJECT = 30;

  static StopMessage of(Request request, StopResult result, LogRecord record, InvocationInfo info) {
    var nothing = new Snapshot(null, null, null, List.of(), request.metadata().at());
    var snapshot = Objects.requireNonNullElse(result.snapshot(), nothing);
    return new StopMessage(request, result, record, new Costs(snapshot, info.usdPerDpuHour()));
  }

  String subject() {
    var session = snapshot().session();
    var soFar = costs.soFar();
    return UserText.joined(
        " | ",
        outcome().name(),
        session == null ? null : UserText.clean(session.workGroup(), MAX_WORK_GROUP_IN_SUBJECT),
        soFar == null ? null : soFar.text(),
        metadata().place().accountId() + " " + region());
  }

  Outcome outcome() {
    return result.outcome();
  }

  RequestMetadata metadata() {
    return request.metadata();
  }

  Snapshot snapshot() {
    return costs.snapshot();
  }

  String region() {
    return metadata().place().region();
  }

  @Nullable String calculationId() {
    return record.text("calculation_id");
  }

  @Nullable String sessionId() {
    return record.text("session_id");
  }

  /** As it was read, or else as the finding names it. */
  @Nullable String workGroup() {
    var read = record.text("work_group");
    var violation = request.violation();
    return read != null || violation == null ? read : UserText.name(violation.workGroup());
  }

  String kind() {
    return calculationId() == null ? "session" : "calculation";
  }

  /** Such as: calculation "Nightly join" of "team data". */
  String what() {
    var id = calculationId() == null ? sessionId() : calculationId();
    return FindingText.inHeadline(kind(), id, snapshot());
  }

  boolean hadEnded() {
    return result.effort() != null && result.effort().hadEnded();
  }

  /** Whether the only next step is to end a session that is still open. */
  boolean leavesSession() {
    return switch (outcome()) {
      case CANCELING, DENIED, NOT_FOUND, INVALID, SESSION_TERMINATED -> false;
      case LEFT_ALONE, ALREADY_OVER, DRY_RUN, CANCELED, FINISHED_ANYWAY ->
          result.snapshot() != null && !costs.hasEnded();
    };
  }

  @Nullable String description() {
    return UserText.quotedOrNull(snapshot().description());
  }

  @Nullable String owner() {
    return UserText.quotedOrNull(snapshot().owner());
  }

  String states() {
    var calculation = snapshot().calculation();
    var session = snapshot().session();
    return UserText.joined(
        ", ",
        calculation == null ? null : "calculation " + UserText.clean(calculation.state().name()),
        session == null ? null : "session " + UserText.clean(session.state().name()));
  }

  @Nullable String reason() {
    return result.reason() == null ? null : UserText.aws(result.reason());
  }

  /** A finding's reason names its limit. */
  @Nullable String why() {
    return UserText.quotedOrNull(metadata().reason());
  }

  /** Who set the limit that was exceeded, if the sweep made the request. */
  @Nullable String limitSetBy() {
    var it = request.violation();
    return it == null
        ? null
        : Rule.of(it.rule())
            .flatMap(
                rule ->
                    Origin.of(it.setBy()).map(by -> FindingText.setBy(rule, by, it.workGroup())))
            .orElse(null);
  }

  /** Whether the session has ended, even if it could not be read afterwards. */
  boolean hasSessionEnded() {
    return outcome() == Outcome.SESSION_TERMINATED || costs.hasEnded();
  }

  /** Whether it ran in a session of Spark 3.5, which only its client can start in the same way. */
  boolean isSparkConnect() {
    var session = snapshot().session();
    return session != null && !session.supportsCalculations();
  }

  /** Where its files are, such as "result s3://…". */
  String output() {
    var calculation = snapshot().calculation();
    return calculation == null
        ? ""
        : calculation.output().entrySet().stream()
            .map(it -> it.getKey() + " " + UserText.s3(it.getValue()))
            .collect(Collectors.joining(", "));
  }

  /** Whether the guard stopped it for its limit, so that its owner may want to run it again. */
  boolean mayAppeal() {
    return limitSetBy() != null
        && switch (outcome()) {
          case CANCELED, CANCELING, SESSION_TERMINATED -> true;
          case FINISHED_ANYWAY, ALREADY_OVER, LEFT_ALONE, NOT_FOUND, DENIED, INVALID, DRY_RUN ->
              false;
        };
  }

  @Nullable String lost() {
    if (!mayAppeal() || outcome() == Outcome.CANCELING) {
      return null;
    }
    return hasSessionEnded()
        ? "all that the session held in memory, and what ran in it; files in S3 remain"
        : "what it had not written to S3 yet; its session stays open";
  }

  /** The command that sets the limit's tag to 1.5 times the larger of limit and usage. */
  @Nullable String raise() {
    var it = request.violation();
    if (it == null) {
      return null;
    }
    var group = new WorkGroup(it.workGroup());
    var place = metadata().place();
    var arn =
        it.setBy().equals(Origin.SESSION_TAG.toString())
            ? place.arnOf(group, it.session())
            : place.arnOf(group);
    var most = Math.max(it.limit().doubleValue(), it.observed().doubleValue());
    return "aws athena tag-resource --resource-arn %s --tags Key=%s,Value=%d --region %s"
        .formatted(
            arn, Limits.PREFIX + UserText.clean(it.rule()), (long) Math.ceil(1.5 * most), region());
  }

  /** The session in which it can be started again: the same, unless that has ended. */
  String sessionToUse() {
    var id = sessionId();
    return hasSessionEnded() || id == null ? "NEW_SESSION_ID" : id;
  }

  /** What the button in a chat needs, if it fits. */
  Map<String, String> buttons() {
    var id = sessionId();
    return leavesSession() && id != null ? Map.of("end_session_id", id) : Map.of();
  }

  @Nullable String returned() {
    var returned = result.returned();
    return returned == null ? null : UserText.clean(returned.inWords());
  }

  String askedBy() {
    var verified = metadata().requestedBy();
    var claimed = metadata().claimedBy();
    if (verified != null || claimed != null) {
      return UserText.joined(
          ", ",
          verified == null ? null : UserText.clean(verified) + " (verified by AWS)",
          claimed == null ? null : UserText.quoted(claimed) + " (not verified by AWS)");
    }
    return switch (metadata().source()) {
      case SWEEP -> "the guard's own sweep";
      case CHAT -> "somebody in a chat; AWS does not say who";
      case WIDGET -> "a viewer of the dashboard; CloudWatch does not say who";
      case HANDOVER -> "a caller of the API or a viewer of the dashboard; AWS does not say who";
      case HTTP_API, REST_API, FUNCTION_URL, EVENTBRIDGE, CLOUDTRAIL, ALARM, DIRECT, UNKNOWN ->
          outcome() == Outcome.INVALID ? "" : "unknown";
    };
  }

  @Nullable String ran() {
    var age = snapshot().age();
    var since = snapshot().since();
    return age == null || since == null
        ? null
        : Format.duration(age) + ", since " + Format.time(since);
  }

  String madeAt() {
    return Format.time(metadata().at());
  }
}
