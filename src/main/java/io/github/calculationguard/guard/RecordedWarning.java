package io.github.calculationguard.guard;

import static java.util.stream.Collectors.joining;

import module java.base;

import io.github.calculationguard.guard.Verdict.Usage;
import io.github.calculationguard.spark.*;

/**
 * A warning that people were given of what comes near a limit of a session, or of its calculations.
 *
 * @param at when it was published
 * @param calculations which it was about; empty if it was about the session itself
 * @param limit the limit's value, which the warning named
 */
public record RecordedWarning(Instant at, List<String> calculations, double limit) {

  /** What its tag's key begins with, behind the prefix; the rule's name follows. */
  static final String NAME = "warned-";

  // A tag's value takes 256 characters.
  private static final int MAX_IN_TAG = 5;
  // As many may wait in a session, each of which is warned of once.
  private static final int MAX_CALCULATIONS = 100;
  private static final Pattern VALUE =
      Pattern.compile("(\\S+)((?: [0-9A-Za-z-]{1,36})*) limit=([0-9]{1,9}(?:\\.[0-9]{1,6})?)");

  /** Where warnings are written down, so that a sweep in another environment knows of them. */
  @FunctionalInterface
  public interface Store {

    /**
     * Sets a tag of a session.
     *
     * @throws AthenaSparkException if it could not be set; the next warning tries again
     */
    void tag(String sessionArn, String key, String value, Deadline deadline);
  }

  public RecordedWarning {
    calculations = calculations.stream().limit(MAX_CALCULATIONS).toList();
  }

  /** The warning that a tag's value tells; empty if it tells none. */
  static Optional<RecordedWarning> parse(String value) {
    var it = VALUE.matcher(value);
    if (!it.matches()) {
      return Optional.empty();
    }
    var calculations = Stream.of(it.group(2).split(" ")).filter(id -> !id.isEmpty()).toList();
    var limit = Double.parseDouble(it.group(3));
    return Instants.parse(it.group(1)).map(at -> new RecordedWarning(at, calculations, limit));
  }

  /** Such as "2026-11-22T09:30:05Z ID limit=120": its instant, some calculations, the limit. */
  String value() {
    var ids = calculations.stream().limit(MAX_IN_TAG).map(id -> " " + id).collect(joining());
    return at.truncatedTo(ChronoUnit.SECONDS) + ids + " limit=" + plain(limit);
  }

  /**
   * Whether it still counts: given by now, of the limit as it is, and with no exemption in force
   * since. An idle session that has worked since is idle anew.
   */
  boolean isInForce(Snapshot snapshot, Limits limits, Usage usage, Instant now) {
    var exemptUntil = limits.exemptUntil();
    var idleSince = snapshot.requireSession().idleSince();
    var isIdleAnew =
        usage.rule() == Limits.Rule.MAX_SESSION_IDLE_MINUTES
            && idleSince != null
            && at.isBefore(idleSince.truncatedTo(ChronoUnit.SECONDS));
    return !at.isAfter(now)
        && plain(limit).equals(plain(usage.limit()))
        && (exemptUntil == null || !exemptUntil.isAfter(at))
        && !isIdleAnew;
  }

  boolean isAbout(Snapshot snapshot) {
    return snapshot.calculation() == null || calculations.contains(snapshot.id());
  }

  private static String plain(double limit) {
    return BigDecimal.valueOf(Format.rounded(limit)).stripTrailingZeros().toPlainString();
  }
}
