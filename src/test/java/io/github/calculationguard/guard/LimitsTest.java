package io.github.calculationguard.guard;

import static io.github.calculationguard.guard.Limits.Rule.MAX_CALCULATION_DPU_HOURS;
import static io.github.calculationguard.guard.Limits.Rule.MAX_CALCULATION_MINUTES;
import static io.github.calculationguard.guard.Limits.Rule.MAX_SESSION_HOURS;
import static io.github.calculationguard.guard.Limits.Rule.MAX_SESSION_IDLE_MINUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.calculationguard.guard.Limits.InvalidTag;
import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.Limits.Origin;
import io.github.calculationguard.guard.Limits.Rule;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class LimitsTest {

  private static final String ARN = "arn:aws:athena:eu-central-1:123456789012:workgroup/etl";
  private static final Instant NOW = Instant.parse("2026-11-22T09:00:00Z");
  private static final Instant STARTED = Instant.parse("2026-11-22T06:00:00Z");

  private static Limits tightened(Map<String, String> tags, @Nullable Instant startedAt) {
    return World.DEFAULTS.withSessionTags(ARN, tags, startedAt, Duration.ofHours(24), NOW);
  }

  @Test
  void takesAWorkGroupsTagsForItsOwn() {
    assertThat(
            World.DEFAULTS.withWorkGroupTags(
                ARN,
                Map.of(
                    "calculation-guard:mode", "Observe",
                    "calculation-guard:max-calculation-minutes", "480",
                    "calculation-guard:max-session-idle-minutes", "0",
                    "calculation-guard:max-calculation-dpu-hours", " 12.5 ",
                    "calculation-guard:warn-at-percent", "90",
                    "calculation-guard:exempt-until", "2031-01-01T08:00:00+01:00",
                    "owner", "9h")))
        .isEqualTo(
            new Limits(
                Mode.OBSERVE,
                Map.of(MAX_CALCULATION_MINUTES, 480.0, MAX_CALCULATION_DPU_HOURS, 12.5),
                90,
                Instant.parse("2031-01-01T07:00:00Z"),
                java.util.List.of(),
                Map.of(
                    MAX_CALCULATION_MINUTES,
                    Origin.WORK_GROUP_TAG,
                    MAX_CALCULATION_DPU_HOURS,
                    Origin.WORK_GROUP_TAG),
                null,
                Map.of()));
  }

  @Test
  void takesOnlyWhatIsTighterFromASessionsTags() {
    assertThat(
            tightened(
                Map.of(
                    "calculation-guard:mode", "off",
                    "calculation-guard:max-calculation-minutes", "480",
                    "calculation-guard:max-session-idle-minutes", "15",
                    "calculation-guard:max-session-hours", "8",
                    "calculation-guard:warn-at-percent", "50"),
                STARTED))
        .isEqualTo(
            new Limits(
                Mode.ENFORCE,
                Map.of(
                    MAX_CALCULATION_MINUTES,
                    120.0,
                    MAX_SESSION_IDLE_MINUTES,
                    15.0,
                    MAX_SESSION_HOURS,
                    8.0),
                50,
                null,
                java.util.List.of(),
                Map.of(
                    MAX_SESSION_IDLE_MINUTES,
                    Origin.SESSION_TAG,
                    MAX_SESSION_HOURS,
                    Origin.SESSION_TAG),
                null,
                Map.of()));
  }

  @Test
  void letsASessionSwitchNoLimitOff() {
    assertThat(tightened(Map.of("calculation-guard:max-calculation-minutes", "0"), STARTED))
        .isEqualTo(World.DEFAULTS);
  }

  @ParameterizedTest
  @CsvSource({
    "2026-11-22T09:00:00.001Z, true",
    "2026-11-22T09:00:00Z, false",
    "2026-11-22T08:59:59.999Z, false",
    "2026-11-23T09:00:00Z, true",
  })
  void exemptsASessionUntilTheInstantOfItsTag(String until, boolean exempt) {
    assertThat(tightened(Map.of("calculation-guard:exempt-until", until), STARTED).isExempt(NOW))
        .isEqualTo(exempt);
  }

  @ParameterizedTest
  @CsvSource({
    "2026-11-21T09:00:00.001Z, true",
    "2026-11-21T09:00:00Z, false",
  })
  void countsAnExemptionThatAsksForTooMuchFromTheSessionsStart(Instant startedAt, boolean exempt) {
    var limits =
        tightened(Map.of("calculation-guard:exempt-until", "2099-01-01T00:00:00Z"), startedAt);

    assertThat(limits.isExempt(NOW)).isEqualTo(exempt);
    assertThat(limits.exemptUntil()).isEqualTo(startedAt.plus(Duration.ofHours(24)));
  }

  @Test
  void grantsNoLongExemptionWhereNobodyKnowsWhenTheSessionStarted() {
    assertThat(
            tightened(Map.of("calculation-guard:exempt-until", "2099-01-01T00:00:00Z"), null)
                .isExempt(NOW))
        .isFalse();
  }

  @Test
  void keepsAWorkGroupsExemptionWhateverASessionSays() {
    var exempt =
        World.DEFAULTS.withWorkGroupTags(
            ARN, Map.of("calculation-guard:exempt-until", "2099-01-01T00:00:00Z"));

    assertThat(
            exempt
                .withSessionTags(
                    ARN,
                    Map.of("calculation-guard:exempt-until", "2026-11-22T10:00:00Z"),
                    STARTED,
                    Duration.ofHours(24),
                    NOW)
                .exemptUntil())
        .isEqualTo(Instant.parse("2099-01-01T00:00:00Z"));
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "max-session-hours, 9h",
        "max-session-hours, -1",
        "max-session-hours, ''",
        "max-session-hours, 1e3",
        "max-session-hours, NaN",
        "max-session-hours, '1,5'",
        "max-session-hours, ٣",
        "max-session-hours, 9999999999",
        "warn-at-percent, 0",
        "warn-at-percent, 101",
        "warn-at-percent, 80%",
        "mode, enforced",
        "exempt-until, tomorrow",
        "exempt-until, 2026-11-22",
        "exempt-until, 2026-11-22T18:00:00",
        "exempt-until, +999999999-12-31T23:59:59-18:00",
        "exempt-until, -999999999-01-01T00:00:00+18:00",
        "exempt-until, 1999-12-31T23:59:59Z",
        "max-session-hour, 9",
        "'', 9",
      })
  void observesOnlyWhereATagCantBeRead(String name, String value) {
    var key = "calculation-guard:" + name;
    var tags = Map.of(key, value);

    var ofWorkGroup = World.DEFAULTS.withWorkGroupTags(ARN, tags);
    var ofSession = tightened(tags, STARTED);

    assertThat(ofWorkGroup.invalidTags())
        .singleElement()
        .satisfies(
            tag -> {
              assertThat(tag.arn()).isEqualTo(ARN);
              assertThat(tag.key()).isEqualTo(key);
              assertThat(tag.value()).isEqualTo(value);
            });
    assertThat(ofSession).isEqualTo(ofWorkGroup);
    assertThat(ofWorkGroup.mode()).isEqualTo(Mode.OBSERVE);
    assertThat(ofWorkGroup.max()).isEqualTo(World.DEFAULTS.max());
  }

  @Test
  void observesOnlyWhereTwoTagsDifferInCaseOnly() {
    var tags = Map.of("calculation-guard:mode", "off", "Calculation-Guard:Mode", "enforce");

    var limits = World.DEFAULTS.withWorkGroupTags(ARN, tags);

    assertThat(limits.mode()).isEqualTo(Mode.OBSERVE);
    assertThat(limits.invalidTags()).extracting(InvalidTag::value).containsExactly("off");
  }

  @Test
  void leavesAWorkGroupOffWhateverElseCantBeRead() {
    assertThat(
            World.DEFAULTS
                .withWorkGroupTags(
                    ARN,
                    Map.of(
                        "calculation-guard:mode",
                        "off",
                        "calculation-guard:max-session-hours",
                        "9h"))
                .mode())
        .isEqualTo(Mode.OFF);
  }

  @ParameterizedTest
  @EnumSource
  void knowsEveryRuleByTheNameOfItsTag(Rule rule) {
    assertThat(
            World.DEFAULTS.withWorkGroupTags(ARN, Map.of("Calculation-Guard:" + rule, "7.5")).max())
        .containsEntry(rule, 7.5);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 101})
  void refusesAPercentageThatIsNone(int percent) {
    assertThatThrownBy(() -> new Limits(Mode.OBSERVE, Map.of(), percent))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, Double.NaN})
  void refusesALimitThatIsNone(double limit) {
    assertThatThrownBy(() -> new Limits(Mode.OBSERVE, Map.of(MAX_SESSION_HOURS, limit), 80))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
