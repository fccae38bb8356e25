package io.github.calculationguard.lambda;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.athenasparklocal.HandClock;
import io.github.calculationguard.guard.Inventory;
import io.github.calculationguard.guard.InventoryReader;
import io.github.calculationguard.guard.Limits;
import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.guard.PageReader;
import io.github.calculationguard.guard.RateLimiter;
import io.github.calculationguard.guard.Sweep;
import io.github.calculationguard.guard.SweepReport;
import io.github.calculationguard.report.InvocationInfo;
import io.github.calculationguard.report.Json;
import io.github.calculationguard.report.SweepRecord;
import io.github.calculationguard.report.WidgetPage;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.CalculationState;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.FakeAthenaSpark;
import io.github.calculationguard.spark.Instants;
import io.github.calculationguard.spark.InternalBus.Event;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Session.Executor;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.spark.SessionState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Accounts with tags, texts, states, instants and numbers from the edges of what is accepted: the
 * sweep, its log, its message, its findings and the page survive them all.
 */
class SweepFuzzTest {

  private static final Instant NOW = Instant.parse("2026-11-22T09:30:05Z");
  private static final AccountRegion PLACE = new AccountRegion("aws", "us-east-1", "123456789012");
  private static final List<String> NAMES =
      List.of(
          "mode",
          "max-calculation-minutes",
          "max-calculation-dpu-hours",
          "max-session-idle-minutes",
          "max-session-hours",
          "max-session-dpu-hours",
          "warn-at-percent",
          "warned-max-session-hours",
          "warned-max-calculation-minutes",
          "exempt-until",
          "");
  private static final List<String> VALUES =
      List.of(
          "",
          " ",
          "0",
          "0.000001",
          "999999999.999999",
          "1000000000",
          "1e9",
          "-0",
          "NaN",
          "Infinity",
          "1",
          "100",
          "101",
          "off",
          "OBSERVE",
          "Enforce",
          "2026-11-22T09:30:05Z",
          "2026-11-22T09:30:05.000000001Z",
          "2026-11-23T09:30:05Z",
          "2000-01-01T00:00:00Z",
          "1999-12-31T23:59:59.999999999Z",
          "9999-12-30T23:59:59.999999999Z",
          "9999-12-31T23:59:59Z",
          "+999999999-12-31T23:59:59-18:00",
          "-999999999-01-01T00:00:00+18:00",
          "+1000000000-12-31T23:59:59Z",
          "\u0663",
          "\ud800",
          "\u202e<!channel>\n\u0000",
          "x".repeat(256));
  private static final List<Instant> INSTANTS =
      List.of(
          Instant.MIN,
          Instant.MAX,
          Instant.EPOCH,
          Instants.FIRST,
          NOW.minusNanos(1),
          NOW,
          NOW.plusNanos(1),
          NOW.plus(Duration.ofDays(400)),
          NOW.minus(Duration.ofMinutes(59)),
          NOW.minus(Duration.ofHours(2)),
          NOW.minus(Duration.ofDays(9000)),
          Instant.parse("9999-12-30T23:59:59.999999999Z"),
          Instant.parse("9999-12-31T00:00:00Z"));
  private static final List<Duration> DPU_TIMES =
      List.of(
          Duration.ZERO,
          Duration.ofMillis(1),
          Duration.ofHours(12),
          Duration.ofMillis(Long.MAX_VALUE),
          Duration.ofMillis(-1),
          Duration.ofMillis(Long.MIN_VALUE));
  private static final List<String> STATES =
      List.of("IDLE", "BUSY", "BUSY", "DEGRADED", "CREATING", "TERMINATED", "", "\ud800<b>");
  private static final List<String> ENGINES =
      List.of("PySpark engine version 3", "Apache Spark version 3.5", "Spark 99999.99999", "");

  private final Random random = new Random(Long.getLong("fuzz.seed", 20_261_122));
  private final Map<String, Integer> outcomes = new TreeMap<>();

  @Test
  void survivesThreeThousandAccounts() {
    for (var account = 0; account < 3000; account++) {
      sweep();
    }
    assertThat(outcomes.keySet())
        .as("reaches what it is to break")
        .contains("ORDERED", "HELD_BACK", "OBSERVED", "WARNED", "EXEMPT", "LEFT", "invalid tag");
  }

  private void sweep() {
    var athena = account();
    var policy =
        new Sweep.Policy(
            new Inventory.Scope("*", limits(), Duration.ofHours(of(0, 24, 1000)), "owner"),
            random.nextBoolean(),
            of(1, 2, 1000),
            of(0.0, 0.35, 100.0));
    var findings = new ArrayList<Event>();
    var sweep =
        new Sweep(
            athena,
            new RateLimiter(1, 1, () -> NOW, _ -> {}),
            (some, _) -> {
              findings.addAll(some);
              return Map.of();
            },
            (_, _, _, _) -> {},
            () -> NOW,
            policy);
    var deadline = new Deadline(NOW.plusSeconds(600));
    for (var again = 0; again < 2; again++) {
      check(sweep.run(PLACE, deadline));
    }
    findings.forEach(SweepFuzzTest::check);
    var reader = new InventoryReader(athena, () -> NOW, policy.scope());
    var limiter = new RateLimiter(5, PageReader.BURST, () -> NOW, _ -> {});
    var inventory = new PageReader(reader, limiter).read(PLACE, deadline);
    var page =
        new WidgetPage(
                inventory,
                policy.usdPerDpuHour(),
                new WidgetPage.Actions(null, policy.mayTerminate(), null),
                true)
            .html();
    assertThat(page).doesNotContain("<b>>").doesNotContain("<!channel>").doesNotContain("\u202e");
  }

