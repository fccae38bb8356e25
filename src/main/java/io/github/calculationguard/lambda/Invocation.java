package io.github.calculationguard.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.Deadline;
import java.time.Duration;
import java.time.Instant;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One invocation of a function.
 *
 * @param isByService whether the alias was invoked that only AWS services may invoke
 * @param asked when it was asked for the first time, as far as Lambda tells
 * @param earliestAsked the earliest time at which an earlier delivery may have been made
 * @param end when Lambda ends it, minus a margin for logging and the reply
 */
record Invocation(
    String requestId,
    AccountRegion place,
    boolean isByService,
    Instant now,
    Instant asked,
    Instant earliestAsked,
    Instant end) {

  /** The alias that only AWS services may invoke. The template grants people another one. */
  private static final String SERVICE_ALIAS = "live";

  private static final Pattern TRACE = Pattern.compile("Root=1-([0-9a-f]{8})-");
  // Lambda's retries come within minutes, unless it throttles; an older trace may be that of the
  // sender's own work, which began before the request was made.
  private static final Duration USUAL_RETRIES = Duration.ofMinutes(10);
  // Lambda keeps an asynchronous event no longer.
  private static final Duration MAX_EVENT_AGE = Duration.ofHours(6);
  private static final Duration MAX_MARGIN = Duration.ofSeconds(1);

  /**
   * @param trace the invocation's X-Ray trace header, whose ID begins with the time of the original
   *     request, which retries share; absent where Lambda sets none
   */
  static Invocation of(Context context, @Nullable String trace, boolean isSamLocal, Instant now) {
    var arn = context.getInvokedFunctionArn();
    var left = Duration.ofMillis(context.getRemainingTimeInMillis());
    var quarter = left.dividedBy(4);
    var traced = traced(trace, now);
    var isRecent = !traced.isBefore(now.minus(USUAL_RETRIES));
    var longAgo = now.minus(MAX_EVENT_AGE);
    return new Invocation(
        context.getAwsRequestId(),
        arn == null ? new AccountRegion("aws", "", "") : AccountRegion.of(arn),
        isSamLocal || (arn != null && arn.endsWith(":" + SERVICE_ALIAS)),
        now,
        isRecent ? traced : now,
        traced.isAfter(longAgo) ? traced : longAgo,
        now.plus(left).minus(quarter.compareTo(MAX_MARGIN) < 0 ? quarter : MAX_MARGIN));
  }

  Deadline within(Duration budget) {
    return new Deadline(now.plus(budget)).orSooner(new Deadline(end));
  }

  private static Instant traced(@Nullable String trace, Instant now) {
    var matcher = TRACE.matcher(trace == null ? "" : trace);
    if (!matcher.find()) {
      return now;
    }
    var traced = Instant.ofEpochSecond(Long.parseLong(matcher.group(1), 16));
    return traced.isAfter(now) ? now : traced;
  }
}
