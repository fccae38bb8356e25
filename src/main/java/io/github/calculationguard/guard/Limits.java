package io.github.calculationguard.guard;

import module java.base;

import io.github.calculationguard.spark.*;
import org.jspecify.annotations.Nullable;

/**
 * How much a calculation or a session may use, and what happens beyond that.
 *
 * @param max the limit of each rule, in the rule's unit; a rule that is absent, or 0, has no limit
 * @param warnAtPercent warn at this percentage of a limit, from 1 to 100
 * @param exemptUntil nothing is stopped before this instant; absent where nothing is exempt
 * @param invalidTags tags whose value is not accepted; they make the mode at most OBSERVE
 * @param origins who set each limit; a rule that is absent has its parameter's
 * @param askedExemptUntil what a session's own tag asks for, granted or not
 * @param warnings those that a session's own tags remember
 */
public record Limits(
    Mode mode,
    Map<Rule, Double> max,
    int warnAtPercent,
    @Nullable Instant exemptUntil,
    List<InvalidTag> invalidTags,
    Map<Rule, Origin> origins,
    @Nullable Instant askedExemptUntil,
    Map<Rule, RecordedWarning> warnings) {

  /** What happens to what exceeds its limits. */
  public enum Mode {
    /** It is not even read. */
    OFF,
    /** It is reported. */
    OBSERVE,
    /** It is stopped. */
    ENFORCE;

    /** The mode of a name; case does not matter. */
    public static Optional<Mode> of(String name) {
      return Stream.of(values()).filter(it -> it.name().equalsIgnoreCase(name)).findFirst();
    }
  }

  /**
   * What can be limited: the time since a calculation was submitted, a session started or became
   * idle, and what either used. A rule's name and unit are those of its tag and of its parameter.
   */
  public enum Rule {
    MAX_CALCULATION_MINUTES(true, Duration.ofMinutes(1), "running for "),
    MAX_CALCULATION_DPU_HOURS(true, null, "used "),
    MAX_SESSION_IDLE_MINUTES(false, Duration.ofMinutes(1), "idle for "),
    MAX_SESSION_HOURS(false, Duration.ofHours(1), "open for "),
    MAX_SESSION_DPU_HOURS(false, null, "used ");

    final boolean isOfCalculation;

    /** Of a rule about time; absent where the rule counts DPU-hours. */
    final @Nullable Duration unit;

    /** What stands before an observed amount. */
    final String verb;

    Rule(boolean isOfCalculation, @Nullable Duration unit, String verb) {
      this.isOfCalculation = isOfCalculation;
      this.unit = unit;
      this.verb = verb;
    }

    /** Such as "2 h" or "4.50 DPU-hours". */
    String inWords(double amount) {
      return unit == null
          ? Format.dpuHours(amount)
          : Format.duration(Duration.ofMillis(Math.round(amount * unit.toMillis())));
    }

    /** The rule's name in tags and events, such as {@code max-calculation-minutes}. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The name of its parameter, such as {@code MaxCalculationMinutes}. */
    public String parameter() {
      return Pattern.compile("(?:^|-)([a-z])")
          .matcher(toString())
          .replaceAll(it -> it.group(1).toUpperCase(Locale.ROOT));
    }

    /** The rule of a name in tags and events. */
    public static Optional<Rule> of(String name) {
      return Stream.of(values()).filter(it -> it.toString().equals(name)).findFirst();
    }
  }

  /** Who set a limit. */
  public enum Origin {
    PARAMETER,
    WORK_GROUP_TAG,
    SESSION_TAG;

    /** The name in the log and in events, such as {@code work-group-tag}. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The origin of a name in events. */
    public static Optional<Origin> of(String name) {
      return Stream.of(values()).filter(it -> it.toString().equals(name)).findFirst();
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

  /** Every tag of the guard begins with this; case does not matter. */
  public static final String PREFIX = "calculation-guard:";

  private static final String ONCE =
      "a key of its own: another tag has the same key in another case";

  /** The key of the tag that exempts a workgroup or a session. */
  public static final String EXEMPT_UNTIL = PREFIX + "exempt-until";

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
    var limited = max.keySet();
    origins =
        origins.entrySet().stream()
            .filter(it -> it.getValue() != Origin.PARAMETER && limited.contains(it.getKey()))
            .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
    warnings = Map.copyOf(warnings);
  }

  /** The limits that the parameters of a deployment set. */
  public Limits(Mode mode, Map<Rule, Double> max, int warnAtPercent) {
    this(mode, max, warnAtPercent, null, List.of(), Map.of(), null, Map.of());
  }

  /** Whether a tag with this key is the guard's. */
  static boolean isOurs(String key) {
    return key.regionMatches(true, 0, PREFIX, 0, PREFIX.length());
  }

  /** Who set the limit of a rule. */
  public Origin setBy(Rule rule) {
    return origins.getOrDefault(rule, Origin.PARAMETER);
  }

  /** Whether nothing is stopped at an instant. */
  public boolean isExempt(Instant now) {
    return exemptUntil != null && now.isBefore(exemptUntil);
  }

  boolean countsDpuHours() {
    return max.keySet().stream().anyMatch(rule -> rule.unit == null);
  }

  /**
   * These limits as a workgroup's tags replace them. Its owner is trusted: a tag may loosen a limit
   * as well as tighten it, and exempt the workgroup for any time.
   */
  public Limits withWorkGroupTags(String arn, Map<String, String> tags) {
    var own = new TaggedLimits(arn, tags, Origin.WORK_GROUP_TAG);
    return own.limits(own.mode, own.warnAtPercent, own.exemptUntil, null);
  }

  /**
   * These limits as a session's tags tighten them. Whoever starts a session can tag it, and copy
   * the workgroup's tags to it, so a tag that would loosen a limit is ignored, and so is a mode.
   *
   * <p>An exemption counts if it ends at most {@code maxExempt} from now. One that asks for more is
   * counted from the session's start, or else it would never end.
   *
   * @param start the session's; absent where Athena did not say
   */
  public Limits withSessionTags(
      String arn,
      Map<String, String> tags,
      @Nullable Instant start,
      Duration maxExempt,
      Instant now) {
    var own = new TaggedLimits(arn, tags, Origin.SESSION_TAG);
    own.max.values().removeIf(limit -> limit == 0);
    max.forEach(
        (rule, limit) -> {
          if (own.max.merge(rule, limit, Math::min).equals(limit)) {
            own.origins.put(rule, setBy(rule));
          }
        });
    var asked = own.exemptUntil;
    var until = asked;
    if (until != null && until.isAfter(now.plus(maxExempt))) {
      until = start == null ? null : start.plus(maxExempt);
    }
    if (exemptUntil != null && (until == null || until.isBefore(exemptUntil))) {
      until = exemptUntil;
    }
    var isOwn = asked != null && !asked.equals(exemptUntil);
    var percent = Math.min(own.warnAtPercent, warnAtPercent);
    return own.limits(mode, percent, until, isOwn ? asked : null);
  }

  private final class TaggedLimits {
    private final List<InvalidTag> invalid = new ArrayList<>(invalidTags);
    private final Map<Rule, Double> max = new HashMap<>(max());
    private final Map<Rule, Origin> origins = new EnumMap<>(Rule.class);
    private final Map<Rule, RecordedWarning> warnings = new EnumMap<>(Rule.class);
    private final Origin origin;
    private Mode mode = mode();
    private int warnAtPercent = warnAtPercent();
    private @Nullable Instant exemptUntil = exemptUntil();

    TaggedLimits(String arn, Map<String, String> tags, Origin origin) {
      this.origin = origin;
      origins.putAll(origins());
      var names = new HashSet<String>();
      // Sorted, so that of two keys that differ in case only, the same one is always rejected.
      new TreeMap<>(tags)
          .forEach(
              (key, value) -> {
                if (isOurs(key)) {
                  var name = key.substring(PREFIX.length()).toLowerCase(Locale.ROOT);
                  var isFirst = names.add(name) || name.startsWith(RecordedWarning.NAME);
                  var accepted = isFirst ? parse(name, value.strip()) : Optional.of(ONCE);
                  accepted.ifPresent(it -> invalid.add(new InvalidTag(arn, key, value, it)));
                }
              });
    }

    /** What would be accepted instead of the value; empty if it is accepted. */
    private Optional<String> parse(String name, String value) {
      if (name.startsWith(RecordedWarning.NAME)) {
        // The guard's own memory. What cannot be read is ignored, and so is a workgroup's.
        Rule.of(name.substring(RecordedWarning.NAME.length()))
            .filter(_ -> origin == Origin.SESSION_TAG)
            .ifPresent(it -> RecordedWarning.parse(value).ifPresent(w -> warnings.put(it, w)));
        return Optional.empty();
      }
      var rule = Rule.of(name);
      if (rule.isPresent()) {
        var limit = matching("[0-9]{1,9}(\\.[0-9]{1,6})?", value).map(Double::valueOf);
        var accepted = "a number such as 120 or 1.5, without a unit; 0 for no limit";
        limit.ifPresent(_ -> origins.put(rule.get(), origin));
        return set(limit, it -> max.put(rule.get(), it), accepted);
      }
      var percent = matching("[1-9][0-9]?|100", value).map(Integer::valueOf);
      var accepted = "an instant such as 2030-01-31T18:00:00Z";
      return switch (name) {
        case "mode" -> set(Mode.of(value), it -> mode = it, "off, observe or enforce");
        case "warn-at-percent" ->
            set(percent, it -> warnAtPercent = it, "a whole number from 1 to 100");
        case "exempt-until" -> set(Instants.parse(value), it -> exemptUntil = it, accepted);
        // A name is mistyped as easily as a value.
        default -> Optional.of("one of mode, warn-at-percent, exempt-until and the limits' names");
      };
    }

    private static Optional<String> matching(String pattern, String value) {
      return Optional.of(value).filter(it -> it.matches(pattern));
    }

    private static <T> Optional<String> set(
        Optional<T> parsed, Consumer<T> field, String accepted) {
      parsed.ifPresent(field);
      return parsed.isPresent() ? Optional.empty() : Optional.of(accepted);
    }

    Limits limits(Mode wanted, int percent, @Nullable Instant until, @Nullable Instant asked) {
      var bound = invalid.isEmpty() || wanted == Mode.OFF ? wanted : Mode.OBSERVE;
      return new Limits(bound, max, percent, until, invalid, origins, asked, warnings);
    }
  }
}