  private void check(SweepReport report) {
    assertThat(report.failures()).isEmpty();
    report.judged().forEach(it -> outcomes.merge(it.disposition().name(), 1, Integer::sum));
    report
        .inventory()
        .invalidTags()
        .keySet()
        .forEach(_ -> outcomes.merge("invalid tag", 1, Integer::sum));
    var invocation = new InvocationInfo("0", "request-1", false, report.policy().usdPerDpuHour());
    var record = new SweepRecord(report, invocation, "guard");
    var lines = record.lines();
    lines.addAll(record.findings().values());
    for (var line : lines) {
      var json = Json.line(line.fields());
      assertThat(json).matches("[ -~]+");
      GuardedWorld.json(json);
    }
    for (var part : report.notifications()) {
      var message = new SweepRecord(part, invocation, "guard").notification();
      assertThat(message.subject()).matches("[!-~][ -~]{0,98}");
      GuardedWorld.json(message.chat());
      GuardedWorld.json(message.queue());
      assertThat(message.attributes().values())
          .allMatch(it -> it instanceof String text && text.matches("[ -~]{1,256}"));
    }
  }

  private static void check(Event finding) {
    var detail = GuardedWorld.json(Json.line(finding.detail()));
    assertThat(detail.get("limit")).isInstanceOf(Number.class);
    assertThat(detail.get("observed")).isInstanceOf(Number.class);
    assertThat(Instants.parse(String.valueOf(detail.get("expiresAt")))).isPresent();
    var idleSince = (String) detail.get("onlyIfIdleSince");
    assertThat(idleSince == null || Instants.parse(idleSince).isPresent()).isTrue();
  }

  // Accounts

  @SafeVarargs
  private <T> T of(T... values) {
    return values[random.nextInt(values.length)];
  }

  private <T> T of(List<T> values) {
    return values.get(random.nextInt(values.size()));
  }

  private <T> @Nullable T orNull(List<T> values) {
    return random.nextInt(6) == 0 ? null : of(values);
  }

  private Limits limits() {
    var max = new HashMap<Rule, Double>();
    for (var rule : Rule.values()) {
      max.put(rule, of(0.0, 0.000001, 1.0, 60.0, 100_000.0, 999_999_999.0, Double.MAX_VALUE));
    }
    return new Limits(of(Mode.ENFORCE, Mode.ENFORCE, Mode.OBSERVE), max, of(1, 80, 100));
  }

  private Map<String, String> tags() {
    var tags = new HashMap<String, String>();
    for (var count = random.nextInt(3); count > 0; count--) {
      tags.put(of("calculation-guard:", "Calculation-Guard:") + of(NAMES), of(VALUES));
    }
    if (random.nextBoolean()) {
      tags.put("Owner", of(VALUES));
    }
    return tags;
  }

  private FakeAthenaSpark account() {
    var athena = new FakeAthenaSpark(PLACE, new HandClock(NOW));
    for (var group : List.of("etl", "ml")) {
      athena.put(new WorkGroup(group), random.nextBoolean() ? Map.of() : tags());
      for (var number = random.nextInt(5); number > 0; number--) {
        var session = session(group + "-" + number, group);
        athena.put(session, tags(), executors());
        for (var calculations = random.nextInt(3); calculations > 0; calculations--) {
          athena.put(calculation("c-" + calculations + "-of-" + session.id(), session.id()));
        }
      }
    }
    return athena;
  }

  private Session session(String id, String group) {
    return new Session(
        new SessionId(id),
        group,
        new SessionState(of(STATES)),
        orNull(VALUES),
        orNull(ENGINES),
        orNull(INSTANTS),
        orNull(INSTANTS),
        orNull(INSTANTS),
        orNull(List.of(0, 1, 20, -1, Integer.MAX_VALUE, Integer.MIN_VALUE)),
        orNull(DPU_TIMES),
        null);
  }

  private Calculation calculation(String id, SessionId session) {
    return new Calculation(
        new CalculationId(id),
        session,
        new CalculationState(of("RUNNING", "RUNNING", "QUEUED", "CANCELING", "STOPPED", "")),
        orNull(VALUES),
        orNull(INSTANTS),
        orNull(INSTANTS),
        orNull(DPU_TIMES),
        Calculation.NO_OUTPUT);
  }

  private List<Executor> executors() {
    var executors = new ArrayList<Executor>();
    for (var count = random.nextInt(3); count > 0; count--) {
      var started = Instants.orNull(of(INSTANTS));
      if (started != null) {
        executors.add(new Executor(of(0.0, 1.0, 9e15), started, Instants.orNull(of(INSTANTS))));
      }
    }
    return executors;
  }
}
