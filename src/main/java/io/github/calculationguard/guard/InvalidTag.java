package io.github.calculationguard.guard;

/**
 * A tag of ours that says nothing we understand. Until somebody mends it, nothing is stopped in the
 * workgroup or session that carries it, since its owner may have meant to protect it.
 *
 * @param arn the workgroup or session that carries it
 * @param value its user's own words: show them with care
 * @param accepted what would be understood
 */
public record InvalidTag(String arn, String key, String value, String accepted) {}
