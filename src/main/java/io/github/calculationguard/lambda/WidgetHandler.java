package io.github.calculationguard.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import io.github.calculationguard.guard.Inventory;
import io.github.calculationguard.guard.RateLimiter;
import io.github.calculationguard.report.InventoryRecord;
import io.github.calculationguard.report.InvocationInfo;
import io.github.calculationguard.report.WidgetPage;
import io.github.calculationguard.report.WidgetPage.Theme;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Answers CloudWatch's dashboard with the page of what runs now. It reads only. */
public final class WidgetHandler implements RequestHandler<Map<String, Object>, Object> {

  /** A viewer waits. The rest of the ten seconds is for rendering the page. */
  private static final Duration MAX_READING = Duration.ofSeconds(9);

  private final InstantSource clock;
  private final double usdPerDpuHour;
  private final @Nullable String stopFunctionArn;
  private final String version = Configuration.guardVersion();
  private final Inventory.Reader reader;
  private boolean coldStart = true;

  /**
   * For Lambda.
   *
   * @throws Configuration.InvalidConfigurationException naming each variable of the environment
   *     that is missing or wrong
   */
  public WidgetHandler() {
    this(new Configuration(System.getenv()), InstantSource.system(), SweepHandler::sleep);
  }

  WidgetHandler(Configuration configuration, InstantSource clock, Consumer<Duration> sleep) {
    this.clock = clock;
    usdPerDpuHour = configuration.usdPerDpuHour();
    stopFunctionArn = configuration.stopFunctionArn();
    var clients = configuration.clients();
    var limiter = new RateLimiter(configuration.callsPerSecond(), clock, sleep);
    var scope = configuration.scope();
    configuration.check();
    var athena = clients.athena(clients.resources(), clock, limiter);
    reader = new Inventory.Reader(athena, clock, scope);
  }

  /** Answers with HTML; or, asked to describe itself, with Markdown. */
  @Override
  public Object handleRequest(@Nullable Map<String, Object> event, Context context) {
    if (event != null && Boolean.TRUE.equals(event.get("describe"))) {
      return WidgetPage.documentation();
    }
    var arrival = Invocation.of(context, null, false, clock.instant());
    var overview = reader.read(arrival.place(), arrival.within(MAX_READING));
    var teller = new InvocationInfo(version, arrival.requestId(), coldStart, usdPerDpuHour);
    coldStart = false;
    new JsonLogger(context.getLogger()).write(InventoryRecord.of(overview, arrival.now(), teller));
    return WidgetPage.of(overview, usdPerDpuHour, stopFunctionArn, theme(event));
  }

  private static Theme theme(@Nullable Map<String, Object> event) {
    return event != null
            && event.get("widgetContext") instanceof Map<?, ?> widget
            && "dark".equals(widget.get("theme"))
        ? Theme.DARK
        : Theme.LIGHT;
  }
}
