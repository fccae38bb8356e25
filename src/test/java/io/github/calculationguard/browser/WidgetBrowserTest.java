package io.github.calculationguard.browser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.athenasparklocal.HandClock;
import io.github.calculationguard.lambda.InProcess;
import io.github.calculationguard.play.WidgetStory;
import io.github.calculationguard.report.UserText;
import io.github.calculationguard.standin.FunctionSettings;
import io.github.calculationguard.standin.InProcessLambda;
import io.github.calculationguard.standin.LambdaFunction;
import io.github.calculationguard.standin.LocalWorld;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The page on the dashboard as a browser shows it, and its button as CloudWatch honours it. */
class WidgetBrowserTest {

  private static final Instant NOW = Instant.parse("2026-11-22T09:30:05Z");
  private static final String STOP =
      "arn:aws:lambda:us-east-1:123456789012:function:guard-StopFunction:live";
  private static final String WIDGET =
      "arn:aws:lambda:us-east-1:123456789012:function:guard-WidgetFunction:live";
  private static final String NO_CHROMIUM =
      "There is no Chromium on the PATH, so the page was not tried in a browser.";
  private static final String SHOWN = "document.body.dataset.shown === 'yes'";

  @SuppressWarnings("NullAway.Init") // Where it is not set, no test runs.
  private static Chromium chromium;

  private final HandClock clock = new HandClock(NOW);
  private final LocalWorld world = new LocalWorld(clock);
  private final StandInConsole console = console();

  @BeforeAll
  static void open() {
    var installed = Chromium.installed();
    if ("true".equals(System.getenv("CI"))) {
      assertThat(installed).as("a Chromium, which CI has to have").isPresent();
    }
    if (installed.isEmpty()) {
      System.out.println(NO_CHROMIUM);
    }
    assumeTrue(installed.isPresent(), NO_CHROMIUM);
    chromium = new Chromium(installed.orElseThrow());
  }

  @AfterAll
  static void quit() {
    if (chromium != null) {
      chromium.close();
    }
  }

  @AfterEach
  void close() {
    console.close();
    world.close();
  }

  private StandInConsole console() {
    var environment = new HashMap<>(world.environment());
    environment.put("TOPIC_ARN", world.sns().addTopic("guard"));
    environment.put("STOP_FUNCTION_ARN", STOP);
    environment.put("CALLS_PER_SECOND", "20");
    environment.put("ESCALATION", "TERMINATE_SESSION");
    var stop = FunctionSettings.of("guard-StopFunction", "", LocalWorld.PLACE, environment);
    var widget = FunctionSettings.of("guard-WidgetFunction", "", LocalWorld.PLACE, environment);
    var page = new InProcessLambda(widget, InProcess.widget(environment, clock));
    return new StandInConsole(
        Map.<String, LambdaFunction>of(
            "widget",
            page,
            WIDGET,
            page,
            STOP,
            new InProcessLambda(stop, InProcess.stop(environment, clock))));
  }

  private void all() {
    WidgetStory.usual(world.athena().model(), NOW);
    HostileSessions.add(world.athena().model(), NOW);
  }

  @ParameterizedTest
  @CsvSource({"light, 1180", "light, 580", "dark, 1180", "dark, 580"})
  void fits(String theme, int width) throws IOException {
    WidgetStory.usual(world.athena().model(), NOW);

    chromium.open(console.address(theme), width, width == 580 ? 960 : 560, SHOWN);
    picture(theme + "-" + width);

    assertThat(overflowing(width)).isEqualTo(List.of());
    assertThat(chromium.evaluate("document.querySelectorAll('tbody tr').length")).isEqualTo(6);
    assertThat(chromium.evaluate("getComputedStyle(document.querySelector('.cg')).color"))
        .isEqualTo(theme.equals("dark") ? "rgb(233, 235, 237)" : "rgb(22, 25, 31)");
  }

  @ParameterizedTest
  @ValueSource(ints = {1180, 580})
  void keepsHostileWordsText(int width) throws IOException {
    all();

    chromium.open(console.address("light"), width, 1300, SHOWN);
    picture("hostile-" + width);

    assertThat(overflowing(width)).isEqualTo(List.of());
    assertThat(chromium.evaluate("typeof window.broken")).isEqualTo("undefined");
    assertThat(
            chromium.evaluate(
                "document.querySelectorAll('#widget :is(script,img,iframe,object,[onmouseover],[onerror])').length"))
        .isEqualTo(0);
    assertThat(
            chromium.evaluate(
                "[...document.querySelectorAll('.cg-description')].map(it => it.textContent)"))
        .asInstanceOf(InstanceOfAssertFactories.LIST)
        .containsAll(HostileSessions.TEXTS.stream().map(UserText::clean).toList())
        .hasSize(6 + HostileSessions.TEXTS.size());
    assertThat(
            chromium.evaluate(
                """
                [...document.querySelectorAll('cwdb-action')].every(it =>
                  it.getAttribute('endpoint') === (it.textContent.includes('"sparkUi"') ? '%s' : '%s')
                    && ['calculationExecutionId', 'sessionId,endSession', 'sparkUi']
                      .includes(Object.keys(JSON.parse(it.textContent)).join()))"""
                    .formatted(WIDGET, STOP)))
        .isEqualTo(true);
    assertThat(
            chromium.evaluate(
                "['Stop', 'End session', 'Spark UI'].map(text => [...document.querySelectorAll('#widget a')].filter(it => it.textContent === text).length)"))
        .isEqualTo(List.of(3 + HostileSessions.TEXTS.size(), 3, 6 + HostileSessions.TEXTS.size()));
  }

