package io.github.calculationguard.report;

import module java.base;

import org.jspecify.annotations.Nullable;

/**
 * Makes text from outside (a description, a reason, an owner) safe to show in a log, an email, a
 * chat and a page.
 *
 * <p>The result is one line of limited length. It has no control or direction characters, and
 * nothing that mail and chat clients turn into a mention or a link: no host name whatever its
 * ending, IP address, mail address, network path or address of a known scheme. Numbers, versions,
 * abbreviations and ARNs stay as they are. Phone numbers, dates and postal addresses, which some
 * clients recognize, stay too.
 */
public final class UserText {

  private static final int MAX = 200;
  private static final int MAX_OF_AWS = 1000;
  private static final int MAX_ATTRIBUTE = 256;
  private static final Pattern INVISIBLE = Pattern.compile("[\\p{C}\\p{Z}\\s]+");
  private static final Pattern AT = Pattern.compile("[@\ufe6b\uff20]");

  // Dots, with the Unicode variants that browsers accept in host names. No top-level domain has a
  // single letter or begins with a digit, so "e.g." and "1.5" are safe.
  private static final String DOT = "[.\u2024\u3002\ufe52\uff0e\uff61]";
  private static final Pattern LINK =
      Pattern.compile(
          "(?<=[^\\s.])%1$s(?=\\p{L}[\\p{L}\\p{M}\\p{N}_-])|:(?=//)|\\\\(?=\\\\)".formatted(DOT)
              + "|(?<![\\p{L}\\p{N}])(?:www\\d*%s|(?:mailto|tel|sms|javascript|vbscript|data"
                  .formatted(DOT)
              + "|file|skype|sip|magnet|slack|msteams|webcal|news|urn|geo|facetime|callto|xmpp"
              + "|view-source|blob|about|bitcoin|whatsapp|tg|intent|market|onenote|ms-word|zoommtg"
              + "|itms|ldap|feed|outlook):)(?=\\S)",
          Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);
  private static final Pattern IP_ADDRESS = Pattern.compile("\\d+(?:%s\\d+){3,}".formatted(DOT));

  private UserText() {}

  /** The safe text, at most 200 characters; empty if nothing visible is left. */
  public static String clean(String text) {
    return clean(text, MAX);
  }

  /** A message of AWS, which may be longer because it contains ARNs. */
  static String aws(String text) {
    return clean(text, MAX_OF_AWS);
  }

  /** A URI of S3 as it is, so that it can be copied, if nothing in it can be taken for a host. */
  static String s3(String uri) {
    return uri.length() <= MAX_OF_AWS && uri.matches("s3://[a-z0-9-]{3,63}(/[\\w=.-]+)*/?")
        ? uri
        : aws(uri);
  }

  static String clean(String text, int max) {
    var line = LINK.matcher(line(text, max)).replaceAll(it -> broken(it.group()));
    return cut(IP_ADDRESS.matcher(line).replaceAll(it -> it.group().replaceAll(DOT, "[$0]")), max);
  }

  /** What ends in a dot, a colon or a backslash, with that in brackets. */
  private static String broken(String link) {
    var last = link.length() - 1;
    return Matcher.quoteReplacement(link.substring(0, last) + "[" + link.charAt(last) + "]");
  }

  /** The safe text between quotation marks that it cannot close. */
  public static String quoted(String text) {
    return '"' + clean(text).replace('"', '\'') + '"';
  }

  static @Nullable String cleanOrNull(@Nullable String text) {
    return text == null ? null : clean(text);
  }

  static @Nullable String quotedOrNull(@Nullable String text) {
    return text == null || text.isBlank() ? null : quoted(text);
  }

  /** A name that programs compare, such as a workgroup's: its dots stay. */
  static String name(String text) {
    return line(text, MAX);
  }

  /**
   * A subject, or what subscribers filter by, such as an owner: not made safe, only without
   * characters other than printable ASCII. Empty if nothing is left.
   */
  static String ascii(String text) {
    return text.substring(0, Math.min(text.length(), MAX_ATTRIBUTE))
        .replaceAll("[^ -~]", "?")
        .strip();
  }

  /** The texts that are there and not empty, with a separator between them. */
  static String joined(String separator, @Nullable String... texts) {
    return Stream.of(texts)
        .filter(it -> it != null && !it.isEmpty())
        .collect(Collectors.joining(separator));
  }

  private static String line(String text, int max) {
    // Cut before anything else, so that a megabyte costs no more than a line.
    var line = INVISIBLE.matcher(cut(text, 8 * max)).replaceAll(" ").strip();
    line = AT.matcher(line).replaceAll("(at)");
    return cut(line.replace('<', '‹').replace('>', '›').replace('`', '\''), max);
  }

  static String cut(String text, int max) {
    if (text.length() <= max) {
      return text;
    }
    var end = Character.isHighSurrogate(text.charAt(max - 2)) ? max - 2 : max - 1;
    return text.substring(0, end) + "…";
  }
}
