package io.github.calculationguard.report;

import module java.base;

import io.github.calculationguard.guard.Limits;
import io.github.calculationguard.guard.Limits.Origin;
import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.Format;
import io.github.calculationguard.spark.Snapshot;
import io.github.calculationguard.stop.Outcome;
import io.github.calculationguard.stop.Request;
import io.github.calculationguard.stop.RequestMetadata;
import io.github.calculationguard.stop.Source;
import io.github.calculationguard.stop.StopResult;
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
    return joined(
        " | ",
        outcome().name(),
        session == null ? null : UserText.clean(session.workGroup(), MAX_WORK_GROUP_IN_SUBJECT),
        costs.soFarText(),
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

  @Nullable String workGroup() {
    return record.text("work_group");
  }

  String what() {
    return calculationId() == null ? "session" : "calculation";
  }

  boolean hadEnded() {
    return result.effort() != null && result.effort().hadEnded();
  }

  /** Whether the session may go on to cost money, and nothing else is to be done. */
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
    return joined(
        ", ",
        calculation == null ? null : "calculation " + UserText.clean(calculation.state().name()),
        session == null ? null : "session " + UserText.clean(session.state().name()));
  }

  @Nullable String reason() {
    return result.reason() == null ? null : UserText.aws(result.reason());
  }

  String why() {
    return joined("; ", UserText.quotedOrNull(metadata().reason()), violation());
  }

  private @Nullable String violation() {
    var it = request.violation();
    return it == null
        ? null
        : "%s is %s, observed %s"
            .formatted(
                UserText.clean(it.rule()), Format.number(it.limit()), Format.number(it.observed()));
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

  /** Where its files are, such as "result s3://…". */
  String output() {
    var calculation = snapshot().calculation();
    return calculation == null
        ? ""
        : calculation.output().entrySet().stream()
            .map(it -> it.getKey() + " " + UserText.s3(it.getValue()))
            .collect(Collectors.joining(", "));
  }

  /** Whether the guard stopped it for its limit, so that somebody may want it back. */
  boolean mayAppeal() {
    return limitSetBy() != null
        && switch (outcome()) {
          case CANCELED, CANCELING, SESSION_TERMINATED -> true;
          case FINISHED_ANYWAY, ALREADY_OVER, LEFT_ALONE, NOT_FOUND, DENIED, INVALID, DRY_RUN ->
              false;
        };
  }

  /** What a stop for a limit lost. */
  @Nullable String lost() {
    if (!mayAppeal() || outcome() == Outcome.CANCELING) {
      return null;
    }
    return costs.hasEnded()
        ? "all that the session held in memory, and what ran in it; files in S3 remain"
        : "what it had not written to S3 yet; its session stays open";
  }

  /** The command that raises the limit by the tag that may: half as much again as was used. */
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
    return costs.hasEnded() || id == null ? "NEW_SESSION_ID" : id;
  }

  /** What the buttons in a chat need. */
  Map<String, String> buttons() {
    var buttons = new LinkedHashMap<String, String>();
    buttons.put("region", region());
    var id = sessionId();
    if (leavesSession() && id != null) {
      buttons.put("end_session_id", id);
    }
    return buttons;
  }

  /** Such as "returned after ID". */
  @Nullable String returned() {
    var it = result.returned();
    return it == null ? null : UserText.clean(it.inWords());
  }

  String askedBy() {
    var verified = metadata().requestedBy();
    var claimed = metadata().claimedBy();
    if (verified != null || claimed != null) {
      return joined(
          ", ",
          verified == null ? null : UserText.clean(verified) + " (verified by AWS)",
          claimed == null ? null : UserText.quoted(claimed) + " (not verified by AWS)");
    }
    return switch (metadata().source()) {
      case Source.SWEEP -> "the guard's own sweep";
      case Source.CHAT -> "somebody in a chat; AWS does not say who";
      case Source.WIDGET -> "a viewer of the dashboard; CloudWatch does not say who";
      case HANDOVER -> "a caller of the API or a viewer of the dashboard; AWS does not say who";
      default -> outcome() == Outcome.INVALID ? "" : "unknown";
    };
  }

  @Nullable String age() {
    return snapshot().age() == null ? null : Format.duration(snapshot().age());
  }

  @Nullable String since() {
    return snapshot().since() == null ? null : Format.time(snapshot().since());
  }

  String madeAt() {
    return Format.time(metadata().at());
  }

  /** Those that are there and not empty. */
  private static String joined(String separator, @Nullable String... texts) {
    return Stream.of(texts)
        .filter(it -> it != null && !it.isEmpty())
        .collect(Collectors.joining(separator));
  }
}
