package io.github.calculationguard.lambda;

import module java.base;

import io.github.calculationguard.guard.Limits;
import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSparkException.DeniedException;
import io.github.calculationguard.spark.AthenaSparkException.NotFoundException;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Format;
import io.github.calculationguard.stop.Request.LimitViolation;
import io.github.calculationguard.stop.Request.StopRequest;
import io.github.calculationguard.stop.StopReport;
import io.github.calculationguard.stop.StopReport.Unresolved;
import io.github.calculationguard.stop.StopService;
import org.jspecify.annotations.Nullable;

/**
 * Reads the tags of a session and of its workgroup once more before a finding is carried out, and
 * leaves it alone if its owner answered the warning since the sweep read them.
 */
record AnsweredFindings(StopService service) {

  /** What becomes of such a request; absent where it is to be carried out. */
  @Nullable StopReport answered(StopRequest request) {
    var it = request.violation();
    var now = service.clock().instant();
    if (it == null || it.session() == null || !now.isBefore(it.expiresAt())) {
      return null;
    }
    var metadata = request.metadata();
    try {
      var by = metadata.deadline().fraction(0.3, now);
      var why = whyNot(it, metadata.place(), by, now);
      return why == null ? null : service.leave(request, it.session(), why);
    } catch (RuntimeException e) {
      // Without the tags nobody knows. A retry may help.
      return new StopReport(List.of(), List.of(new Unresolved(request.calculation(), false, e)));
    }
  }

  /** Why a finding is not to be carried out any more; absent where it is. */
  private @Nullable String whyNot(
      LimitViolation found, AccountRegion place, Deadline deadline, Instant now) {
    if (found.session() == null
        || found.workGroup() == null
        || found.limit() == null
        || found.observed() == null) {
      return null;
    }
    var id = found.session();
    var group = new WorkGroup(found.workGroup());
    var rule = Rule.of(found.rule());
    var limit = Math.max(0, found.limit().doubleValue());
    var limits = new Limits(Mode.ENFORCE, rule.map(it -> Map.of(it, limit)).orElse(Map.of()), 100);
    limits = limits.withWorkGroupTags(place.arnOf(group), tags(place.arnOf(group), deadline));
    var own = tags(place.arnOf(group, id), deadline);
    var isAsked = own.keySet().stream().anyMatch(it -> it.equalsIgnoreCase(Limits.EXEMPT_UNTIL));
    var session = isAsked ? orNull(() -> service.athena().session(id, deadline)) : null;
    var start = session == null ? null : session.startedAt();
    limits = limits.withSessionTags(place.arnOf(group, id), own, start, found.maxExempt(), now);
    if (limits.isExempt(now)) {
      return "its tags exempt it until "
          + Format.time(Objects.requireNonNull(limits.exemptUntil()));
    }
    if (limits.mode() != Mode.ENFORCE) {
      var mode = limits.mode().name().toLowerCase(Locale.ROOT);
      return "its tags have put it into mode %s since it was found".formatted(mode);
    }
    var left = limits.max();
    var observed = found.observed().doubleValue();
    return rule.filter(it -> left.getOrDefault(it, Double.MAX_VALUE) >= observed)
        .map(it -> "its limit " + it + " was raised since it was found")
        .orElse(null);
  }

  private Map<String, String> tags(String arn, Deadline deadline) {
    return Objects.requireNonNullElse(orNull(() -> service.athena().tags(arn, deadline)), Map.of());
  }

  /** What ended meanwhile is not stopped; and the sweep has read the tags before. */
  private static <T> @Nullable T orNull(Supplier<T> reading) {
    try {
      return reading.get();
    } catch (NotFoundException | DeniedException _) {
      return null;
    }
  }
}
