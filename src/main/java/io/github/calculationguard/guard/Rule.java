package io.github.calculationguard.guard;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What can be limited. A rule's name and unit are those of its tag and of its parameter. */
public enum Rule {
  /** Minutes since a calculation was submitted. */
  MAX_CALCULATION_MINUTES(Duration.ofMinutes(1)),
  /** DPU × hours that a calculation used. */
  MAX_CALCULATION_DPU_HOURS(null),
  /** Minutes since a session became idle. */
  MAX_SESSION_IDLE_MINUTES(Duration.ofMinutes(1)),
  /** Hours since a session started. */
  MAX_SESSION_HOURS(Duration.ofHours(1)),
  /** DPU × hours that a session used. */
  MAX_SESSION_DPU_HOURS(null);

  private final @Nullable Duration unit;

  Rule(@Nullable Duration unit) {
    this.unit = unit;
  }

  /** The unit of a rule about time; absent where the rule counts DPU-hours. */
  @Nullable Duration unit() {
    return unit;
  }

  static Optional<Rule> named(String name) {
    return Stream.of(values()).filter(rule -> rule.toString().equals(name)).findFirst();
  }

  /** The rule's name in tags and orders, such as {@code max-calculation-minutes}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
