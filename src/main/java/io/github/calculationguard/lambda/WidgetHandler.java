package io.github.calculationguard.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import io.github.calculationguard.report.InventoryRecord;
import io.github.calculationguard.report.StopReport.InvocationInfo;
import io.github.calculationguard.report.WidgetPage;
import io.github.calculationguard.report.WidgetPage.Theme;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Answers CloudWatch's dashboard with the page of what runs now. It reads only. */
public final class WidgetHandler implements RequestHandler<Map<String, Object>, Object> {

  /** A viewer waits. The rest of the ten seconds is for rendering the page. */
  private static final Duration MAX_READING = Duration.ofSeconds(9);

  private final WidgetWiring wired;
  private boolean coldStart = true;

  /**
   * For Lambda.
   *
   * @throws Settings.WrongSettingsException naming each variable of the environment that is missing
   *     or wrong
   */
  public WidgetHandler() {
    this(WidgetWiring.of(System.getenv()));
  }

  WidgetHandler(WidgetWiring wired) {
    this.wired = wired;
  }

  /** Answers with HTML; or, asked to describe itself, with Markdown. */
  @Override
  public Object handleRequest(@Nullable Map<String, Object> event, Context context) {
    if (event != null && Boolean.TRUE.equals(event.get("describe"))) {
      return WidgetPage.documentation();
    }
    var settings = wired.settings();
    var arrival = Invocation.of(context, wired.clock().instant());
    var overview = wired.lookout().look(arrival.place(), arrival.within(MAX_READING));
    var usdPerDpuHour = settings.usdPerDpuHour();
    var teller = new InvocationInfo(wired.version(), arrival.requestId(), coldStart, usdPerDpuHour);
    coldStart = false;
    new JsonLogger(context.getLogger()).write(InventoryRecord.of(overview, arrival.now(), teller));
    return WidgetPage.of(overview, usdPerDpuHour, settings.stopFunctionArn(), theme(event));
  }

  private static Theme theme(@Nullable Map<String, Object> event) {
    return event != null
            && event.get("widgetContext") instanceof Map<?, ?> widget
            && "dark".equals(widget.get("theme"))
        ? Theme.DARK
        : Theme.LIGHT;
  }
}
