package io.github.calculationguard.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.calculationguard.guard.Inventory;
import io.github.calculationguard.guard.Inventory.Entry;
import io.github.calculationguard.guard.Inventory.Failure;
import io.github.calculationguard.guard.Limits;
import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.Limits.Rule;
import io.github.calculationguard.report.WidgetPage.Actions;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.spark.CalculationState;
import io.github.calculationguard.spark.Session;
import io.github.calculationguard.spark.Session.Executor;
import io.github.calculationguard.spark.SessionId;
import io.github.calculationguard.spark.SessionState;
import io.github.calculationguard.spark.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WidgetPageTest {

  private static final Instant NOW = Instant.parse("2026-11-22T09:30:05Z");
  private static final AccountRegion PLACE = new AccountRegion("aws", "us-east-1", "123456789012");
  private static final String STOP =
      "arn:aws:lambda:us-east-1:123456789012:function:guard-StopFunction:live";
  private static final String WIDGET =
      "arn:aws:lambda:us-east-1:123456789012:function:guard-WidgetFunction";
  private static final Actions ACTIONS = new Actions(STOP, false, null);
  private static final Actions NO_ACTIONS = new Actions(null, true, null);
  private static final Limits LIMITS =
      new Limits(
          Mode.ENFORCE,
          Map.of(Rule.MAX_CALCULATION_MINUTES, 120.0, Rule.MAX_SESSION_IDLE_MINUTES, 60.0),
          80);

  private static Session session(
      String id, String state, @Nullable Integer maxDpus, @Nullable Duration dpuTime) {
    return new Session(
        new SessionId(id),
        "etl",
        new SessionState(state),
        "A notebook",
        "PySpark engine version 3",
        NOW.minus(Duration.ofHours(4)),
        state.equals("IDLE") ? NOW.minus(Duration.ofMinutes(45)) : null,
        null,
        maxDpus,
        dpuTime,
        null);
  }

  private static Calculation calculation(String id, String description, Duration age) {
    return new Calculation(
        new CalculationId(id),
        new SessionId("session-of-" + id),
        new CalculationState("RUNNING"),
        description,
        NOW.minus(age),
        null,
        null,
        Calculation.NO_OUTPUT);
  }

  private static Entry idle(String id, @Nullable Integer maxDpus, @Nullable Duration dpuTime) {
    var session = session(id, "IDLE", maxDpus, dpuTime);
    return new Entry(new Snapshot(null, session, "ines", List.of(), NOW), List.of(), LIMITS);
  }

  private static Entry busy(Calculation calculation, Limits limits) {
    var session = session("1234567890", "BUSY", 20, Duration.ofHours(30));
    var executor = new Executor(10, NOW.minus(Duration.ofHours(3)), null);
    var owner = "team \"data\" & <co>";
    return new Entry(
        new Snapshot(null, session, owner, List.of(executor), NOW), List.of(calculation), limits);
  }

  private static Inventory inventory(int workGroups, List<Entry> entries, List<Failure> failures) {
    return new Inventory(
        PLACE,
        NOW.minusSeconds(2),
        NOW,
        workGroups,
        workGroups,
        entries.size(),
        0,
        entries,
        new LinkedHashMap<>(),
        failures);
  }

  private static String page(List<Entry> entries, Failure... failures) {
    return new WidgetPage(inventory(3, entries, List.of(failures)), 0.5, ACTIONS, false).html();
  }

  /** What a reader reads, a line for each element. */
  private static String text(String page) {
    return page.replaceAll("(?s)<style>.*?</style>|<cwdb-action.*?</cwdb-action>", "")
        .replaceAll("</?(b|bdi|span|a)\\b[^>]*>", " ")
        .replaceAll("<[^>]+>", "\n")
        .replaceAll(" +", " ")
        .replaceAll("\n\\s*", "\n");
  }

  @Test
  void saysThatNothingRuns() {
    assertThat(text(page(List.of())))
        .contains("Nothing is running.")
        .contains("Cost so far\n0.00 USD")
        .contains("3 workgroups");
    assertThat(
            text(
                page(
                    List.of(),
                    new Failure("the sessions of workgroup", "etl", "AccessDenied: no"))))
        .contains("Nothing is running, but not everything could be read.")
        .contains("the sessions of workgroup etl: AccessDenied: no");
  }

  @Test
  void tellsOfARunningCalculationAllThatCosts() {
    var page =
        page(List.of(busy(calculation("c-1", "Nightly join", Duration.ofMinutes(90)), LIMITS)));

    assertThat(text(page))
        .contains("15.00 USD 5.00 USD an hour")
        .contains("30.0 DPU-hours REPORTED")
        .contains("Nightly join")
        .contains("etl · 12345678… · team &quot;data&quot; &amp; ‹co›")
        .contains("RUNNING for 1 h 30 min")
        .contains("running for 1 h 30 min of 2 h");
    assertThat(page)
        .contains("title=\"session 1234567890, calculation c-1\"")
        .contains("style=\"width:75%\"")
        .contains("cg-fine");
  }

  @Test
  void makesAButtonOfTheElementBeforeTheAction() {
    var page =
        page(List.of(busy(calculation("c-1", "Nightly \"join\"", Duration.ofMinutes(90)), LIMITS)));

    assertThat(page)
        .contains(
            "<a class=\"btn cg-button\">Stop</a><cwdb-action action=\"call\" display=\"popup\""
                + " confirmation=\"Stop the calculation c-1 in workgroup etl, &quot;Nightly &#x27;join&#x27;&quot;?"
                + " What it has not written yet is lost. Its session stays open.\" endpoint=\""
                + STOP
                + "\">{\"calculationExecutionId\":\"c-1\"}</cwdb-action>");
  }

  private static Entry session(String state, String engineVersion, Limits limits) {
    var session =
        new Session(
            new SessionId("s-1"),
            "etl",
            new SessionState(state),
            "A \"notebook\"",
            engineVersion,
            NOW.minus(Duration.ofHours(4)),
            NOW.minus(Duration.ofMinutes(45)),
            null,
            8,
            null,
            null);
    return new Entry(new Snapshot(null, session, null, List.of(), NOW), List.of(), limits);
  }

  private static String page(Entry entry, Actions actions) {
    return new WidgetPage(inventory(1, List.of(entry), List.of()), 0.5, actions, false).html();
  }

  @ParameterizedTest
  @CsvSource({
    "IDLE, PySpark engine version 3, true",
    "DEGRADED, PySpark engine version 3, true",
    "BUSY, PySpark engine version 3, false",
    "CREATED, PySpark engine version 3, false",
    "BUSY, Apache Spark version 3.5, true",
    "CREATED, Apache Spark version 3.5, true",
    "IDLE, Apache Spark version 3.5, true",
  })
  void endsASessionInWhichNoCalculationCanBeStopped(
      String state, String engineVersion, boolean ends) {
    var page = page(session(state, engineVersion, LIMITS), new Actions(STOP, true, null));
    var button =
        "<a class=\"btn cg-button\">End session</a><cwdb-action action=\"call\" display=\"popup\""
            + " confirmation=\"End the session s-1 in workgroup etl, &quot;A &#x27;notebook&#x27;&quot;?"
            + " What runs in it stops, and what is only in its memory is lost."
            + " That saves at most 4.00 USD an hour.\" endpoint=\""
            + STOP
            + "\">{\"sessionId\":\"s-1\",\"endSession\":true}</cwdb-action>";

    assertThat(page.contains(button)).isEqualTo(ends);
    assertThat(page.contains("<cwdb-action")).isEqualTo(ends);
    assertThat(page(session(state, engineVersion, LIMITS), ACTIONS)).doesNotContain("<cwdb-action");
    assertThat(page(session(state, engineVersion, LIMITS), NO_ACTIONS))
        .doesNotContain("<cwdb-action");
  }

  @Test
  void keepsTheStopButtonOfACalculationWhereItMayEndSessions() {
    var running = busy(calculation("c-1", "Nightly join", Duration.ofMinutes(90)), LIMITS);

    assertThat(page(running, new Actions(STOP, true, null)))
        .contains("{\"calculationExecutionId\":\"c-1\"}")
        .doesNotContain("End session");
  }

  @ParameterizedTest
  @CsvSource({
    "ENFORCE, 3, false, the guard may not end it: Escalation is NONE",
    "OBSERVE, 3, false, only observed; the guard may not end it: Escalation is NONE",
    "OBSERVE, 3, true, only observed",
    "ENFORCE, 3, true, ''",
    "ENFORCE, 5, false, ''",
  })
  void saysWhatIsMissingToEndASessionOverItsLimit(
      Mode mode, double hours, boolean mayTerminate, String note) {
    var limits = new Limits(mode, Map.of(Rule.MAX_SESSION_HOURS, hours), 80);
    var text =
        text(
            page(
                session("BUSY", "Apache Spark 3.5", limits),
                new Actions(STOP, mayTerminate, null)));

    assertThat(text).contains("open for 4 h of").contains(note);
    assertThat(text.contains("Escalation")).isEqualTo(note.contains("Escalation"));
  }

  @Test
  void asksItsOwnFunctionForTheSparkUi() {
    assertThat(page(idle("s-1", 8, null), new Actions(null, false, WIDGET)))
        .contains(
            "<a class=\"cg-link\">Spark UI</a><cwdb-action action=\"call\" display=\"popup\" endpoint=\""
                + WIDGET
                + "\">{\"sparkUi\":\"s-1\"}</cwdb-action>");
  }

  @Test
  void hasNoButtonWhereNothingRunsOrNoneIsWanted() {
    var running = busy(calculation("c-1", "Nightly join", Duration.ofMinutes(90)), LIMITS);
    var without =
        new WidgetPage(inventory(1, List.of(running), List.of()), 0.5, NO_ACTIONS, false).html();

    assertThat(without).doesNotContain("<cwdb-action").doesNotContain("Stop");
    assertThat(page(List.of(idle("s-1", 8, null)))).doesNotContain("<cwdb-action");
  }

  @Test
  void addsUpWhatIsKnownAndSaysWhatIsNot() {
    var reported = idle("s-1", 8, Duration.ofHours(10));
    var atMost = idle("s-2", 8, null);
    var unknown = idle("s-3", null, null);

    assertThat(text(page(List.of(atMost, reported, unknown))))
        .contains(
            "Cost so far\n21.00 USD\n16.00 USD of it is an upper bound; without 1 session of unknown cost")
        .contains("Cost an hour from now on\n8.00 USD\n8.00 USD of it is an upper bound; without 1")
        .contains("Active sessions\n3\n3 idle")
        .contains("at most 16.00 USD at most 4.00 USD an hour")
        .contains("32.0 DPU-hours UPPER_BOUND")
        .contains("at most 10000.00 USD at most 2500.00 USD an hour")
        .contains("20000.0 DPU-hours UPPER_BOUND")
        .contains("idle for 45 min of 1 h");
  }

  @ParameterizedTest
  @CsvSource({"95, fine, 79", "96, near, 80", "120, near, 100", "121, over, 100"})
  void coloursTheBarByTheLimit(int minutes, String mood, int width) {
    assertThat(page(List.of(busy(calculation("c-1", "x", Duration.ofMinutes(minutes)), LIMITS))))
        .contains("class=\"cg-%s\" style=\"width:%d%%\"".formatted(mood, width));
  }

  @Test
  void saysWhyNothingIsStopped() {
    var calculation = calculation("c-1", "x", Duration.ofMinutes(130));
    var off = new Limits(Mode.OFF, LIMITS.max(), 80);
    var observed = new Limits(Mode.OBSERVE, LIMITS.max(), 80);
    var exempt =
        LIMITS.withWorkGroupTags(
            "arn", Map.of("calculation-guard:exempt-until", "2026-11-22T10:00:00Z"));

    assertThat(text(page(List.of(busy(calculation, off)))))
        .contains("not guarded: the mode is off");
    assertThat(text(page(List.of(busy(calculation, observed))))).contains("only observed");
    assertThat(text(page(List.of(busy(calculation, exempt)))))
        .contains("exempt until 2026-11-22 10:00:00 UTC");
  }

  @Test
  void showsFiveHundredRowsAndSaysWhatWasCut() {
    var entries =
        IntStream.range(0, 510)
            .mapToObj(i -> idle("s-" + i, 8, Duration.ofHours(550 - i)))
            .toList();

    assertThat(page(entries).split("<tr>\n", -1)).hasSize(501);
    // From 50 down to 41 hours, at half a dollar.
    assertThat(text(page(entries)))
        .contains("10 more sessions not shown, which cost less: 227.50 USD so far")
        .contains("Active sessions\n510");
  }

  @Test
  void groupsWhatCouldNotBeReadByItsReason() {
    var failures =
        Stream.concat(
                IntStream.range(0, 5)
                    .mapToObj(i -> new Failure("the nodes of session", "s-" + i, null)),
                Stream.of(
                    new Failure(
                        "the tags of", "etl", "AccessDenied: <b>no</b> https://aws.example")))
            .toArray(Failure[]::new);

    assertThat(text(page(List.of(idle("s-0", 8, null)), failures)))
        .contains("the nodes of session s-0, s-1, s-2 and 2 more: there was no time left")
        .contains("the tags of etl: AccessDenied: ‹b›no‹/b› https[:]//aws[.]example");
  }

  @Test
  void leavesNothingOfAHostileDescriptionAlive() {
    var hostile = "</cwdb-action><script>alert(1)</script>\" onclick='x' & &lt; \u202e{\"a\":1}";
    var page = page(List.of(busy(calculation("c-1", hostile, Duration.ofMinutes(9)), LIMITS)));

    assertThat(page).doesNotContain("<script", "\" onclick", "\u202e").contains("&amp;lt;");
    assertThat(page.split("</cwdb-action>", -1)).hasSize(2);
  }

  @Test
  void wearsTheConsolesTheme() {
    var overview = inventory(1, List.of(), List.of());
    assertThat(new WidgetPage(overview, 1, NO_ACTIONS, true).html())
        .contains("class=\"cg cg-dark ");
    assertThat(new WidgetPage(overview, 1, NO_ACTIONS, false).html()).contains("class=\"cg cwdb");
  }
}
