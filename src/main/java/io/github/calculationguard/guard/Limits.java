package io.github.calculationguard.guard;

import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
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
 * @param most the limit of each rule, in the rule's unit; a rule that is absent, or 0, has no limit
 * @param warnAtPercent from 1 to 100, the part of a limit from which on people are warned
 * @param exemptUntil nothing is stopped before this; absent where nothing is exempt
 * @param unreadable the tags that could not be read, and that make the mode at most OBSERVE
 */
public record Limits(
    Mode mode,
    Map<Rule, Double> most,
    int warnAtPercent,
    @Nullable Instant exemptUntil,
    List<InvalidTag> unreadable) {

  /** What happens to that which is over its limits, mildest first. */
  public enum Mode {
    /** It is not even looked at. */
    OFF,
    /** It is reported, and left to run. */
    OBSERVE,
    /** It is ordered to be stopped. */
    ENFORCE;

    /** The mode of a name, in whatever case. */
    public static Optional<Mode> of(String name) {
      return Stream.of(values()).filter(mode -> mode.name().equalsIgnoreCase(name)).findFirst();
    }
  }

  /** Every tag of ours begins so, in whatever case. */
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
    if (most.values().stream().anyMatch(limit -> !(limit >= 0))) {
      throw new IllegalArgumentException("a limit is a number from 0 on");
    }
    most =
        most.entrySet().stream()
            .filter(limit -> limit.getValue() > 0)
            .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
    unreadable = List.copyOf(unreadable);
  }

  /** The limits that the parameters of a deployment set. */
  public Limits(Mode mode, Map<Rule, Double> most, int warnAtPercent) {
    this(mode, most, warnAtPercent, null, List.of());
  }

  /** Whether nothing is stopped at an instant. */
  public boolean exempt(Instant now) {
    return exemptUntil != null && now.isBefore(exemptUntil);
  }

  /** Whether a limit counts DPU-hours. */
  boolean countsDpuHours() {
    return most.keySet().stream().anyMatch(rule -> rule.unit() == null);
  }

  /**
   * These limits as a workgroup's tags replace them. Its owner is trusted: a tag may loosen a limit
   * as well as tighten it, and exempt the workgroup for as long as it says.
   */
  public Limits replacedBy(String arn, Map<String, String> tags) {
    var said = new Said(arn, tags);
    var replaced = new HashMap<>(most);
    replaced.putAll(said.most);
    return new Limits(
        said.boundMode(said.mode == null ? mode : said.mode),
        replaced,
        said.warnAtPercent == null ? warnAtPercent : said.warnAtPercent,
        said.exemptUntil == null ? exemptUntil : said.exemptUntil,
        said.unreadable);
  }

  /**
   * These limits as a session's tags tighten them. Whoever starts a session can tag it, and copy
   * the workgroup's tags to it, so what would loosen a limit is passed over, and so is a mode.
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
    var said = new Said(arn, tags);
    var tightened = new HashMap<>(most);
    said.most.forEach(
        (rule, limit) -> {
          if (limit > 0) {
            tightened.merge(rule, limit, Math::min);
          }
        });
    var until = said.exemptUntil;
    if (until != null && until.isAfter(now.plus(maxExempt))) {
      until = startedAt == null ? null : startedAt.plus(maxExempt);
    }
    return new Limits(
        said.boundMode(mode),
        tightened,
        said.warnAtPercent == null ? warnAtPercent : Math.min(said.warnAtPercent, warnAtPercent),
        later(exemptUntil, until),
        Stream.concat(unreadable.stream(), said.unreadable.stream()).toList());
  }

  private static @Nullable Instant later(@Nullable Instant one, @Nullable Instant other) {
    if (one == null || other == null) {
      return one == null ? other : one;
    }
    return one.isAfter(other) ? one : other;
  }

  /** What the tags of one workgroup or session say. */
  private static final class Said {
    private final List<InvalidTag> unreadable = new ArrayList<>();
    private final Map<Rule, Double> most = new EnumMap<>(Rule.class);
    private @Nullable Mode mode;
    private @Nullable Integer warnAtPercent;
    private @Nullable Instant exemptUntil;

    Said(String arn, Map<String, String> tags) {
      tags.forEach(
          (key, value) -> {
            var name = key.toLowerCase(Locale.ROOT);
            if (!name.startsWith(PREFIX)) {
              return;
            }
            var accepted = read(name.substring(PREFIX.length()), value.strip());
            if (accepted != null) {
              unreadable.add(new InvalidTag(arn, key, value, accepted));
            }
          });
    }

    /** Nothing if the value could be read, else what could be. */
    private @Nullable String read(String name, String value) {
      switch (name) {
        case "mode" -> {
          var known = Mode.of(value);
          mode = known.orElse(Mode.OBSERVE);
          if (known.isEmpty()) {
            return "off, observe or enforce";
          }
        }
        case "warn-at-percent" -> {
          if (!value.matches("[1-9][0-9]?|100")) {
            return "a whole number from 1 to 100";
          }
          warnAtPercent = Integer.valueOf(value);
        }
        case EXEMPT_UNTIL -> {
          try {
            exemptUntil = OffsetDateTime.parse(value).toInstant();
          } catch (DateTimeParseException _) {
            return "an instant, such as 2030-01-31T18:00:00Z";
          }
        }
        default -> {
          var rule = Rule.named(name);
          if (rule.isEmpty()) {
            // A slip of the pen in a name is as likely as one in a value.
            return "one of mode, warn-at-percent, " + EXEMPT_UNTIL + " and the limits' names";
          }
          if (!NUMBER.matcher(value).matches()) {
            return "a number such as 120 or 1.5, without a unit; 0 for no limit";
          }
          most.put(rule.get(), Double.valueOf(value));
        }
      }
      return null;
    }

    private Mode boundMode(Mode wanted) {
      return unreadable.isEmpty() || wanted == Mode.OFF ? wanted : Mode.OBSERVE;
    }
  }
}
