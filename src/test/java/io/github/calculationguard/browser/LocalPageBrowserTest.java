package io.github.calculationguard.browser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.athenasparklocal.AwsRegion;
import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.HandClock;
import io.github.athenasparklocal.LocalAthena;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The local Athena's page, in a browser, while a session and its calculation move. */
class LocalPageBrowserTest {

  private static final Instant NOW = Instant.parse("2026-11-22T09:30:05Z");
  private static final String ATTACK = "<img src=x onerror='document.title = \"broken\"'>";

  @Test
  void showsStatesAsTheyMove() {
    var installed = Chromium.installed();
    if ("true".equals(System.getenv("CI"))) {
      assertThat(installed).as("a Chromium, which CI has to have").isPresent();
    }
    assumeTrue(installed.isPresent(), "There is no Chromium on the PATH.");
    var clock = new HandClock(NOW);
    var region = new AwsRegion("aws", "us-east-1", "123456789012");
    try (var athena = new LocalAthena(clock, region);
        var chromium = new Chromium(installed.orElseThrow())) {
      athena.model().addWorkGroup("spark", SparkModel.PYSPARK_3, Map.of());
      var session = athena.model().add(SessionSetup.in("spark").id("s-1").description(ATTACK));
      chromium.open(athena.endpoint(), 1200, 800, state("s-1", "CREATING"));
      clock.advance(Duration.ofSeconds(10));
      chromium.await(state("s-1", "IDLE"));
      athena.model().add(CalculationSetup.in(session).id("c-1"));
      clock.advance(Duration.ofSeconds(10));
      chromium.await(state("c-1", "RUNNING"));
      chromium.await(state("s-1", "BUSY"));
      chromium.await("document.title === 'Local Athena for Apache Spark'");
      chromium.await("document.querySelector('#regions img') === null");
    }
  }

  private static String state(String id, String state) {
    return "document.getElementById('%s').children[2].textContent === '%s'".formatted(id, state);
  }
}
