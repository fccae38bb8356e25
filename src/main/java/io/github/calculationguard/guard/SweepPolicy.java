package io.github.calculationguard.guard;

import java.time.Duration;

/**
 * What a deployment asks of its sweeps.
 *
 * @param limits those that hold where no tag says otherwise
 * @param maxExempt how far ahead a session's own tag may exempt it
 * @param mayTerminate whether the guard may end sessions
 * @param maxActions how many orders one sweep may give
 * @param findingExpires how long an order is good for
 * @param usdPerDpuHour Athena's price in the Region
 * @param ownerTag the key of the tag that names an owner, in whatever case
 */
public record SweepPolicy(
    WorkGroupPattern workGroups,
    Limits limits,
    Duration maxExempt,
    boolean mayTerminate,
    int maxActions,
    Duration findingExpires,
    double usdPerDpuHour,
    String ownerTag) {}
