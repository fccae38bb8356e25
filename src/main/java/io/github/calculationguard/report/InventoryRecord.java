package io.github.calculationguard.report;

import io.github.calculationguard.guard.Inventory;
import io.github.calculationguard.guard.Inventory.ReadFailure;
import io.github.calculationguard.spark.Severity;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.stream.Collectors;

/** The log line of one view of the page on the dashboard. */
public final class InventoryRecord {

  private static final int MAX_REASONS = 5;

  private InventoryRecord() {}

  /**
   * Of what a viewer was shown.
   *
   * @param startedAt when reading began
   */
  public static LogRecord of(Inventory overview, Instant startedAt, InvocationInfo teller) {
    var why =
        overview.gaps().stream()
            .map(ReadFailure::why)
            .filter(Objects::nonNull)
            .distinct()
            .limit(MAX_REASONS)
            .collect(Collectors.joining("; "));
    var severity =
        !why.isEmpty()
            ? Severity.ERROR
            : overview.gaps().isEmpty() ? Severity.INFO : Severity.WARNING;
    return new LogRecord()
        .head("look", severity, overview.place(), teller, overview.at())
        .put("outcome", overview.gaps().isEmpty() ? "COMPLETE" : "INCOMPLETE")
        .put("reason", UserText.clean(why, UserText.MOST_OF_AWS))
        .put("work_groups", overview.workGroups())
        .put("sessions_seen", overview.entries().size())
        .put("unread", overview.gaps().size())
        .put("duration_millis", Duration.between(startedAt, overview.at()).toMillis())
        .tail(teller);
  }
}
