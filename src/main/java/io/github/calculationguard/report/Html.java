package io.github.calculationguard.report;

/** Text as HTML shows it. */
final class Html {

  private Html() {}

  /** For an element's content and for an attribute between quotation marks alike. */
  static String text(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }
}
