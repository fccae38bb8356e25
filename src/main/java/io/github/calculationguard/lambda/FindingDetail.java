package io.github.calculationguard.lambda;

import static java.util.Objects.requireNonNullElse;

import io.github.calculationguard.guard.Finding;
import io.github.calculationguard.lambda.JsonObject.InvalidFieldException;
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
    var expires = detail.instant(Finding.EXPIRES_AT);
    if (expires == null) {
      throw new InvalidFieldException("detail.expiresAt is missing: every finding expires");
    }
    var latest = madeAt.plus(MAX_AGE);
    var maxExempt = requireNonNullElse(detail.number(Finding.MAX_EXEMPT_HOURS), 0);
    return new LimitViolation(
        requireNonNullElse(detail.text(Finding.RULE), ""),
        detail.number(Finding.LIMIT),
        detail.number(Finding.OBSERVED),
        detail.text(Finding.LIMIT_SET_BY),
        detail.has(Finding.SESSION_ID) ? RequestParser.session(detail, "detail") : null,
        detail.text(Finding.WORK_GROUP),
        Duration.ofHours(Math.clamp(maxExempt.longValue(), 0, MAX_EXEMPT_HOURS)),
        Finding.returned(detail::text),
        expires.isBefore(latest) ? expires : latest);
  }
}
