package io.github.calculationguard.report;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Text that somebody else wrote (a description, a reason, a name), made fit for a log, a subject,
 * an email and a chat: on one line, without control or direction characters, mentions or live
 * links, and not too long.
 */
public final class UserText {

  /** More than this many characters of a stranger's text help nobody. */
  static final int MOST = 200;

  /** What AWS says may be longer: an ARN or two stand in it. */
  static final int MOST_OF_AWS = 1000;

  private static final Pattern UNSEEN = Pattern.compile("[\\p{C}\\p{Z}\\s]+");
  // An underscore is no part of a word here: chats take it for the beginning of italics.
  private static final Pattern SCHEME =
      Pattern.compile("(?i)(?<=(?<![a-z0-9])(?:mailto|tel|javascript|data)):|:(?=//)");
  private static final Pattern HOST =
      Pattern.compile(
          "(?i)(?<=(?<![a-z0-9])www)\\.|\\.(?=(?:com|net|org|io|co|dev|app|info|biz|xyz|link|click|top|site|online|ru|cn|de|uk|eu|me|ly|gl)(?![a-z0-9]))");

  private UserText() {}

  /** The text on one line, harmless; empty if nothing is left of it. */
  public static String clean(String text) {
    return clean(text, MOST);
  }

  static String clean(String text, int most) {
    // Cut first, so that a megabyte costs no more than a line does.
    var line = UNSEEN.matcher(cut(text, 8 * most)).replaceAll(" ").strip();
    line = SCHEME.matcher(line).replaceAll("[:]");
    line = HOST.matcher(line).replaceAll("[.]");
    line = line.replace("@", "(at)").replace('<', '‹').replace('>', '›').replace('`', '\'');
    return cut(line, most);
  }

  /** The same between quotation marks, so that it can't be taken for our own words. */
  public static String quoted(String text) {
    return '"' + clean(text).replace('"', '\'') + '"';
  }

  /** The same; absent where there is no text. */
  static @Nullable String cleanOrNull(@Nullable String text) {
    return text == null ? null : clean(text);
  }

  /** The same between quotation marks; absent where there is no text. */
  static @Nullable String quotedOrNull(@Nullable String text) {
    return text == null || text.isBlank() ? null : quoted(text);
  }

  private static String cut(String text, int most) {
    if (text.length() <= most) {
      return text;
    }
    var end = most - 1;
    if (Character.isHighSurrogate(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end) + "…";
  }
}
