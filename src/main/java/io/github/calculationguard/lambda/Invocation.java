package io.github.calculationguard.lambda;

import module java.base;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.logging.LogLevel;
import io.github.calculationguard.report.*;
import io.github.calculationguard.spark.*;
import org.jspecify.annotations.Nullable;

/**
 * One invocation of a function, and its log.
 *
 * @param service the stack's name, by which its metrics are known
 * @param logger takes lines as bytes, which Lambda writes as they are, each with its level
 * @param isByService whether the alias was invoked that only AWS services may invoke
 * @param at when it was requested for the first time, as far as Lambda tells
 * @param earliestAt the earliest time at which an earlier delivery may have been made
 * @param end when Lambda ends it, minus a margin for logging and the reply
 */
record Invocation(
    InvocationInfo info,
    String service,
    BiConsumer<byte[], LogLevel> logger,
    AccountRegion place,
    boolean isByService,
    Instant now,
    Instant at,
    Instant earliestAt,
    Deadline end) {

  /** The alias that only AWS services may invoke. The template grants people another one. */
  private static final String SERVICE_ALIAS = ":live";

  private static final Pattern TRACED_SECOND = Pattern.compile("Root=1-([0-9a-f]{8})-");
  // Lambda's retries come within minutes, unless it throttles; an older trace may be that of the
  // sender's own work, which began before the request was made.
  private static final Duration USUAL_RETRIES = Duration.ofMinutes(10);
  // Lambda keeps an asynchronous event no longer.
  private static final Duration MAX_EVENT_AGE = Duration.ofHours(6);
  private static final Duration MAX_MARGIN = Duration.ofSeconds(1);

  static final class Factory {

    private final Configuration configuration;
    private final InstantSource clock;
    private final double usdPerDpuHour;
    private final String service;
    private final String version = Configuration.guardVersion();
    private int made;

    Factory(Configuration configuration, InstantSource clock) {
      this.configuration = configuration;
      this.clock = clock;
      usdPerDpuHour = configuration.usdPerDpuHour();
      service = configuration.service();
    }

    boolean isWarm() {
      return made > 1;
    }

    /**
     * @param trace the invocation's X-Ray trace header, whose ID begins with the time of the
     *     original request, which retries share; absent where Lambda sets none
     */
    Invocation next(Context context, @Nullable String trace) {
      var left = Duration.ofMillis(context.getRemainingTimeInMillis());
      var arn = context.getInvokedFunctionArn();
      return next(context.getAwsRequestId(), arn, left, context.getLogger()::log, trace);
    }

    Invocation next(
        String requestId,
        @Nullable String arn,
        Duration left,
        BiConsumer<byte[], LogLevel> logger,
        @Nullable String trace) {
      made++;
      var info = new InvocationInfo(version, requestId, !isWarm(), usdPerDpuHour);
      var now = clock.instant();
      var end = new Deadline(now.plus(left));
      var quarter = left.dividedBy(4);
      var traced = traced(trace, now);
      var longAgo = now.minus(MAX_EVENT_AGE);
      return new Invocation(
          info,
          service,
          logger,
          configuration.place(arn),
          configuration.isSamLocal() || (arn != null && arn.endsWith(SERVICE_ALIAS)),
          now,
          traced.isBefore(now.minus(USUAL_RETRIES)) ? now : traced,
          traced.isAfter(longAgo) ? traced : longAgo,
          end.minus(quarter.compareTo(MAX_MARGIN) < 0 ? quarter : MAX_MARGIN));
    }
  }

  Deadline within(Duration budget) {
    return new Deadline(now.plus(budget)).orEarlier(end);
  }

  LogRecord log(LogRecord record) {
    log(record.fields(), logger);
    return record;
  }

  static void log(Map<String, ?> fields, BiConsumer<byte[], LogLevel> logger) {
    log(Json.line(fields), LogLevel.valueOf(String.valueOf(fields.get("level"))), logger);
  }

  /** Logs metrics without a level, so that no log level filters them out. */
  void log(Metrics metrics, Instant at) {
    log(metrics.line(service, at), LogLevel.UNDEFINED, logger);
  }

  private static void log(String line, LogLevel level, BiConsumer<byte[], LogLevel> logger) {
    logger.accept((line + '\n').getBytes(StandardCharsets.UTF_8), level);
  }

  private static Instant traced(@Nullable String trace, Instant now) {
    var matcher = TRACED_SECOND.matcher(trace == null ? "" : trace);
    if (!matcher.find()) {
      return now;
    }
    var traced = Instant.ofEpochSecond(Long.parseLong(matcher.group(1), 16));
    return traced.isAfter(now) ? now : traced;
  }
}