  @Test
  void stopsTheCalculationWhoseButtonIsClicked() throws IOException {
    all();
    chromium.open(console.address("light"), 1180, 1300, SHOWN);

    chromium.click("document.querySelector('a.btn')");
    chromium.await("document.getElementById('confirmation').open");
    assertThat(chromium.evaluate("document.querySelector('#confirmation p').textContent"))
        .asString()
        .contains(WidgetStory.COSTLIEST)
        .contains("\"Nightly join of all orders\"");
    chromium.click("document.getElementById('no')");
    assertThat(world.athena().model().calculationState(WidgetStory.COSTLIEST)).isEqualTo("RUNNING");

    chromium.click("document.querySelector('a.btn')");
    chromium.click("document.getElementById('yes')");
    chromium.await("document.getElementById('popup').open");
    picture("popup");

    assertThat(world.athena().model().calculationState(WidgetStory.COSTLIEST))
        .isEqualTo("CANCELED");
    assertThat(chromium.evaluate("document.getElementById('popup').textContent"))
        .asString()
        .containsPattern("The calculation .* is canceled\\.")
        .contains("a viewer of the dashboard; CloudWatch does not say who");
    assertThat(world.sns().messages()).hasSize(1);
  }

  /** Finds the row of a session by its description, and in it what is clicked. */
  private static String inRow(String description, String selector) {
    return "[...document.querySelectorAll('tbody tr')].find(it => it.textContent.includes('%s')).querySelector('%s')"
        .formatted(description, selector);
  }

  @ParameterizedTest
  @CsvSource({
    "dbt run --select marts, a Spark 3.5 session",
    "Notebook: churn features, an idle one",
    "Notebook: embeddings, a degraded one"
  })
  void asksToEndTheSessionWhoseButtonIsClicked(String description, String kind) throws IOException {
    WidgetStory.usual(world.athena().model(), NOW);
    chromium.open(console.address("light"), 1180, 1300, SHOWN);
    var button = inRow(description, "a.btn");
    var session =
        String.valueOf(
            chromium.evaluate(
                "JSON.parse(%s.nextElementSibling.textContent).sessionId".formatted(button)));

    assertThat(chromium.evaluate(button + ".textContent")).as(kind).isEqualTo("End session");
    chromium.click(button);
    chromium.await("document.getElementById('confirmation').open");
    picture("end-session");
    assertThat(chromium.evaluate("document.querySelector('#confirmation p').textContent"))
        .asString()
        .contains("End the session " + session, '"' + description + '"')
        .contains("what is only in its memory is lost")
        .containsPattern("That saves (at most )?\\d+\\.\\d\\d USD an hour\\.$");
    chromium.click("document.getElementById('no')");
    assertThat(console.invocations()).hasSize(1);

    chromium.click(button);
    chromium.click("document.getElementById('yes')");
    chromium.await("document.getElementById('popup').open");

    assertThat(console.invocations()).hasSize(2);
    assertThat(console.invocations().getLast())
        .containsEntry("sessionId", session)
        .containsEntry("endSession", true)
        .containsOnlyKeys("sessionId", "endSession", "widgetContext");
  }

  @Test
  void opensTheSparkUiByALinkThatOnlyItsViewerGets() throws IOException {
    WidgetStory.usual(world.athena().model(), NOW);
    chromium.open(console.address("light"), 1180, 1300, SHOWN);

    chromium.click(inRow("dbt run --select marts", "a.cg-link"));
    chromium.await("document.getElementById('popup').open");
    picture("spark-ui");

    var session = String.valueOf(console.invocations().getLast().get("sparkUi"));
    assertThat(chromium.evaluate("document.querySelector('#popup a').href"))
        .isEqualTo(world.athena().endpoint() + "/#" + session);
    assertThat(world.athena().counts()).containsEntry("GetResourceDashboard", 1);
    assertThat(world.sns().calls()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6})
  void stopsWhateverItsUserCalledIt(int index) {
    all();
    chromium.open(console.address("dark"), 580, 1300, SHOWN);
    var button =
        "[...document.querySelectorAll('cwdb-action')].find(it => it.textContent.includes('hostile-%d')).previousElementSibling"
            .formatted(index);

    chromium.click(button);
    chromium.click("document.getElementById('yes')");
    chromium.await("document.getElementById('popup').open");

    assertThat(world.athena().model().calculationState("hostile-" + index)).isEqualTo("CANCELED");
    assertThat(chromium.evaluate("document.getElementById('popup').textContent"))
        .asString()
        .contains(UserText.quoted(HostileSessions.TEXTS.get(index)));
    assertThat(chromium.evaluate("typeof window.broken")).isEqualTo("undefined");
    assertThat(console.invocations()).hasSize(2);
  }

  /** What is wider than where it stands. */
  private static Object overflowing(int width) {
    return Objects.requireNonNull(
        chromium.evaluate(
            """
            [...document.querySelectorAll('#widget, #widget *')]
              .filter(it => getComputedStyle(it).display !== 'none' && it.tagName !== 'STYLE')
              .filter(it => it.getBoundingClientRect().right > %d + 0.5
                  || (getComputedStyle(it).display !== 'inline' && it.scrollWidth > it.clientWidth + 1))
              .map(it => it.outerHTML.slice(0, 200))"""
                .formatted(width)));
  }

  /** The README shows light-1180, as docs/widget.png. */
  private static void picture(String name) throws IOException {
    var folder = Files.createDirectories(Path.of("target", "widget"));
    Files.write(folder.resolve(name + ".png"), chromium.screenshot());
  }
}
