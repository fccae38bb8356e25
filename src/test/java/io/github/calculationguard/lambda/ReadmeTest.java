package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.Course.OnStop;
import io.github.calculationguard.standin.SnsMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Holds the README to the truth: its samples are what the program says, and its tables are whole.
 * Run with -Dreadme.update=true, it writes the samples there.
 */
class ReadmeTest {

  private static final Path README = Path.of("README.md");
  private static final String REQUEST = "8f5a2c1e-0b6d-4e9a-9c3f-7d1e5b2a4c60";

  @ParameterizedTest
  @ValueSource(strings = {"log-line", "email-canceled", "email-canceling", "chat-canceling"})
  void showsWhatTheProgramSays(String sample) throws IOException {
    var block =
        Pattern.compile(
                "(<!-- sample: %s -->\n```\\w*\n)(.*?)(\n```\n)".formatted(sample), Pattern.DOTALL)
            .matcher(Files.readString(README));
    assertThat(block.find()).as("a sample %s", sample).isTrue();
    var said = said(sample);
    if (Boolean.getBoolean("readme.update")) {
      Files.writeString(README, block.replaceFirst("$1" + Matcher.quoteReplacement(said) + "$3"));
    } else {
      assertThat(block.group(2)).isEqualTo(said);
    }
  }

  private static String said(String sample) throws IOException {
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
  void namesEveryParameterAndEveryDependency() throws IOException {
    var readme = Files.readString(README);
    var parameters =
        section(Files.readString(Path.of("template.yaml")), "\nParameters:\n", "\nGlobals:");
    assertThat(
            Pattern.compile("(?m)^  (\\w+):$")
                .matcher(parameters)
                .results()
                .map(found -> found.group(1)))
        .isNotEmpty()
        .allMatch(name -> readme.contains("| `" + name + "` |"), "is in the table of parameters");
    var dependencies =
        section(Files.readString(Path.of("pom.xml")), "</dependencyManagement>", "<build>")
            .replaceAll("(?s)<exclusions>.*?</exclusions>", "");
    assertThat(
            Pattern.compile("<artifactId>([^<]+)<")
                .matcher(dependencies)
                .results()
                .map(found -> found.group(1)))
        .isNotEmpty()
        .allMatch(name -> readme.contains("`" + name + "`"), "is in the table of dependencies");
  }

  private static String section(String text, String from, String to) {
    var start = text.indexOf(from);
    return text.substring(start, text.indexOf(to, start));
  }
}
