package io.github.calculationguard.guard;

import static io.github.calculationguard.guard.World.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.guard.SweepReport.Disposition;
import io.github.calculationguard.guard.SweepReport.Judged;
import io.github.calculationguard.spark.AthenaSparkException.DeniedException;
import io.github.calculationguard.spark.SessionId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.statistics.Statistics;
import org.jspecify.annotations.Nullable;

/**
 * The whole chain over random worlds and clocks: near, warned, kept, exempt over, warned again,
 * stopped. A second, simpler reading of the rules says what may be ordered, and what must be.
 */
class WarningPropertyTest {

  private static final double LIMIT = 120;

  /** Of one calculation or session: what the world did to it, as nobody but the test knows. */
  private static final class Truth {
    final String id;
    final SessionId session;
    final Instant submittedAt;
    double limit = LIMIT;
    int percent = 80;
    @Nullable Instant exemptUntil;

    /** Each message that got through, with the limit that it named. */
    final List<Map.Entry<Instant, Double>> messages = new ArrayList<>();

    /** Each time at which an exemption was in force, as intervals. */
    final List<List<Instant>> exemptions = new ArrayList<>();

    boolean isOrdered;

    Truth(String id, SessionId session, Instant submittedAt) {
      this.id = id;
      this.session = session;
      this.submittedAt = submittedAt;
    }

    boolean isExempt(Instant now) {
      return exemptUntil != null && now.isBefore(exemptUntil);
    }

    double minutes(Instant now) {
      return Duration.between(submittedAt, now).toMillis() / 60_000.0;
    }

    boolean isDue() {
      return percent < 100 && limit * percent / 100 >= 10;
    }

    /** Whether a message named this limit, and no exemption was in force since. */
    boolean isWarned(Instant now) {
      return messages.stream()
          .filter(it -> it.getValue() == limit && it.getKey().isBefore(now))
          .anyMatch(it -> exemptions.stream().noneMatch(e -> touches(e, it.getKey(), now)));
    }

    private static boolean touches(List<Instant> exemption, Instant from, Instant to) {
      return exemption.getFirst().isBefore(to) && exemption.getLast().isAfter(from);
    }
  }

  private final List<Truth> truths = new ArrayList<>();
  private Rule rule = Rule.MAX_CALCULATION_MINUTES;

  @Property(tries = 1500)
  void neverStopsWithoutAWarningNorWhileExemptAndAlwaysInTheEnd(@ForAll long seed) {
    truths.clear();
    var random = new Random(seed);
    rule = random.nextBoolean() ? Rule.MAX_CALCULATION_MINUTES : Rule.MAX_SESSION_HOURS;
    var limits = new Limits(Mode.ENFORCE, Map.of(rule, inUnits(LIMIT)), 80);
    var world = new World(World.policy(limits));
    world.workGroup("etl", Map.of());
    for (var number = 1 + random.nextInt(3); number > 0; number--) {
      var age = Duration.ofMinutes(random.nextInt(4) == 0 ? random.nextInt(2000) : 70);
      var session = world.busy("etl", "s-" + number, age.plusMinutes(1), Map.of());
      if (rule == Rule.MAX_SESSION_HOURS) {
        truths.add(new Truth(session.value(), session, START.minus(age.plusMinutes(1))));
        continue;
      }
      for (var more = 1 + random.nextInt(2); more > 0; more--) {
        var id = "c-%d-%d".formatted(number, more);
        var calculation = world.running(session, id, age);
        truths.add(new Truth(calculation.value(), session, START.minus(age)));
      }
    }
    world.disobey();
    var stopped = 0;
    for (var step = 0; step < 25; step++) {
      world.pass(Duration.ofSeconds(60 * (5 + random.nextInt(10)) + random.nextInt(60)));
      change(world, random);
      var isCold = random.nextInt(3) == 0;
      var isMute = random.nextInt(5) == 0;
      var hasNoTags = random.nextInt(5) == 0;
      stopped += sweep(world, isCold, isMute, hasNoTags);
    }
    // From now on nothing goes wrong: what stays over its limit is stopped by the second sweep.
    for (var sweep = 0; sweep < 2; sweep++) {
      world.pass(Duration.ofMinutes(10));
      sweep(world, random.nextBoolean(), false, false);
    }
    var now = world.instant();
    for (var it : truths) {
      if (it.minutes(now) - 20 > it.limit && !wasExempt(it, now.minus(Duration.ofMinutes(20)))) {
        assertThat(it.isOrdered).as("%s is ordered in the end", it.id).isTrue();
      }
    }
    Statistics.collect(stopped > 0 ? "stopped" : "left");
  }

