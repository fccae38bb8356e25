package io.github.calculationguard.spark;

/**
 * A workgroup for Spark: the unit by which people are permitted, limited and billed.
 *
 * @param name as Athena says it
 */
public record WorkGroup(String name) {}
