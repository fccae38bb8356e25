package io.github.calculationguard.report;

import module java.base;

import io.github.calculationguard.guard.Finding;
import io.github.calculationguard.spark.InternalBus.Event;
import io.github.calculationguard.stop.Request.*;
import org.jspecify.annotations.Nullable;

/**
 * A stop request whose sender was answered before its end, on its way back to the stop function,
 * which carries out the rest.
 */
public final class Handover {

  public static final String DETAIL_TYPE = "Athena Calculation Stop Handover";
  public static final String ORDER_ID = "orderId";
  public static final String REQUESTED_AT = "requestedAt";
  public static final String REQUESTED_BY = "requestedBy";
  public static final String CLAIMED_BY = "claimedBy";
  public static final String REASON = "reason";
  public static final String END_SESSION = "endSession";
  public static final String FORCE = "force";

  private Handover() {}

  /** The event of a request. EventBridge takes no long texts, so they are cut. */
  public static Event event(StopRequest request, Instant now) {
    var metadata = request.metadata();
    var end = request instanceof EndSession it ? it : null;
    var detail = new LinkedHashMap<String, @Nullable Object>();
    detail.put("version", "1");
    detail.put(ORDER_ID, metadata.id());
    detail.put("trigger", metadata.source().toString());
    detail.put(REQUESTED_AT, metadata.at().toString());
    detail.put(REQUESTED_BY, metadata.requestedBy());
    detail.put(CLAIMED_BY, UserText.cleanOrNull(metadata.claimedBy()));
    detail.put(REASON, UserText.cleanOrNull(metadata.reason()));
    detail.put(Finding.CALCULATION_ID, Objects.toString(request.calculation(), null));
    detail.put(Finding.SESSION_ID, Objects.toString(request.session(), null));
    detail.put(END_SESSION, end == null ? null : true);
    detail.put(FORCE, end == null ? null : end.force());
    return new Event(DETAIL_TYPE, now, detail);
  }
}
