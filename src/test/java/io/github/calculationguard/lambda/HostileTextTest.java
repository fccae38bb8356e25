package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.NOW;
import static io.github.calculationguard.lambda.GuardedWorld.SESSION;
import static io.github.calculationguard.lambda.GuardedWorld.calculation;
import static io.github.calculationguard.lambda.GuardedWorld.detail;
import static io.github.calculationguard.lambda.GuardedWorld.json;
import static io.github.calculationguard.lambda.GuardedWorld.line;
import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.Course.OnStop;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.standin.SnsMessage;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a stranger wrote (a description, an owner, a reason, a name) is harmless in each protocol,
 * as SNS hands it on.
 */
class HostileTextTest {

  static Stream<String> texts() {
    return Stream.of(
        "@here @channel @everyone <!here> <!channel|x> <@U012AB3CD> <#C012AB3CD> <!subteam^S1>",
        "https://evil.example http://evil.example/a?b=c ftp://evil.example",
        "<https://evil.example|Sign in to AWS> [Sign in](https://evil.com)",
        "evil.ai/login evil.zip évil.рф http://10.0.0.1/ tel:112 \\\\evil\\share",
        "www.evil.com evil.com evil.io mailto:a@evil.com javascript:alert(1) data:text/html,x",
        "` `` ```\n# Heading\n> quote\n* item\n```",
        "a\r\nSubject: forged\r\nBcc: x@evil.com\r\n\r\nbody",
        "a\u0000b\u0007c\u001b[2Jd\u007fe\u0085f\u2028g\u2029h",
        "\u202egnp.exe\u202c \u2066x\u2069 \u200f\u200e\u061c",
        "x".repeat(1024),
        "😀".repeat(512),
        "\ud800 \udc00 \ud83d",
        "\"},\"outcome\":\"FORGED\",{\"",
        "Cost:        0.00 USD\nOwner:       somebody else",
        "*bold* _it_ ~strike~ :warning: &lt;!channel&gt; &amp;");
  }

  @ParameterizedTest
  @MethodSource("texts")
  void isHarmlessInEveryProtocol(String text) {
    for (var onStop : List.of(Course.USUAL.onStop(), new OnStop.Ignored())) {
      try (var guarded = new GuardedWorld()) {
        guarded.model().addWorkGroup("hostile", SparkModel.PYSPARK_3, Map.of("owner", text));
        guarded
            .model()
            .add(
                SessionSetup.in("hostile")
                    .id(SESSION)
                    .description(text)
                    .startedAt(NOW.minus(Duration.ofHours(4))));
        guarded.model().add(calculation().description(text).course(Course.onStop(onStop)));
        var order = sample("finding-calculation.json");
        detail(order).putAll(Map.of("reason", text, "requestedBy", text, "rule", text));
        order.put("id", text);

        var invocation = new TestContext("request-1");
        guarded.play(order, invocation);

        subject(guarded.message());
        email(guarded.message().text("email"));
        email(guarded.message().text("default"));
        chat(guarded.message().text("https"));
        queue(guarded.message(), invocation);
      }
    }
  }

  /** As SNS takes it; LocalSns would have refused it otherwise. */
  private static void subject(SnsMessage message) {
    assertThat(message.subject()).matches("(CANCELED|CANCELING)[ -~]{1,90}");
  }

  private static void email(String text) {
    assertThat(text).doesNotContainPattern("[\\p{Cc}&&[^\n]]").doesNotContainPattern("\\p{Cf}");
    harmless(text);
    assertThat(text.lines())
        .as("a stranger can't begin a line")
        .noneMatch(line -> line.matches("(Subject|Bcc|Cost: +0\\.00|Owner: +somebody|#|>|\\*).*"));
    assertThat(text.lines()).allMatch(line -> line.length() < 1200);
  }

  /**
   * @see <a href="https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html">Amazon
   *     Q's schema</a>
   */
  private static void chat(String text) {
    var chat = json(text);
    assertThat(chat).containsOnlyKeys("version", "source", "content", "metadata");
    assertThat(chat).containsEntry("version", "1.0").containsEntry("source", "custom");
    var content = (Map<?, ?>) Objects.requireNonNull(chat.get("content"));
    assertThat(List.copyOf(content.keySet()))
        .isEqualTo(List.of("textType", "title", "description", "nextSteps"));
    assertThat(content.get("textType")).isEqualTo("client-markdown");
    assertThat(String.valueOf(content.get("title")).length()).isLessThanOrEqualTo(250);
    assertThat(String.valueOf(content.get("description")).length()).isLessThanOrEqualTo(8000);
    var steps = (List<?>) Objects.requireNonNull(content.get("nextSteps"));
    assertThat(steps).isNotEmpty().allMatch(String.class::isInstance);
    for (var part : List.of(content.get("title"), content.get("description"))) {
      harmless(String.valueOf(part));
    }
    harmless(steps.stream().map(String::valueOf).collect(Collectors.joining("\n")));
    assertThat(String.valueOf(content.get("description")).lines())
        .as("a stranger can't begin a line, nor leave the quotation")
        .allMatch(line -> line.matches("\\*[A-Z][A-Za-z ]+:\\* `[^`]*`"));
    var metadata = (Map<?, ?>) Objects.requireNonNull(chat.get("metadata"));
    assertThat(metadata.get("threadId")).isEqualTo(SESSION);
    harmless(String.valueOf(metadata));
  }

  private static void queue(SnsMessage message, TestContext invocation) {
    assertThat(message.text("sqs").lines()).hasSize(1);
    assertThat(message.text("lambda")).isEqualTo(message.text("sqs"));
    var queued = json(message.text("sqs"));
    var logged = line(invocation);
    logged.remove("announced");
    assertThat(queued).isEqualTo(logged);
    assertThat(queued.get("outcome")).isIn("CANCELED", "CANCELING");
    harmless(String.valueOf(queued));
    assertThat(message.attributes().keySet())
        .containsExactlyInAnyOrder(
            "outcome", "state", "work_group", "owner", "trigger", "severity");
  }

  /** Nobody is mentioned, and the one link is ours. */
  private static void harmless(String text) {
    var withoutOurs =
        text.replace("https://us-east-1.console.aws.amazon.com/athena/home?region=us-east-1", "")
            // What Athena itself names: no client takes this scheme for a link.
            .replaceAll("s3://[a-z0-9-]+(/[\\w=.-]+)+", "");
    assertThat(withoutOurs)
        .doesNotContain(
            "<",
            ">",
            "@",
            "://",
            "www.",
            "mailto:",
            "javascript:",
            "tel:",
            "evil.com",
            "evil.io",
            "evil.ai",
            "evil.zip",
            "évil.рф",
            "10.0.0.1",
            "\\\\evil")
        .doesNotContainPattern("[\\p{Cf}\\p{Cs}\\p{Co}\u2028\u2029\u0000]");
  }
}
