package io.github.calculationguard.lambda;

import static java.util.Objects.requireNonNull;
import static java.util.Objects.requireNonNullElse;

import module java.base;

import io.github.calculationguard.guard.Limits;
import io.github.calculationguard.guard.Limits.*;
import io.github.calculationguard.report.UserText;
import io.github.calculationguard.spark.*;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSparkException.*;
import io.github.calculationguard.stop.*;
import io.github.calculationguard.stop.Request.LimitViolation;
import org.jspecify.annotations.Nullable;

/**
 * Reads the tags of a session and of its workgroup once more before a finding is carried out, and
 * finds out whether its owner has answered the warning since the sweep read them.
 */
record FindingRecheck(AthenaSpark athena, InstantSource clock) implements StopService.FindingCheck {

  @Override
  public @Nullable String whyNot(LimitViolation found, RequestMetadata metadata) {
    var now = clock.instant();
    var deadline = metadata.deadline().fraction(0.3, now);
    var group = new WorkGroup(found.workGroup());
    var groupArn = metadata.place().arnOf(group);
    var sessionArn = metadata.place().arnOf(group, found.session());
    // Only the rule that the finding names is judged again, and in the mode of every finding.
    var rule = Rule.of(found.rule());
    var limit = Math.max(0, found.limit().doubleValue());
    var limits = new Limits(Mode.ENFORCE, rule.map(it -> Map.of(it, limit)).orElse(Map.of()), 100);
    limits = limits.withWorkGroupTags(groupArn, tags(groupArn, deadline));
    var own = tags(sessionArn, deadline);
    var asksExemption = own.keySet().stream().anyMatch(Limits.EXEMPT_UNTIL::equalsIgnoreCase);
    var session = asksExemption ? orNull(() -> athena.session(found.session(), deadline)) : null;
    var start = session == null ? null : session.startedAt();
    limits = limits.withSessionTags(sessionArn, own, start, found.maxExempt(), now);
    if (limits.isExempt(now)) {
      return "its tags exempt it until " + Format.time(requireNonNull(limits.exemptUntil()));
    }
    if (!limits.invalidTags().isEmpty()) {
      var key = UserText.clean(limits.invalidTags().getFirst().key());
      return "its tag %s is invalid: nothing is stopped until it is corrected".formatted(key);
    }
    if (limits.mode() != Mode.ENFORCE) {
      var mode = limits.mode().name().toLowerCase(Locale.ROOT);
      return "its tags have put it into mode %s since it was found".formatted(mode);
    }
    var max = limits.max();
    return rule.filter(
            it -> max.getOrDefault(it, Double.MAX_VALUE) >= found.observed().doubleValue())
        .map(it -> "its limit " + it + " was raised or removed since it was found")
        .orElse(null);
  }

  private Map<String, String> tags(String arn, Deadline deadline) {
    return requireNonNullElse(orNull(() -> athena.tags(arn, deadline)), Map.of());
  }

  /** What has ended is not stopped anyway; and where access is denied, the sweep's tags count. */
  private static <T> @Nullable T orNull(Supplier<T> reading) {
    try {
      return reading.get();
    } catch (NotFoundException | DeniedException _) {
      return null;
    }
  }
}
