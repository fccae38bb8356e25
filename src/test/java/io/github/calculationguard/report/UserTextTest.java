package io.github.calculationguard.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
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

  private static final Pattern LIVE =
      Pattern.compile(
          "(?i)://|(?<![a-z0-9])(mailto|javascript|data):|(?<![a-z0-9])www\\.|\\.(com|net|org)(?![a-z0-9])");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Nightly join of all orders, 2.5 TB (step 3/4): 100 % | Nightly join of all orders, 2.5 TB (step 3/4): 100 %",
        "Größenvergleich 集計 | Größenvergleich 集計",
        "price 😀 | price 😀",
        "@here @channel <!everyone> <@U012AB3CD> | (at)here (at)channel ‹!everyone› ‹(at)U012AB3CD›",
        "<https://evil.example/x> Log in | ‹https[:]//evil.example/x› Log in",
        "_https://evil.example_ and *_evil.com_* | _https[:]//evil.example_ and *_evil[.]com_*",
        "_www.evil.example _javascript:x | _www[.]evil.example _javascript[:]x",
        "metadata: of the 2.company, retail: 5 | metadata: of the 2.company, retail: 5",
        "HTTPS://EVIL.EXAMPLE | HTTPS[:]//EVIL.EXAMPLE",
        "write to mailto:a@b.com | write to mailto[:]a(at)b[.]com",
        "www.evil.example and evil.com | www[.]evil.example and evil[.]com",
        "[click](https://evil.io) | [click](https[:]//evil[.]io)",
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

  /** Pieces that do nothing by themselves must not do anything together. */
  @Property(tries = 5000)
  void isHarmlessHoweverItIsPutTogether(@ForAll long seed) {
    var random = new Random(seed);
    var pieces =
        new String[] {
          "http",
          "s",
          ":",
          "//",
          "www",
          ".",
          "com",
          "net",
          "@",
          "here",
          "<",
          "!",
          ">",
          "`",
          "*",
          "mailto",
          "javascript",
          "data",
          "evil",
          "\u200b",
          "\n",
          "\u202e",
          "\ud800",
          "[",
          "](",
          ")",
          "|",
          " ",
          "/",
          "x",
          "_",
          "\"",
          "\u00ad"
        };
    var text = new StringBuilder();
    for (var length = random.nextInt(40); length > 0; length--) {
      text.append(pieces[random.nextInt(pieces.length)]);
    }

    var clean = UserText.clean(text.toString());

    assertThat(clean).doesNotContainPattern("[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\u2028\u2029@<>`]");
    assertThat(LIVE.matcher(clean.toLowerCase(Locale.ROOT)).find()).as(clean).isFalse();
    assertThat(clean.length()).isLessThanOrEqualTo(200);
  }
}
