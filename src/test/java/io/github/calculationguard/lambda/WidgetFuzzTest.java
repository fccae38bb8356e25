package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.NOW;
import static io.github.calculationguard.lambda.GuardedWorld.json;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.HandClock;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.standin.LocalWorld;
import java.io.StringReader;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import javax.xml.parsers.DocumentBuilderFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

/**
 * The page of accounts whose users chose hostile texts, and whose instants and numbers are at the
 * edges, asked for by events of any shape: nothing unexpected is thrown, and the page is always
 * well-formed and has no markup but its own.
 */
class WidgetFuzzTest {

  private static final String STOP =
      "arn:aws:lambda:us-east-1:123456789012:function:guard-StopFunction:live";
  private static final String WIDGET =
      "arn:aws:lambda:us-east-1:123456789012:function:guard-WidgetFunction";
  private static final List<String> TEXTS =
      List.of(
          "",
          " ",
          "Nightly join",
          "<script>alert(1)</script>",
          "</cwdb-action></td></table><b>",
          "\" onmouseover=\"x\" y='",
          "&lt; &amp;amp; &#0; &nosuch; ]]> <!-- --> <?x?>",
          "{{headline}} {{{rows}}} {{> widget.css}} ${x} %s %n \\u0000",
          "\u0000\u0001\u001b[2J\u007f\u0085\u2028\u2029",
          "\u202eabc\u2066\u200f\u061c",
          "\ud800 \udc00 \ud83d",
          "\ufffe\uffff\ufdd0",
          "😀👩‍👩‍👧‍👦 Zażółć 計算 حساب",
          "evil.ai/login https://evil.zip @here <!channel>",
          "x".repeat(1024),
          "😀".repeat(512));
  private static final List<String> VALUES =
      List.of(
          "off",
          "observe",
          "enforce",
          "0",
          "1",
          "-1",
          "1e308",
          "1e-308",
          "NaN",
          "Infinity",
          "99999999999999999999",
          "0.0000001",
          "2026-11-22T18:00:00Z",
          "+999999999-12-31T23:59:59-18:00",
          "-999999999-01-01T00:00:00+18:00",
          "+1000000000-12-31T23:59:59Z",
          "9999-12-31T23:59:59Z",
          "0000-01-01T00:00:00Z");
  private static final List<String> KEYS =
      List.of(
          "owner",
          "Owner",
          "calculation-guard:mode",
          "calculation-guard:exempt-until",
          "calculation-guard:warn-at-percent",
          "calculation-guard:max-calculation-minutes",
          "calculation-guard:max-calculation-dpu-hours",
          "calculation-guard:max-session-idle-minutes",
          "calculation-guard:max-session-hours",
          "calculation-guard:max-session-dpu-hours",
          "calculation-guard:nonsense");
  private static final List<Instant> INSTANTS =
      List.of(
          NOW,
          NOW.plusMillis(1),
          NOW.minusMillis(1),
          NOW.minus(Duration.ofMinutes(90)),
          NOW.plus(Duration.ofDays(400)),
          Instant.EPOCH,
          Instant.parse("0001-01-01T00:00:00Z"),
          Instant.parse("9999-12-31T23:59:59.999Z"));

  private final Random random = new Random(Long.getLong("fuzz.seed", 20_261_122));

