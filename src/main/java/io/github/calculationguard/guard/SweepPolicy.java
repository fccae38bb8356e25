package io.github.calculationguard.guard;

/**
 * What a sweep covers, and what it may do.
 *
 * @param mayTerminate whether sessions may be terminated
 * @param maxActions how many stops one sweep may request
 * @param usdPerDpuHour Athena's price in the Region
 */
public record SweepPolicy(
    Inventory.Scope scope, boolean mayTerminate, int maxActions, double usdPerDpuHour) {}
