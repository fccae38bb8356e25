package io.github.calculationguard.guard;

import static io.github.calculationguard.guard.World.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Session.Executor;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.statistics.Statistics;
import org.jspecify.annotations.Nullable;

/**
 * Judges random worlds, and compares what is ordered with what a second, simpler reading of the
 * limits says.
 */
class SweepPropertyTest {

  private static final String PREFIX = "calculation-guard:";

  /** What stands in the world: the truth, before anybody looks at it. */
  private record Truth(
      Map<String, String> workGroupTags,
      Map<String, String> sessionTags,
      Session session,
      List<Executor> executors,
      List<Calculation> calculations) {}

  private static final class Draw {
    private final Random random;

    Draw(long seed) {
      random = new Random(seed);
    }

    boolean oneIn(int n) {
      return random.nextInt(n) == 0;
    }

    int upTo(int n) {
      return random.nextInt(n + 1);
    }

    <T> T of(List<T> values) {
      return values.get(random.nextInt(values.size()));
    }

    /** Often just at a limit of some round number of minutes. */
    Duration time() {
      var round = Duration.ofMinutes(of(List.of(0, 5, 24, 30, 48, 60, 96, 120, 240, 600, 3000)));
      return round.plusMillis(of(List.of(0, 0, 1, 59_999, 1_000_000)));
    }

    Map<Rule, Double> limits() {
      var limits = new HashMap<Rule, Double>();
      for (var rule : Rule.values()) {
        if (oneIn(2)) {
          limits.put(rule, of(List.of(0.0, 0.5, 1.0, 30.0, 60.0, 120.0)));
        }
      }
      return limits;
    }

    Map<String, String> tags() {
      var tags = new HashMap<String, String>();
      if (oneIn(3)) {
        limits().forEach((rule, limit) -> tags.put(PREFIX + rule, limit.toString()));
      }
      if (oneIn(4)) {
        tags.put(PREFIX + "mode", of(List.of("off", "observe", "enforce")));
      }
      if (oneIn(6)) {
        tags.put(
            PREFIX + "exempt-until",
            START.plus(Duration.ofHours(of(List.of(-1, 1, 24, 25, 9000)))).toString());
      }
      if (oneIn(12)) {
        tags.put(PREFIX + of(List.of("max-session-hours", "warn-at-percent", "exmept")), "9h");
      }
      return tags;
    }

    Truth session(String workGroup, Map<String, String> workGroupTags, String id) {
      var started = oneIn(20) ? null : START.minus(time());
      var state = of(List.of("IDLE", "IDLE", "BUSY", "BUSY", "BUSY", "DEGRADED", "CREATING"));
      var maxDpus = 9 + upTo(60);
      var session =
          World.session(
              id,
              workGroup,
              state,
              started,
              state.equals("IDLE") ? START.minus(time()) : null,
              oneIn(20) ? null : Integer.valueOf(maxDpus),
              reported(started, maxDpus));
      // Three nodes of three DPUs are never more than the session may hold.
      var nodes = new ArrayList<Executor>();
      for (var node = upTo(3); node > 0 && started != null; node--) {
        nodes.add(new Executor(1 + upTo(2), later(started, time()), oneIn(3) ? START : null));
      }
      var calculations = new ArrayList<Calculation>();
      if (state.equals("BUSY") || (state.equals("DEGRADED") && oneIn(2))) {
        // A calculation is no older than its session.
        var submitted =
            oneIn(20) ? null : started == null ? START.minus(time()) : later(started, time());
        calculations.add(
            World.calculation(
                "c-of-" + id,
                session.id(),
                of(List.of("RUNNING", "RUNNING", "QUEUED", "CANCELING")),
                submitted,
                reported(submitted == null ? session.startedAt() : submitted, maxDpus)));
      }
      return new Truth(workGroupTags, tags(), session, nodes, calculations);
    }

    /** Never more than the session may hold, for as long as it took. */
    private @Nullable Duration reported(@Nullable Instant since, int maxDpus) {
      if (oneIn(2)) {
        return null;
      }
      return since == null
          ? time()
          : Duration.between(since, START).multipliedBy((long) upTo(100) * maxDpus).dividedBy(100);
    }

    private static Instant later(Instant started, Duration ago) {
      var submitted = START.minus(ago);
      return submitted.isBefore(started) ? started : submitted;
    }
  }

  @Property(tries = 3000)
  void ordersAllThatIsOverItsLimitsAndNothingElse(@ForAll long seed) {
    var draw = new Draw(seed);
    var parameters = new Limits(draw.oneIn(3) ? Mode.OBSERVE : Mode.ENFORCE, draw.limits(), 100);
    var mayTerminate = draw.oneIn(2);
    var maxActions = 1 + draw.upTo(4);
    var world = new World(World.policy(parameters, mayTerminate, maxActions));
    var truths = truths(draw, world);
    var over = over(truths, parameters, mayTerminate);

    var sweeps = (over.size() + maxActions - 1) / maxActions;
    for (var sweep = 0; sweep < sweeps; sweep++) {
      var before = world.ordered.size();
      assertThat(world.sweep().failures()).isEmpty();
      assertThat(world.ordered.size() - before).isLessThanOrEqualTo(maxActions);
    }

    assertThat(world.orderedIds())
        .as("%s of %s", parameters, truths)
        .containsExactlyInAnyOrderElementsOf(over);
    Statistics.collect(over.isEmpty() ? "nothing over" : "something over");
  }

  private static List<Truth> truths(Draw draw, World world) {
    var truths = new ArrayList<Truth>();
    for (var workGroup = draw.upTo(3); workGroup >= 0; workGroup--) {
      var name = "wg-" + workGroup;
      var tags = draw.tags();
      world.workGroup(name, tags);
      for (var number = draw.upTo(5); number > 0; number--) {
        var truth = draw.session(name, tags, name + "-s-" + number);
        truths.add(truth);
        world.athena.put(truth.session(), truth.sessionTags(), truth.executors());
        truth.calculations().forEach(world.athena::put);
      }
    }
    return truths;
  }