  private <T> T any(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  @Test
  void survivesWhateverStandsInTheAccount() throws Exception {
    var rows = 0;
    var buttons = 0;
    for (var round = 0; round < 30; round++) {
      var clock = new HandClock(NOW);
      try (var world = new LocalWorld(clock)) {
        fill(world.athena().model());
        if (round % 3 == 0) {
          world.athena().faults(_ -> random.nextInt(10) == 0 ? any(FAULTS) : null);
        }
        var page = parsed(answer(world, clock, Map.of()));
        rows += page.getElementsByTagName("td").getLength() / 6;
        buttons += page.getElementsByTagName("cwdb-action").getLength();
      }
    }
    assertThat(rows).as("reaches what it is to break").isGreaterThan(100);
    assertThat(buttons).as("reaches what it is to break").isGreaterThan(20);
  }

  private static final List<Fault> FAULTS =
      List.of(Fault.Refusal.DENIED, Fault.Refusal.INTERNAL_ERROR);

  private void fill(SparkModel model) {
    for (var group = 0; group < 3; group++) {
      model.addWorkGroup("w." + group, SparkModel.PYSPARK_3, tags());
      for (var sessions = random.nextInt(5); sessions > 0; sessions--) {
        var setup =
            SessionSetup.in("w." + group)
                .description(any(TEXTS))
                .maxDpus(any(List.of(1, 8, 20, 1000)))
                .startedAt(any(INSTANTS))
                .tags(tags());
        var session = model.add(random.nextInt(4) == 0 ? setup.unmeasured() : setup);
        for (var calculations = random.nextInt(3); calculations > 0; calculations--) {
          model.add(
              CalculationSetup.in(session)
                  .description(any(TEXTS))
                  .submittedAt(any(INSTANTS))
                  .course(Course.lasting(Duration.ofDays(1_000_000))));
        }
      }
    }
  }

  private Map<String, String> tags() {
    var tags = new HashMap<String, String>();
    for (var count = random.nextInt(5); count > 0; count--) {
      tags.put(any(KEYS), random.nextInt(4) == 0 ? any(TEXTS) : any(VALUES));
    }
    return tags;
  }

  @Test
  void survivesEventsOfAnyShape() throws Exception {
    var clock = new HandClock(NOW);
    var pages = 0;
    try (var world = new LocalWorld(clock)) {
      world.athena().model().addWorkGroup("etl", SparkModel.PYSPARK_3, Map.of());
      for (var i = 0; i < 200; i++) {
        var event = i == 0 ? null : object(2);
        var answer = answer(world, clock, event);
        if (event != null && Boolean.TRUE.equals(event.get("describe"))) {
          assertThat(answer).startsWith("## What runs now");
        } else {
          var isPopup = event != null && event.containsKey("sparkUi");
          assertThat(parsed(answer).getElementsByTagName("style").getLength())
              .isEqualTo(isPopup ? 0 : 1);
          pages++;
        }
      }
    }
    assertThat(pages).isBetween(100, 199);
  }

  private Map<String, Object> object(int depth) {
    var object = new HashMap<String, Object>();
    for (var size = 1 + random.nextInt(5); size > 0; size--) {
      object.put(
          any(List.of("describe", "widgetContext", "theme", "params", "sparkUi", "")),
          value(depth));
    }
    return object;
  }

  @SuppressWarnings("NullAway") // JSON has nulls.
  private Object value(int depth) {
    return switch (random.nextInt(depth > 0 ? 8 : 6)) {
      case 0 -> null;
      case 1 -> random.nextBoolean();
      case 2 -> any(Arrays.asList(0, -1, 1e308, Long.MIN_VALUE));
      case 3 -> any(TEXTS);
      case 4 -> any(VALUES);
      case 5 -> any(List.of("dark", "DARK", "light"));
      case 6 -> new ArrayList<>(Arrays.asList(value(depth - 1), value(depth - 1)));
      default -> object(depth - 1);
    };
  }

  private static String answer(
      LocalWorld world, HandClock clock, @Nullable Map<String, Object> event) {
    var environment = new HashMap<>(world.environment());
    environment.putAll(
        Map.of(
            "STOP_FUNCTION_ARN",
            STOP,
            "ESCALATION",
            "TERMINATE_SESSION",
            "MAX_ATTEMPTS",
            "1",
            "CALLS_PER_SECOND",
            "20",
            "MAX_CALCULATION_MINUTES",
            "120"));
    var invocation =
        new TestContext("request-1", Duration.ofSeconds(20), null).at("guard-WidgetFunction");
    var answer = (String) InProcess.widget(environment, clock).handleRequest(event, invocation);
    for (var line : invocation.lines) {
      assertThat(line.strip()).matches("[ -~]+");
      json(line);
    }
    return answer;
  }

  /** The page is XML as well, and its parser forgives nothing. */
  private static Document parsed(String page) throws Exception {
    var parser = DocumentBuilderFactory.newInstance().newDocumentBuilder();
    parser.setErrorHandler(null);
    var document = parser.parse(new InputSource(new StringReader(page)));
    var all = document.getElementsByTagName("*");
    for (var i = 0; i < all.getLength(); i++) {
      var element = all.item(i);
      assertThat(element.getNodeName())
          .isIn(
              List.of(
                  "div",
                  "style",
                  "p",
                  "b",
                  "span",
                  "bdi",
                  "table",
                  "thead",
                  "tbody",
                  "tr",
                  "th",
                  "td",
                  "a",
                  "cwdb-action",
                  "ul",
                  "li"));
      for (var j = 0; j < element.getAttributes().getLength(); j++) {
        assertThat(element.getAttributes().item(j).getNodeName())
            .isIn(
                List.of(
                    "class",
                    "style",
                    "title",
                    "role",
                    "aria-label",
                    "action",
                    "display",
                    "confirmation",
                    "endpoint"));
      }
      if (element.getNodeName().equals("cwdb-action")) {
        var event = json(element.getTextContent());
        assertThat(event.keySet())
            .isIn(
                Set.of("calculationExecutionId"),
                Set.of("sessionId", "endSession"),
                Set.of("sparkUi"));
        assertThat(element.getAttributes().getNamedItem("endpoint").getNodeValue())
            .isEqualTo(event.containsKey("sparkUi") ? WIDGET : STOP);
      }
    }
    return document;
  }
}
