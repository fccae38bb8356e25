package io.github.calculationguard.lambda;

import io.github.calculationguard.guard.FindingCheck;
import io.github.calculationguard.stop.Request;
import io.github.calculationguard.stop.StopReport;
import io.github.calculationguard.stop.StopReport.Unresolved;
import io.github.calculationguard.stop.StopService;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Leaves alone what a finding names if its owner answered the warning since it was found. */
record AnsweredFindings(FindingCheck check, StopService service) {

  /** What becomes of such a request; absent where it is to be carried out. */
  @Nullable StopReport answered(Request.StopRequest request, Instant now) {
    var it = request.violation();
    if (it == null
        || it.session() == null
        || it.workGroup() == null
        || it.limit() == null
        || it.observed() == null
        || !now.isBefore(it.expiresAt())) {
      return null;
    }
    var metadata = request.metadata();
    var found =
        new FindingCheck.Found(
            metadata.place(),
            it.workGroup(),
            it.session(),
            it.rule(),
            it.limit().doubleValue(),
            it.observed().doubleValue(),
            it.maxExempt());
    try {
      var why = check.whyNot(found, metadata.deadline().fraction(0.3, now)).orElse(null);
      return why == null ? null : service.leave(request, it.session(), why);
    } catch (RuntimeException e) {
      return new StopReport(List.of(), List.of(new Unresolved(request.calculation(), false, e)));
    }
  }
}
