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
public record Notification(
    String subject, String text, String queue, String chat, Map<String, String> attributes) {}
