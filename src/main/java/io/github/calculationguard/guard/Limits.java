package io.github.calculationguard.guard;

import io.github.calculationguard.spark.Instants;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How much a calculation or a session may use, and what happens beyond that.
 *
 * @param max the limit of each rule, in the rule's unit; a rule that is absent, or 0, has no limit
 * @param warnAtPercent warn at this percentage of a limit, from 1 to 100
 * @param exemptUntil nothing is stopped before this instant; absent where nothing is exempt
 * @param invalidTags tags whose value is not accepted; they make the mode at most OBSERVE
 */
public record Limits(
    Mode mode,
    Map<Rule, Double> max,
    int warnAtPercent,
    @Nullable Instant exemptUntil,
    List<InvalidTag> invalidTags) {

  /** What happens to what exceeds its limits, mildest first. */
  public enum Mode {
    /** It is not even read. */
    OFF,
    /** It is reported, and goes on. */
    OBSERVE,
    /** It is stopped. */
    ENFORCE;

    /** The mode of a name, in whatever case. */
    public static Optional<Mode> of(String name) {
      return Stream.of(values()).filter(mode -> mode.name().equalsIgnoreCase(name)).findFirst();
    }
  }

  /**
   * A tag of the guard with a value that is not accepted. Until it is corrected, nothing is stopped
   * in the workgroup or session that carries it, since its owner may have meant to protect it.
   *
   * @param value a user's text: show it with care
   * @param accepted what the tag takes
   */
  public record InvalidTag(String arn, String key, String value, String accepted) {}

  /** Every tag of the guard begins with this, in whatever case. */
  public static final String PREFIX = "calculation-guard:";

  /** The name of the tag that exempts its workgroup or session. */
  public static final String EXEMPT_UNTIL = "exempt-until";

  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}(\\.[0-9]{1,6})?");

  /**
   * @throws IllegalArgumentException if a limit is negative or the percentage is not from 1 to 100
   */
  public Limits {
    if (warnAtPercent < 1 || warnAtPercent > 100) {
      throw new IllegalArgumentException("warn-at-percent is from 1 to 100");
    }
    if (max.values().stream().anyMatch(limit -> !(limit >= 0))) {
      throw new IllegalArgumentException("a limit is at least 0");
    }
    max =
        max.entrySet().stream()
            .filter(limit -> limit.getValue() > 0)
            .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
    invalidTags = List.copyOf(invalidTags);
  }

  /** The limits that the parameters of a deployment set. */
  public Limits(Mode mode, Map<Rule, Double> max, int warnAtPercent) {
    this(mode, max, warnAtPercent, null, List.of());
  }

  /** Whether nothing is stopped at an instant. */
  public boolean exempt(Instant now) {
    return exemptUntil != null && now.isBefore(exemptUntil);
  }

  /** Whether a limit counts DPU-hours. */
  boolean countsDpuHours() {
    return max.keySet().stream().anyMatch(rule -> rule.unit() == null);
  }

  /**
   * These limits as a workgroup's tags replace them. Its owner is trusted: a tag may loosen a limit
   * as well as tighten it, and exempt the workgroup for any time.
   */
  public Limits replacedBy(String arn, Map<String, String> tags) {
    var parsed = new ParsedTags(arn, tags);
    var replaced = new HashMap<>(max);
    replaced.putAll(parsed.max);
    return new Limits(
        parsed.bound(parsed.mode == null ? mode : parsed.mode),
        replaced,
        parsed.warnAtPercent == null ? warnAtPercent : parsed.warnAtPercent,
        parsed.exemptUntil == null ? exemptUntil : parsed.exemptUntil,
        parsed.invalid);
  }

  /**
   * These limits as a session's tags tighten them. Whoever starts a session can tag it, and copy
   * the workgroup's tags to it, so a tag that would loosen a limit is ignored, and so is a mode.
   *
   * <p>An exemption counts if it ends at most {@code maxExempt} from now. One that asks for more is
   * counted from the session's start, or else it would never end.
   *
   * @param startedAt the session's start; absent where Athena did not say
   */
  public Limits tightenedBy(
      String arn,
      Map<String, String> tags,
      @Nullable Instant startedAt,
      Duration maxExempt,
      Instant now) {
    var parsed = new ParsedTags(arn, tags);
    var tightened = new HashMap<>(max);
    parsed.max.entrySet().stream()
        .filter(own -> own.getValue() > 0)
        .forEach(own -> tightened.merge(own.getKey(), own.getValue(), Math::min));
    var until = parsed.exemptUntil;
    if (until != null && until.isAfter(now.plus(maxExempt))) {
      until = startedAt == null ? null : startedAt.plus(maxExempt);
    }
    var percent = parsed.warnAtPercent;
    return new Limits(
        parsed.bound(mode),
        tightened,
        percent == null ? warnAtPercent : Math.min(percent, warnAtPercent),
        Stream.of(Optional.ofNullable(exemptUntil), Optional.ofNullable(until))
            .flatMap(Optional::stream)
            .max(Instant::compareTo)
            .orElse(null),
        Stream.concat(invalidTags.stream(), parsed.invalid.stream()).toList());
  }

  /** The tags of one workgroup or session. */
  private static final class ParsedTags {
    private final List<InvalidTag> invalid = new ArrayList<>();
    private final Map<Rule, Double> max = new EnumMap<>(Rule.class);
    private @Nullable Mode mode;
    private @Nullable Integer warnAtPercent;
    private @Nullable Instant exemptUntil;

    ParsedTags(String arn, Map<String, String> tags) {
      tags.forEach(
          (key, value) -> {
            var name = key.toLowerCase(Locale.ROOT);
            if (!name.startsWith(PREFIX)) {
              return;
            }
            var accepted = parse(name.substring(PREFIX.length()), value.strip());
            if (accepted != null) {
              invalid.add(new InvalidTag(arn, key, value, accepted));
            }
          });
    }

    /** Absent if the value is accepted, else what would be. */
    private @Nullable String parse(String name, String value) {
      return switch (name) {
        case "mode" -> {
          mode = Mode.of(value).orElse(null);
          yield mode == null ? "off, observe or enforce" : null;
        }
        case "warn-at-percent" -> {
          warnAtPercent = value.matches("[1-9][0-9]?|100") ? Integer.valueOf(value) : null;
          yield warnAtPercent == null ? "a whole number from 1 to 100" : null;
        }
        case EXEMPT_UNTIL -> {
          exemptUntil = Instants.parse(value).orElse(null);
          yield exemptUntil == null ? "an instant such as 2030-01-31T18:00:00Z" : null;
        }
        default -> parse(Rule.named(name), value);
      };
    }

    private @Nullable String parse(Optional<Rule> rule, String value) {
      if (rule.isEmpty()) {
        // A name is mistyped as easily as a value.
        return "one of mode, warn-at-percent, " + EXEMPT_UNTIL + " and the limits' names";
      }
      if (!NUMBER.matcher(value).matches()) {
        return "a number such as 120 or 1.5, without a unit; 0 for no limit";
      }
      max.put(rule.get(), Double.valueOf(value));
      return null;
    }

    private Mode bound(Mode wanted) {
      return invalid.isEmpty() || wanted == Mode.OFF ? wanted : Mode.OBSERVE;
    }
  }
}
