package io.github.calculationguard.lambda;

import static java.util.Objects.requireNonNullElse;

import io.github.calculationguard.guard.Finding;
import io.github.calculationguard.stop.Request.LimitViolation;
import java.time.Duration;
import java.time.Instant;

/** Reads what a finding says of the limit that was exceeded. */
final class FindingDetail {

  // The sweep's findings expire within minutes; one that claims more is cut.
  private static final Duration MAX_AGE = Duration.ofHours(1);

  // As the parameter is bounded.
  private static final int MAX_EXEMPT_HOURS = 1000;

  private FindingDetail() {}

  static LimitViolation violation(JsonObject detail, Instant madeAt) {
    var latest = madeAt.plus(MAX_AGE);
    var expires = detail.required(Finding.EXPIRES_AT, detail::instant, "an instant");
    var maxExempt = requireNonNullElse(detail.number(Finding.MAX_EXEMPT_HOURS), 0).longValue();
    return new LimitViolation(
        detail.required(Finding.RULE, detail::text, "a limit's name"),
        detail.required(Finding.LIMIT, detail::number, "a number"),
        detail.required(Finding.OBSERVED, detail::number, "a number"),
        detail.required(Finding.LIMIT_SET_BY, detail::text, "a string"),
        RequestParser.session(detail, "detail"),
        detail.required(Finding.WORK_GROUP, detail::text, "a workgroup's name"),
        Duration.ofHours(Math.clamp(maxExempt, 0, MAX_EXEMPT_HOURS)),
        Finding.returned(detail::text),
        expires.isBefore(latest) ? expires : latest);
  }
}
