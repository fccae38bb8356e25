package io.github.calculationguard.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A stranger's text shows as what it is, and does nothing. */
class UserTextTest {

  private static final String DOT = "[.\u2024\u3002\ufe52\uff0e\uff61]";
  private static final String LABEL = "[\\p{L}\\p{M}\\p{N}_-]";

  /** Whatever a mail or chat client may make a link of; stricter than any that we know. */
  private static final Pattern LINK =
      Pattern.compile(
          String.join(
              "|",
              // A host: the last label begins with a letter and has more than one.
              "[\\p{L}\\p{M}\\p{N}\\p{So}_-]" + DOT + "\\p{L}" + LABEL,
              "(?<![\\p{L}\\p{N}])www\\d*" + DOT + "\\S",
              "\\d+(" + DOT + "\\d+){3}",
              "://",
              "(?<![\\p{L}\\p{N}])(mailto|tel|sms|javascript|vbscript|data|file|skype|sip|magnet|slack|msteams|webcal|news|urn|geo|facetime|callto|xmpp|view-source|blob|about|bitcoin|whatsapp|tg|intent|market|onenote|ms-word|zoommtg|itms|ldap|feed|outlook):\\S",
              "[@\ufe6b\uff20]",
              "\\\\\\\\"),
          Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Nightly join of all orders, 2.5 TB (step 3/4): 100 % | Nightly join of all orders, 2.5 TB (step 3/4): 100 %",
        "Größenvergleich 集計 | Größenvergleich 集計",
        "price 😀 | price 😀",
        "@here @channel <!everyone> <@U012AB3CD> | (at)here (at)channel ‹!everyone› ‹(at)U012AB3CD›",
        "<https://evil.example/x> Log in | ‹https[:]//evil[.]example/x› Log in",
        "_https://evil.example_ and *_evil.com_* | _https[:]//evil[.]example_ and *_evil[.]com_*",
        "_www.evil.example _javascript:x | _www[.]evil[.]example _javascript[:]x",
        "metadata: of the 2.company, retail: 5 | metadata: of the 2[.]company, retail: 5",
        "HTTPS://EVIL.EXAMPLE | HTTPS[:]//EVIL[.]EXAMPLE",
        "write to mailto:a@b.com | write to mailto[:]a(at)b[.]com",
        "www.evil.example and evil.com | www[.]evil[.]example and evil[.]com",
        "[click](https://evil.io) | [click](https[:]//evil[.]io)",
        "evil.ai/login evil.zip evil.in | evil[.]ai/login evil[.]zip evil[.]in",
        "évil.рф, 例え。テスト, ｅ．ｃｏｍ | évil[.]рф, 例え[。]テスト, ｅ[．]ｃｏｍ",
        "xn--e1afmkfd.xn--p1ai 4u2.4u.com 😀.ws | xn--e1afmkfd[.]xn--p1ai 4u2.4u[.]com 😀[.]ws",
        "http://10.0.0.1/x 127.0.0.1:80 www2.x | http[:]//10[.]0[.]0[.]1/x 127[.]0[.]0[.]1:80 www2[.]x",
        "tel:112 sms:1 file:x slack:y SKYPE:z | tel[:]112 sms[:]1 file[:]x slack[:]y SKYPE[:]z",
        "a＠b a﹫b | a(at)b a(at)b",
        "\\\\host\\share | [\\]\\host\\share",
        "1.5 TB, 3.14, v1.2.3, 3.5.x, 1.5GB, 1.2.3-SNAPSHOT | 1.5 TB, 3.14, v1.2.3, 3.5.x, 1.5GB, 1.2.3-SNAPSHOT",
        "Done. Next: e.g. the U.S. at 9:30 a.m... ok | Done. Next: e.g. the U.S. at 9:30 a.m... ok",
        "a ratio of 3:1; key:value; data: 5 rows; .hidden | a ratio of 3:1; key:value; data: 5 rows; .hidden",
        "arn:aws:athena:us-east-1:123456789012:workgroup/w | arn:aws:athena:us-east-1:123456789012:workgroup/w",
        "not authorized to perform: athena:StopCalculationExecution | not authorized to perform: athena:StopCalculationExecution",
        "`rm` ```code``` | 'rm' '''code'''",
      })
  void isShownAndDoesNothing(String text, String shown) {
    assertThat(UserText.clean(text)).isEqualTo(shown);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a\nb", "a\r\n\r\nb", "a\u2028b", "a\u2029b", "a\u0085b", "a\u0000b", "a\u001bb",
        "a\u007fb", "a\u202eb", "a\u2066b", "a\u200fb", "a\u200bb", "a\ufeffb", "a\u00a0b",
        "a\ud800b", "a\udc00b", "a\ue000b", "a\udb40\udc41b", " a \t b "
      })
  void staysOnOneLineInOneDirection(String text) {
    assertThat(UserText.clean(text)).isEqualTo("a b");
  }

  @Test
  void isCutBetweenCharacters() {
    assertThat(UserText.clean("x".repeat(1024))).hasSize(200).endsWith("…");
    assertThat(UserText.clean("x".repeat(200))).hasSize(200).doesNotContain("…");
    for (var length = 190; length < 210; length++) {
      var cut = UserText.clean("x".repeat(length % 7) + "😀".repeat(length));
      assertThat(cut.length()).isLessThanOrEqualTo(200);
      assertThat(cut.substring(0, cut.length() - 1)).matches("x*(😀)*");
    }
  }

  @Test
  void canNotCloseItsQuotationMarks() {
    assertThat(UserText.quoted("a\" said AWS: \"b")).isEqualTo("\"a' said AWS: 'b\"");
  }

  @Test
  void isEmptyWhereNothingIsLeft() {
    assertThat(UserText.clean("\u200b\n\ud800 \u202e")).isEmpty();
  }

  /** A megabyte takes as long as a line: two thousand of them would take a minute otherwise. */
  @ParameterizedTest
  @ValueSource(strings = {"x", " ", "\n", ".", "a.", "evil.com ", "1.", "\\", "://", "\u202e"})
  void costsNoMoreThanALine(String piece) {
    var megabyte = piece.repeat(1_000_000 / piece.length());

    assertTimeoutPreemptively(
        Duration.ofSeconds(8),
        () -> {
          for (var i = 0; i < 2_000; i++) {
            assertThat(UserText.clean(megabyte).length()).isLessThanOrEqualTo(200);
          }
        });
  }

  @Test
  void keepsANameAsProgramsKnowIt() {
    assertThat(UserText.name("team.data_1-x")).isEqualTo("team.data_1-x");
    assertThat(UserText.name("a\n@here <b>")).isEqualTo("a (at)here ‹b›");
  }

  private static final List<String> PIECES =
      List.of(
          "http",
          "s",
          ":",
          "//",
          "www",
          ".",
          "。",
          "．",
          "com",
          "net",
          "co",
          "ai",
          "рф",
          "xn--p1ai",
          "@",
          "＠",
          "here",
          "<",
          "!",
          ">",
          "`",
          "*",
          "mailto",
          "javascript",
          "data",
          "tel",
          "evil",
          "é",
          "1",
          "10",
          "255",
          "e",
          "-",
          "\u200b",
          "\n",
          "\u202e",
          "\ud800",
          "😀",
          "[",
          "](",
          ")",
          "|",
          " ",
          "/",
          "\\",
          "x",
          "_",
          "\"",
          "\u00ad",
          "\u0301");

  /** Pieces that do nothing by themselves must not do anything together. */
  @Property(tries = 20_000)
  void isHarmlessHoweverItIsPutTogether(@ForAll long seed) {
    var random = new Random(seed);
    var text = new StringBuilder();
    for (var length = random.nextInt(40); length > 0; length--) {
      text.append(PIECES.get(random.nextInt(PIECES.size())));
    }

    var clean = UserText.clean(text.toString());

    assertHarmless(clean);
  }

  /** And neither must any text that there is. */
  @Property(tries = 5_000)
  void isHarmlessWhateverItIs(@ForAll String text) {
    assertHarmless(UserText.clean(text));
    assertHarmless(UserText.clean("a." + text + ".com"));
  }

  private static void assertHarmless(String clean) {
    assertThat(clean).doesNotContainPattern("[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\u2028\u2029@<>`]");
    assertThat(clean).doesNotContainPattern(LINK);
    assertThat(clean.length()).isLessThanOrEqualTo(200);
  }
}
