package io.github.calculationguard.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.Deadline;
import java.time.Duration;
import java.time.Instant;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One invocation's own facts.
 *
 * @param asked when it was first asked for, as far as Lambda tells: a retry keeps its trace's time
 * @param end when Lambda ends it, less what it takes to leave in good order
 */
record Invocation(String requestId, AccountRegion place, Instant now, Instant asked, Instant end) {

  private static final Pattern TRACE = Pattern.compile("Root=1-([0-9a-f]{8})-");
  private static final Duration LONGEST_RETRY = Duration.ofMinutes(10);
  private static final Duration MOST_TO_LEAVE = Duration.ofSeconds(1);

  static Invocation of(Context context, Instant now) {
    return of(
        context.getAwsRequestId(),
        context.getInvokedFunctionArn(),
        context.getXrayTraceId(),
        Duration.ofMillis(context.getRemainingTimeInMillis()),
        now);
  }

  static Invocation of(
      String requestId,
      @Nullable String functionArn,
      @Nullable String trace,
      Duration left,
      Instant now) {
    var toLeave = left.dividedBy(4);
    return new Invocation(
        requestId,
        place(functionArn),
        now,
        asked(trace, now),
        now.plus(left).minus(toLeave.compareTo(MOST_TO_LEAVE) < 0 ? toLeave : MOST_TO_LEAVE));
  }

  Deadline within(Duration budget) {
    return new Deadline(now.plus(budget)).orSooner(new Deadline(end));
  }

  private static AccountRegion place(@Nullable String functionArn) {
    return functionArn == null ? new AccountRegion("aws", "", "") : AccountRegion.of(functionArn);
  }

  /** A trace's id begins with the time of the original request, in seconds, which retries share. */
  private static Instant asked(@Nullable String trace, Instant now) {
    var matcher = TRACE.matcher(trace == null ? "" : trace);
    if (!matcher.find()) {
      return now;
    }
    var asked = Instant.ofEpochSecond(Long.parseLong(matcher.group(1), 16));
    // Lambda's retries come within minutes; a longer trace is its sender's, and older than the
    // order.
    var plausible = !asked.isAfter(now) && asked.isAfter(now.minus(LONGEST_RETRY));
    return plausible ? asked : now;
  }
}
