package io.github.calculationguard;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The docs as pages: the README is one page, every link leads somewhere, commands are complete. */
class DocsPagesTest {

  private static final Pattern FENCE = Pattern.compile("(?ms)^ *```(\\w*)\\n(.*?)^ *```$");

  static Stream<Path> pages() throws IOException {
    try (var docs = Files.list(Path.of("docs"))) {
      var all =
          Stream.concat(
                  Stream.of("README.md", "CONTRIBUTING.md", "CHANGELOG.md").map(Path::of),
                  docs.filter(page -> page.toString().endsWith(".md")).sorted())
              .toList();
      return all.stream();
    }
  }

  @Test
  void theReadmeIsOnePage() throws IOException {
    assertThat(Files.readAllLines(Path.of("README.md"))).hasSizeLessThanOrEqualTo(180);
  }

  @Test
  void theReadmeLinksToEveryPage() throws IOException {
    var linked = links(Path.of("README.md")).map(DocsPagesTest::file).collect(Collectors.toSet());
    assertThat(pages().filter(page -> !page.equals(Path.of("README.md"))))
        .allSatisfy(page -> assertThat(linked).contains(page.toString()));
  }

  @Test
  void theArchitectureNamesTypesThatExist() throws IOException {
    var type = Pattern.compile("`(spark|stop|guard|report|aws|lambda)\\.([A-Z]\\w+)");
    var text = Files.readString(Path.of("docs/architecture.md"));
    var files =
        type.matcher(text)
            .results()
            .map(it -> "%s/%s.java".formatted(it.group(1), it.group(2)))
            .distinct()
            .toList();
    assertThat(files)
        .hasSizeGreaterThan(20)
        .allSatisfy(
            file -> assertThat(Path.of("src/main/java/io/github/calculationguard", file)).exists());
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyLinkLeadsSomewhere(Path page) throws IOException {
    assertThat(links(page))
        .allSatisfy(
            link -> {
              var file = file(link);
              var target = file.isEmpty() ? page : page.resolveSibling(file).normalize();
              assertThat(target).exists();
              if (link.contains("#")) {
                assertThat(anchors(target)).contains(link.substring(link.indexOf('#') + 1));
              }
            });
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyNamedFileExists(Path page) throws IOException {
    var file =
        Pattern.compile(
            "(?<![\\w/.-])(?:events|src|docs|bench|\\.ci|\\.github)/[\\w./-]*[\\w/]|\\./play\\b");
    assertThat(code(page).flatMap(code -> file.matcher(code).results()).map(MatchResult::group))
        .allSatisfy(name -> assertThat(Path.of(name)).exists());
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyNamedTestExists(Path page) throws IOException {
    var test = Pattern.compile("-Dtest=(\\w+)|`(\\w+Test)`");
    Set<String> tests;
    try (var files = Files.walk(Path.of("src", "test", "java"))) {
      tests =
          files
              .map(path -> path.getFileName().toString().replaceFirst("\\.java$", ""))
              .collect(Collectors.toSet());
    }
    assertThat(
            test.matcher(Files.readString(page))
                .results()
                .map(found -> found.group(1) == null ? found.group(2) : found.group(1)))
        .isSubsetOf(tests);
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyNamedOutputExists(Path page) throws IOException {
    var template = Files.readString(Template.FILE);
    var outputs = template.substring(template.indexOf("\nOutputs:\n"));
    assertThat(
            Pattern.compile("[Oo]utputs? ((?:`\\w+`(?:, )?)+)")
                .matcher(Files.readString(page))
                .results()
                .flatMap(names -> Pattern.compile("\\w+").matcher(names.group(1)).results())
                .map(MatchResult::group))
        .allSatisfy(name -> assertThat(outputs).contains("\n  " + name + ":\n"));
  }

  /** A Region, or the command acts elsewhere; and a wait longer than the CLI's own 60 seconds. */
  @ParameterizedTest
  @MethodSource("pages")
  void everyAwsCommandIsComplete(Path page) throws IOException {
    if (page.endsWith("local-athena.md")) {
      return; // Its environment variables name the Region.
    }
    var commands =
        FENCE
            .matcher(Files.readString(page))
            .results()
            .filter(block -> block.group(1).equals("sh"))
            .flatMap(block -> block.group(2).lines().map(String::strip))
            .filter(line -> line.startsWith("aws "))
            .toList();
    assertThat(commands).allSatisfy(command -> assertThat(command).contains(" --region REGION"));
    var invocations =
        code(page)
            .flatMap(String::lines)
            .map(String::strip)
            .filter(line -> line.startsWith("aws lambda invoke"));
    assertThat(invocations)
        .allSatisfy(
            command ->
                assertThat(command)
                    .contains(" --region REGION")
                    .containsAnyOf(" --cli-read-timeout 0 ", " --invocation-type Event "));
  }

  /** Fenced blocks of commands, and code within sentences. */
  private static Stream<String> code(Path page) throws IOException {
    var text = Files.readString(page);
    var commands =
        FENCE
            .matcher(text)
            .results()
            .filter(block -> block.group(1).equals("sh"))
            .map(block -> block.group(2));
    var inline =
        Pattern.compile("`([^`\\n]+)`").matcher(withoutBlocks(text)).results().map(c -> c.group(1));
    return Stream.concat(commands, inline);
  }

  private static String withoutBlocks(String text) {
    return FENCE.matcher(text).replaceAll("");
  }

  private static Stream<String> links(Path page) throws IOException {
    return Pattern.compile("\\]\\(([^)\\s]+)\\)")
        .matcher(withoutBlocks(Files.readString(page)))
        .results()
        .map(link -> link.group(1))
        .filter(link -> !link.startsWith("https://"));
  }

  private static String file(String link) {
    return link.replaceFirst("#.*$", "");
  }

  /** As GitHub makes them of titles. */
  private static List<String> anchors(Path page) {
    try {
      return Pattern.compile("(?m)^#+ (.+)$")
          .matcher(withoutBlocks(Files.readString(page)))
          .results()
          .map(title -> title.group(1).toLowerCase(Locale.ROOT))
          .map(title -> title.replaceAll("[^\\w -]", "").replace(' ', '-'))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
