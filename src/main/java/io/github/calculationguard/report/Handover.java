package io.github.calculationguard.report;

import module java.base;

import io.github.calculationguard.guard.Finding;
import io.github.calculationguard.report.NotificationPublisher.NotPublishedException;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.stop.Request.EndSession;
import io.github.calculationguard.stop.Request.StopRequest;
import org.jspecify.annotations.Nullable;

/**
 * A stop request whose sender was answered before its end, on its way back to the stop function,
 * which carries out the rest.
 */
public record Handover(StopRequest request) {

  public static final String DETAIL_TYPE = "Athena Calculation Stop Handover";
  public static final String ORDER_ID = "orderId";
  public static final String REQUESTED_AT = "requestedAt";
  public static final String REQUESTED_BY = "requestedBy";
  public static final String CLAIMED_BY = "claimedBy";
  public static final String REASON = "reason";
  public static final String END_SESSION = "endSession";
  public static final String FORCE = "force";

  /** Where the rest of a request goes. */
  @FunctionalInterface
  public interface Publisher {

    /**
     * Publishes, and returns by the deadline.
     *
     * @throws NotPublishedException if AWS refused it, even on a second try
     */
    void publish(Handover handover, Deadline deadline);
  }

  /** The event's detail. Unknown values are left out. */
  public Map<String, Object> detail() {
    var metadata = request.metadata();
    var detail = new LinkedHashMap<String, Object>();
    detail.put("version", "1");
    detail.put(ORDER_ID, metadata.id());
    detail.put("trigger", metadata.source().toString());
    detail.put(REQUESTED_AT, metadata.at().toString());
    put(detail, REQUESTED_BY, metadata.requestedBy());
    // EventBridge takes no long texts.
    put(detail, CLAIMED_BY, UserText.cleanOrNull(metadata.claimedBy()));
    put(detail, REASON, UserText.cleanOrNull(metadata.reason()));
    put(detail, Finding.CALCULATION_ID, request.calculation());
    put(detail, Finding.SESSION_ID, request.session());
    if (request instanceof EndSession end) {
      detail.put(END_SESSION, true);
      detail.put(FORCE, end.force());
    }
    return detail;
  }

  private static void put(Map<String, Object> detail, String name, @Nullable Object value) {
    if (value != null) {
      detail.put(name, value.toString());
    }
  }
}
