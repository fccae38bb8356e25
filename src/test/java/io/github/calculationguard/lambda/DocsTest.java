package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.Course.OnStop;
import io.github.calculationguard.Template;
import io.github.calculationguard.standin.SnsMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Compares the docs with the program: samples, tables, the runbook. Run with -Ddocs.update=true, it
 * writes the samples anew.
 */
class DocsTest {

  private static final Path MESSAGES = Path.of("docs", "messages-and-log.md");
  private static final String REQUEST = "8f5a2c1e-0b6d-4e9a-9c3f-7d1e5b2a4c60";

  @ParameterizedTest
  @ValueSource(strings = {"log-line", "email-canceled", "email-canceling", "chat-canceling"})
  void showsWhatTheProgramWrites(String sample) throws IOException {
    var page = Files.readString(MESSAGES);
    var block =
        Pattern.compile(
                "(<!-- sample: %s -->\n```\\w*\n)(.*?)(\n```\n)".formatted(sample), Pattern.DOTALL)
            .matcher(page);
    assertThat(block.find()).as("a sample %s", sample).isTrue();
    var written = written(sample);
    if (Boolean.getBoolean("docs.update")) {
      Files.writeString(
          MESSAGES, block.replaceFirst("$1" + Matcher.quoteReplacement(written) + "$3"));
    } else {
      assertThat(block.group(2)).isEqualTo(written);
    }
  }

  private static String written(String sample) throws IOException {
    var stubborn = Course.onStop(new OnStop.Ignored());
    try (var guarded =
        GuardedWorld.running(sample.endsWith("canceling") ? stubborn : Course.USUAL)) {
      var invocation = new TestContext(REQUEST);
      guarded.play(sample("eventbridge-stop-requested.json"), invocation);
      SnsMessage message = guarded.message();
      return switch (sample) {
        case "log-line" -> pretty(invocation.lines.getFirst());
        case "chat-canceling" -> pretty(message.text("https"));
        default -> message.delivery("email").strip();
      };
    }
  }

  private static String pretty(String json) throws IOException {
    return JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(JSON.std.mapFrom(json));
  }

  @Test
  void listsEveryParameterWithItsDefault() throws IOException {
    var declared =
        Template.read().parameters().entrySet().stream()
            .collect(toMap(Map.Entry::getKey, parameter -> standard(parameter.getValue())));
    assertThat(parameters("docs/parameters.md")).isEqualTo(declared);
    assertThat(declared).containsAllEntriesOf(parameters("README.md"));
    assertThat(parameters("README.md")).hasSize(6);
  }

  private static String standard(Map<String, Object> declaration) {
    var standard = declaration.get("Default");
    return standard == null ? "none" : standard.equals("") ? "empty" : standard.toString();
  }

  /** Names and defaults in a page's tables of parameters. */
  private static Map<String, String> parameters(String page) throws IOException {
    return found("(?m)^\\| `([A-Z]\\w+)` \\| `?([^|`]+?)`? \\|", Path.of(page))
        .collect(toMap(row -> row.group(1), row -> row.group(2)));
  }

  @Test
  void listsEveryKeyOfTheLogLine() throws IOException {
    var page = Files.readString(MESSAGES);
    var keys =
        Pattern.compile("(?m)^\\| (`[a-z_]+`(?:, `[a-z_]+`)*) \\|")
            .matcher(page.substring(0, page.indexOf("\n### Lines of the sweep")))
            .results()
            .flatMap(row -> Stream.of(row.group(1).replace("`", "").split(", ")));
    assertThat(keys).containsExactlyInAnyOrderElementsOf(LogContractTest.KEYS);
  }

  @Test
  void listsEveryOutcome() throws IOException {
    var outcomes = new TreeSet<String>();
    for (var plot : Plot.all()) {
      try (var guarded = plot.world(true)) {
        outcomes.add(String.valueOf(guarded.log(plot.order()).get("outcome")));
      }
    }
    assertThat(
            found("(?m)^\\| `([A-Z_]+)` \\|", Path.of("docs", "orders-and-outcomes.md"))
                .map(row -> row.group(1)))
        .containsExactlyInAnyOrderElementsOf(outcomes);
  }

  @Test
  void explainsEveryDependency() throws IOException {
    var pom = Files.readString(Path.of("pom.xml"));
    var start = pom.indexOf("</dependencyManagement>");
    var dependencies =
        pom.substring(start, pom.indexOf("<build>", start))
            .replaceAll("(?s)<exclusions>.*?</exclusions>", "");
    var explained =
        found("`([^`]+)`", Path.of("docs", "architecture.md")).map(name -> name.group(1)).toList();
    assertThat(
            Pattern.compile("<artifactId>([^<]+)<")
                .matcher(dependencies)
                .results()
                .map(found -> found.group(1)))
        .isNotEmpty()
        .isSubsetOf(explained);
  }

  @Test
  void hasARunbookSectionForEachAlarm() throws IOException {
    var alarms = Template.read().resources("AWS::CloudWatch::Alarm");
    var sections =
        found("(?m)^## (.+)$", Path.of("docs", "runbook.md")).map(title -> title.group(1)).toList();
    assertThat(sections)
        .containsExactlyInAnyOrderElementsOf(
            Stream.concat(
                    Stream.of("Which alarms need somebody at once", "Brake"),
                    alarms.keySet().stream().map(DocsTest::section))
                .toList());
    var urgency =
        Files.readString(Path.of("docs", "runbook.md")).replaceAll("(?s)\n## stop-errors.*", "");
    assertThat(urgency).contains(alarms.keySet().stream().map(DocsTest::section).toList());
    assertThat(alarms)
        .allSatisfy(
            (name, alarm) ->
                assertThat(String.valueOf(alarm.get("Properties")))
                    .containsPattern("(?i)runbook\\S*#" + section(name) + "\\b"));
  }

  private static String section(String alarm) {
    return alarm
        .replaceFirst("Alarm$", "")
        .replaceAll("(?<=[a-z])(?=[A-Z])", "-")
        .toLowerCase(Locale.ROOT);
  }

  @Test
  void namesEverySavedQuery() throws IOException {
    var names =
        Template.read().resources("AWS::Logs::QueryDefinition").values().stream()
            .map(query -> String.valueOf(query.get("Properties")))
            .flatMap(query -> Pattern.compile("StackName}/([^}(]+)").matcher(query).results())
            .map(name -> name.group(1).strip());
    assertThat(found("(?m)^\\* \\*(\\w[^*]+)\\*", MESSAGES).map(name -> name.group(1)))
        .containsExactlyElementsOf(names.toList());
  }

  @Test
  void countsTheMetricsOfTheAlarms() throws IOException {
    var metrics =
        Template.read().resources("AWS::CloudWatch::Alarm").values().stream()
            .map(alarm -> String.valueOf(alarm.get("Properties")))
            .mapToLong(alarm -> Pattern.compile("\\bMetricName=").matcher(alarm).results().count())
            .sum();
    assertThat(found("(\\d+) alarm metrics", Path.of("docs", "cost.md")).map(n -> n.group(1)))
        .containsExactly(Long.toString(metrics));
  }

  private static Stream<MatchResult> found(String pattern, Path page) throws IOException {
    return Pattern.compile(pattern).matcher(Files.readString(page)).results();
  }
}
