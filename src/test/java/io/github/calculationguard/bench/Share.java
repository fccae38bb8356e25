package io.github.calculationguard.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Holds the functions of both sides to a share of a processor, as Lambda does by their memory. */
final class Share implements AutoCloseable {

  /** The memory with which a function has one processor, by AWS's documentation. */
  static final double MEGABYTES_OF_ONE = 1769;

  // Lambda's own period is not documented. A share that comes in smaller pieces waits more evenly.
  private static final int PERIOD_MICROS = 20_000;
  private static final Path ROOT = Path.of("/sys/fs/cgroup");

  private final List<String> prefix;
  private final List<Path> groups;

  private Share(List<String> prefix, List<Path> groups) {
    this.prefix = prefix;
    this.groups = groups;
  }

  /** All of every processor. */
  static Share whole() {
    return new Share(List.of(), List.of());
  }

  /**
   * @throws IOException where this machine has no control groups, or this user may not make one
   */
  static Share of(double share) throws IOException {
    var quota = Math.round(share * PERIOD_MICROS);
    var isSecond = Files.exists(ROOT.resolve("cgroup.controllers"));
    var group = ROOT.resolve(isSecond ? "" : "cpu").resolve("guard-bench");
    Files.createDirectories(group);
    if (isSecond) {
      Files.writeString(group.resolve("cpu.max"), quota + " " + PERIOD_MICROS);
    } else {
      Files.writeString(group.resolve("cpu.cfs_period_us"), String.valueOf(PERIOD_MICROS));
      Files.writeString(group.resolve("cpu.cfs_quota_us"), String.valueOf(quota));
    }
    var join = "echo $$ > %s && exec \"$@\"".formatted(group.resolve("cgroup.procs"));
    return new Share(List.of("/bin/sh", "-c", join, "sh"), List.of(group));
  }

  /** The command, held to the share from its start. */
  List<String> of(List<String> command) {
    var held = new ArrayList<>(prefix);
    held.addAll(command);
    return held;
  }

  static String text(double share) {
    return String.format(Locale.ROOT, "%.2f", share);
  }

  @Override
  public void close() throws IOException {
    for (var group : groups) {
      Files.deleteIfExists(group);
    }
  }
}