  private double inUnits(double minutes) {
    return rule == Rule.MAX_SESSION_HOURS ? minutes / 60 : minutes;
  }

  private static boolean wasExempt(Truth it, Instant since) {
    return it.exemptions.stream().anyMatch(e -> e.getLast().isAfter(since));
  }

  /** Exemptions begin and end, and limits change. */
  private void change(World world, Random random) {
    var it = truths.get(random.nextInt(truths.size()));
    var sameSession = truths.stream().filter(other -> other.session.equals(it.session)).toList();
    var now = world.instant();
    switch (random.nextInt(10)) {
      case 0 -> {
        var until = now.plus(Duration.ofMinutes(10 + random.nextInt(60)));
        world.tagSession("etl", it.session, "calculation-guard:exempt-until", until.toString());
        sameSession.forEach(
            other -> {
              end(other, now);
              other.exemptUntil = until;
              other.exemptions.add(List.of(now, until));
            });
      }
      case 1 -> {
        // Its end, by an earlier instant: the tag that tells of it stays.
        if (it.isExempt(now)) {
          world.tagSession("etl", it.session, "calculation-guard:exempt-until", now.toString());
          sameSession.forEach(
              other -> {
                end(other, now);
                other.exemptUntil = now;
              });
        }
      }
      case 2 -> {
        var limit = 60 + 30.0 * random.nextInt(6);
        world.workGroup("etl", Map.of("calculation-guard:" + rule, "" + inUnits(limit)));
        truths.forEach(
            other -> {
              other.limit = limit;
              other.percent = 80;
            });
      }
      case 3 -> {
        var percent = List.of(5, 50, 80, 100).get(random.nextInt(4));
        var tags = new HashMap<String, String>();
        tags.put("calculation-guard:warn-at-percent", String.valueOf(percent));
        tags.put("calculation-guard:" + rule, "" + inUnits(it.limit));
        world.workGroup("etl", tags);
        truths.forEach(other -> other.percent = percent);
      }
      default -> {}
    }
  }

  private static void end(Truth it, Instant now) {
    if (it.isExempt(now)) {
      var last = it.exemptions.removeLast();
      it.exemptions.add(List.of(last.getFirst(), now));
    }
  }

  /** One sweep, and what the test knows better. Returns how many it ordered. */
  private int sweep(World world, boolean isCold, boolean isMute, boolean hasNoTags) {
    if (isCold) {
      world.coldStart();
    }
    world.mute(isMute);
    world.refuseTags(hasNoTags ? new DeniedException("not yours", null, null) : null);
    world.ordered.clear();
    var now = world.instant();
    var report = world.sweep();
    assertThat(report.failures()).isEmpty();
    var ordered = new TreeSet<>(world.orderedIds());
    for (var it : truths) {
      var isOver = it.minutes(now) > it.limit;
      if (ordered.contains(it.id)) {
        assertThat(isOver).as("%s is over its limit", it.id).isTrue();
        assertThat(it.isExempt(now)).as("%s is exempt", it.id).isFalse();
        assertThat(!it.isDue() || it.isWarned(now))
            .as("%s was warned of, since no exemption, of the limit %s", it.id, it.limit)
            .isTrue();
        it.isOrdered = true;
      } else if (isOver && !it.isExempt(now)) {
        assertThat(it.isDue()).as("%s is stopped at once: no warning was due", it.id).isTrue();
        assertThat(dispositions(report, it)).as(it.id).containsExactly(Disposition.WARNED);
        // What is neither stopped now nor said to be stopped next would go on for ever.
        assertThat(report.news().judged().stream().map(j -> j.snapshot().id())).contains(it.id);
      }
      if (!isMute) {
        report.news().judged().stream()
            .filter(j -> j.snapshot().id().equals(it.id) && j.leadsToStop())
            .forEach(_ -> it.messages.add(Map.entry(now, it.limit)));
      }
    }
    return ordered.size();
  }

  private static List<Disposition> dispositions(SweepReport report, Truth it) {
    return report.judged().stream()
        .filter(judged -> judged.snapshot().id().equals(it.id))
        .map(Judged::disposition)
        .filter(disposition -> disposition != Disposition.NOT_EXEMPT)
        .toList();
  }
}
