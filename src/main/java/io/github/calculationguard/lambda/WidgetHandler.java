package io.github.calculationguard.lambda;

import module java.base;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import io.github.calculationguard.guard.*;
import io.github.calculationguard.lambda.JsonObject.InvalidFieldException;
import io.github.calculationguard.report.*;
import io.github.calculationguard.report.WidgetPage.Actions;
import io.github.calculationguard.spark.*;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import org.jspecify.annotations.Nullable;

/** Answers CloudWatch's dashboard with the page of what runs now. It reads only. */
public final class WidgetHandler implements RequestHandler<Map<String, Object>, Object> {

  /**
   * Reached only if Athena is slow or throttles. Leaves two of the function's ten seconds for the
   * page.
   */
  private static final Duration MAX_READING = Duration.ofSeconds(8);

  /** Names the session whose live Spark UI a viewer wants to see. */
  private static final String SPARK_UI = "sparkUi";

  private final Invocation.Factory invocations;
  private final @Nullable String stopFunctionArn;
  private final boolean mayTerminate;
  private final InventoryReader reader;
  private final PageReader page;

  public WidgetHandler() {
    this(new Configuration(System.getenv()), InstantSource.system(), SweepHandler::sleep);
  }

  WidgetHandler(Configuration configuration, InstantSource clock, Consumer<Duration> sleep) {
    invocations = new Invocation.Factory(configuration, clock);
    stopFunctionArn = configuration.stopFunctionArn();
    mayTerminate = configuration.mayTerminate();
    var clients = configuration.clients();
    var limiter = new RateLimiter(configuration.callsPerSecond(), PageReader.BURST, clock, sleep);
    var scope = configuration.scope();
    configuration.check();
    var athena = clients.athena(clock, limiter);
    reader = new InventoryReader(athena, clock, scope);
    page = new PageReader(reader, limiter);
  }

  /** Answers with HTML: the page or a popup; or, asked to describe itself, with Markdown. */
  @Override
  public Object handleRequest(@Nullable Map<String, Object> event, Context context) {
    var request = new JsonObject(event == null ? Map.of() : event);
    if (Boolean.TRUE.equals(request.value("describe"))) {
      return WidgetPage.documentation();
    }
    var invocation = invocations.next(context, null);
    if (request.has(SPARK_UI)) {
      var popup = sparkUi(request, invocation);
      invocation.log(popup.record(invocation.place(), invocation.info(), invocation.now()));
      return popup.html();
    }
    var inventory = page.read(invocation.place(), invocation.within(MAX_READING));
    invocation.log(LogRecord.of(inventory, invocation.info()));
    var isDark = "dark".equals(request.object("widgetContext").text("theme"));
    var actions = new Actions(stopFunctionArn, mayTerminate, context.getInvokedFunctionArn());
    return new WidgetPage(inventory, invocation.info().usdPerDpuHour(), actions, isDark).html();
  }

  private SparkUiPopup sparkUi(JsonObject request, Invocation invocation) {
    SessionId id = null;
    try {
      id = request.id(SPARK_UI, "the event", SessionId.RULE, SessionId::new);
      var deadline = invocation.within(MAX_READING);
      var group = new WorkGroup(reader.athena().session(id, deadline).workGroup());
      if (!group.matches(reader.scope().workGroupPattern())) {
        var problem = "The guard does not watch this session's workgroup: see WorkGroupPattern.";
        return new SparkUiPopup(id, null, problem);
      }
      var arn = invocation.place().arnOf(group, id);
      return new SparkUiPopup(id, reader.athena().sparkUiUrl(arn, deadline), null);
    } catch (InvalidFieldException | AthenaSparkException e) {
      return new SparkUiPopup(id, null, e.getMessage());
    }
  }
}
