package io.github.calculationguard.standin;

import com.amazonaws.services.lambda.crac.Core;
import com.amazonaws.services.lambda.crac.Resource;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.logging.LogLevel;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** A handler for tests of LocalLambda. Its event says what it does. */
public final class TrivialHandler implements RequestHandler<Map<String, Object>, Object>, Resource {

  private boolean restored;

  /** For Lambda. */
  public TrivialHandler() {
    if (System.getenv("FAIL_AT_START") != null) {
      throw new IllegalStateException("told to fail at start");
    }
    Core.getGlobalContext().register(this);
  }

  @Override
  public Object handleRequest(Map<String, Object> event, Context context) {
    var message = String.valueOf(event.get("message"));
    return switch (String.valueOf(event.get("do"))) {
      case "throw" -> throw new IllegalArgumentException(message);
      case "exit" -> {
        System.exit(3);
        yield "";
      }
      case "hang" -> {
        try {
          new CountDownLatch(1).await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
        yield "";
      }
      case "print" -> {
        System.out.println(message);
        yield "printed";
      }
      case "log" -> {
        context.getLogger().log(message.getBytes(StandardCharsets.UTF_8), LogLevel.INFO);
        context.getLogger().log(message, LogLevel.WARN);
        yield "logged";
      }
      default -> describe(event, context);
    };
  }

  private Map<String, Object> describe(Map<String, Object> event, Context context) {
    var answer = new LinkedHashMap<String, Object>();
    answer.put("event", event);
    answer.put("requestId", context.getAwsRequestId());
    answer.put("functionArn", context.getInvokedFunctionArn());
    answer.put("memory", context.getMemoryLimitInMB());
    answer.put("remaining", context.getRemainingTimeInMillis());
    answer.put("trace", System.getProperty("com.amazonaws.xray.traceHeader", ""));
    answer.put("colour", String.valueOf(System.getenv("COLOUR")));
    answer.put("home", String.valueOf(System.getenv("HOME")));
    answer.put("accessKey", String.valueOf(System.getenv("AWS_ACCESS_KEY_ID")));
    answer.put("restored", restored);
    answer.put("pid", ProcessHandle.current().pid());
    return answer;
  }

  @Override
  public void beforeCheckpoint(
      com.amazonaws.services.lambda.crac.Context<? extends Resource> context) {}

  @Override
  public void afterRestore(com.amazonaws.services.lambda.crac.Context<? extends Resource> context) {
    if (System.getenv("FAIL_AT_RESTORE") != null) {
      throw new IllegalStateException("told to fail at restore");
    }
    restored = true;
  }
}
