package io.github.calculationguard.guard;

import module java.base;

import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException;
import io.github.calculationguard.spark.AthenaSparkException.DeniedException;
import io.github.calculationguard.spark.AthenaSparkException.NotFoundException;
import io.github.calculationguard.spark.AthenaSparkReader;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.Format;
import io.github.calculationguard.spark.SessionId;
import org.jspecify.annotations.Nullable;

/**
 * Reads the tags of a session and of its workgroup once more before a finding is carried out: its
 * owner may have answered the warning since the sweep read them.
 */
public record FindingCheck(AthenaSparkReader athena, InstantSource clock) {

  /**
   * What a finding says of the limit.
   *
   * @param maxExempt for how long a session's own tag may exempt it
   */
  public record Found(
      AccountRegion place,
      String workGroup,
      SessionId session,
      String rule,
      double limit,
      double observed,
      Duration maxExempt) {}

  /**
   * Why a finding is not to be carried out any more; empty where it is.
   *
   * @throws AthenaUnavailableException if the tags could not be read; a retry may help
   */
  public Optional<String> whyNot(Found found, Deadline deadline) {
    var now = clock.instant();
    var group = new WorkGroup(found.workGroup());
    var groupArn = found.place().arnOf(group);
    var arn = found.place().arnOf(group, found.session());
    var rule = Rule.of(found.rule());
    var max = rule.map(it -> Map.of(it, Math.max(0, found.limit()))).orElse(Map.of());
    var limits = new Limits(Mode.ENFORCE, max, 100);
    limits = limits.replacedBy(groupArn, tags(groupArn, deadline));
    var own = tags(arn, deadline);
    var isAsked = own.keySet().stream().anyMatch(it -> it.equalsIgnoreCase(Limits.EXEMPT_UNTIL));
    var session = isAsked ? orNull(() -> athena.session(found.session(), deadline)) : null;
    var start = session == null ? null : session.startedAt();
    limits = limits.tightenedBy(arn, own, start, found.maxExempt(), now);
    if (limits.exempt(now)) {
      var until = Format.time(Objects.requireNonNull(limits.exemptUntil()));
      return Optional.of("its tags exempt it until " + until);
    }
    if (limits.mode() != Mode.ENFORCE) {
      var mode = limits.mode().name().toLowerCase(Locale.ROOT);
      return Optional.of("its tags have put it into mode %s since it was found".formatted(mode));
    }
    var left = limits.max();
    return rule.filter(it -> left.getOrDefault(it, Double.MAX_VALUE) >= found.observed())
        .map(it -> "its limit " + it + " was raised since it was found");
  }

  private Map<String, String> tags(String arn, Deadline deadline) {
    return Objects.requireNonNullElse(orNull(() -> athena.tags(arn, deadline)), Map.of());
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