  private static Set<String> over(List<Truth> truths, Limits parameters, boolean mayTerminate) {
    return truths.stream()
        .flatMap(it -> over(it, parameters, mayTerminate).stream())
        .collect(Collectors.toSet());
  }

  /** The ids of what is to be ordered. */
  private static Set<String> over(Truth truth, Limits parameters, boolean mayTerminate) {
    var session = truth.session();
    var id = session.id().value();
    if (isProtected(truth, parameters)) {
      return Set.of();
    }
    var isIdle = session.state().name().equals("IDLE");
    var idle = isIdle ? between(session.idleSince()) : null;
    var age = between(session.startedAt());
    if (mayTerminate
        && (isOver(truth, parameters, Rule.MAX_SESSION_IDLE_MINUTES, minutes(idle))
            || isOver(truth, parameters, Rule.MAX_SESSION_HOURS, hours(age))
            || isOver(
                truth,
                parameters,
                Rule.MAX_SESSION_DPU_HOURS,
                used(session.dpuTime(), session.startedAt(), truth.executors())))) {
      return Set.of(id);
    }
    var over = new HashSet<String>();
    for (var calculation : truth.calculations()) {
      if (isOver(
              truth,
              parameters,
              Rule.MAX_CALCULATION_MINUTES,
              minutes(between(calculation.submittedAt())))
          || isOver(
              truth,
              parameters,
              Rule.MAX_CALCULATION_DPU_HOURS,
              used(calculation.dpuTime(), calculation.submittedAt(), truth.executors()))) {
        over.add(calculation.id().value());
      }
    }
    return over;
  }

  private static boolean isProtected(Truth truth, Limits parameters) {
    var mode =
        truth
            .workGroupTags()
            .getOrDefault(PREFIX + "mode", parameters.mode().name())
            .toLowerCase(java.util.Locale.ROOT);
    var until = truth.workGroupTags().get(PREFIX + "exempt-until");
    var own = truth.sessionTags().get(PREFIX + "exempt-until");
    var started = truth.session().startedAt();
    var isOwnExempt =
        own != null
            && Instant.parse(own).isAfter(START)
            && (!Instant.parse(own).isAfter(START.plus(Duration.ofHours(24)))
                || (started != null && started.isAfter(START.minus(Duration.ofHours(24)))));
    return !mode.equals("enforce")
        || (until != null && Instant.parse(until).isAfter(START))
        || isOwnExempt
        || truth.workGroupTags().containsValue("9h")
        || truth.sessionTags().containsValue("9h");
  }

  private static boolean isOver(
      Truth truth, Limits parameters, Rule rule, @Nullable Double observed) {
    var limit =
        Double.parseDouble(
            truth
                .workGroupTags()
                .getOrDefault(PREFIX + rule, parameters.max().getOrDefault(rule, 0.0).toString()));
    var own = Double.parseDouble(truth.sessionTags().getOrDefault(PREFIX + rule, "0"));
    if (own > 0 && (limit == 0 || own < limit)) {
      limit = own;
    }
    return observed != null && limit > 0 && observed > limit;
  }

  /** What is certain of what was used. */
  private static @Nullable Double used(
      @Nullable Duration reported, @Nullable Instant since, List<Executor> nodes) {
    if (reported != null && !reported.isZero()) {
      return hours(reported);
    }
    if (since == null || nodes.isEmpty()) {
      return null;
    }
    var used = 0.0;
    for (var node : nodes) {
      var from = node.startedAt().isAfter(since) ? node.startedAt() : since;
      used += node.dpus() * Duration.between(from, START).toMillis() / 3_600_000;
    }
    return used;
  }

  private static @Nullable Duration between(@Nullable Instant since) {
    return since == null ? null : Duration.between(since, START);
  }

  private static @Nullable Double minutes(@Nullable Duration duration) {
    return duration == null ? null : Double.valueOf(duration.toMillis() / 60_000.0);
  }

  private static @Nullable Double hours(@Nullable Duration duration) {
    return duration == null ? null : Double.valueOf(duration.toMillis() / 3_600_000.0);
  }

  @Property(tries = 500)
  void ordersNothingWhereItObserves(@ForAll long seed) {
    var draw = new Draw(seed);
    var world =
        new World(World.policy(new Limits(Mode.OBSERVE, draw.limits(), 80), draw.oneIn(2), 10));
    var observed = new HashMap<String, String>(Map.of(PREFIX + "mode", "observe"));
    var truths = truths(draw, world);
    truths.forEach(
        truth ->
            world.workGroup(
                truth.session().workGroup(), draw.oneIn(2) ? observed : Map.of("owner", "nobody")));

    world.sweep();

    assertThat(world.ordered).isEmpty();
  }

  @Property(tries = 500)
  void judgesTheSameWhateverItRemembers(@ForAll long seed) {
    var draw = new Draw(seed);
    var policy = World.policy(new Limits(Mode.ENFORCE, draw.limits(), 100), true, 1000);
    var warm = new World(policy);
    warm.disobey();
    truths(draw, warm);
    var step = draw.time();
    warm.sweep();
    warm.pass(step);
    warm.ordered.clear();
    warm.sweep();

    var sameDraw = new Draw(seed);
    sameDraw.limits();
    var cold = new World(policy);
    cold.disobey();
    truths(sameDraw, cold);
    cold.pass(step);
    cold.sweep();

    assertThat(warm.orderedIds()).containsExactlyInAnyOrderElementsOf(cold.orderedIds());
  }
}
