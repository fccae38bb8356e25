package io.github.calculationguard.spark;

import java.util.Set;

/** The state of a session, verbatim as Athena reports it. */
public record SessionState(String name) {

  private static final Set<String> OVER = Set.of("TERMINATING", "TERMINATED", "FAILED");

  /** Whether the session has ended or is about to: nothing starts in it, and its bill ends. */
  public boolean hasEnded() {
    return OVER.contains(name);
  }

  /** Whether the session waits for work, and is billed all the same. */
  public boolean isIdle() {
    return name.equals("IDLE");
  }

  /** Whether the session is broken, and is billed all the same. */
  public boolean isDegraded() {
    return name.equals("DEGRADED");
  }

  /** Whether the session works. */
  public boolean isBusy() {
    return name.equals("BUSY");
  }
}
