package io.github.calculationguard.report;

/**
 * What every log line of one invocation shares.
 *
 * @param usdPerDpuHour what a DPU-hour costs in this Region, in US dollars
 */
public record InvocationInfo(
    String guardVersion, String requestId, boolean coldStart, double usdPerDpuHour) {}
