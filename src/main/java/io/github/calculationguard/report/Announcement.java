package io.github.calculationguard.report;

import java.util.Map;

/**
 * One message to people and programs, in the words of each protocol that carries it.
 *
 * @param subject at most 99 ASCII characters, as SNS wants it
 * @param text for people, by email and wherever nothing else fits
 * @param queue the log line's JSON, for programs
 * @param chat Amazon Q Developer's own schema, for Slack and Teams
 * @param attributes for filter policies
 */
public record Announcement(
    String subject, String text, String queue, String chat, Map<String, String> attributes) {

  static final int MOST_OF_SUBJECT = 99;

  /** A subject that SNS takes: what is not ASCII is replaced, what is too long is cut. */
  static String subject(String wanted) {
    var ascii = wanted.replaceAll("[^\\x20-\\x7E]", "?").strip();
    return ascii.length() <= MOST_OF_SUBJECT
        ? ascii
        : ascii.substring(0, MOST_OF_SUBJECT - 3).strip() + "...";
  }
}
