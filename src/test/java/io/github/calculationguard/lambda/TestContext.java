package io.github.calculationguard.lambda;

import com.amazonaws.services.lambda.runtime.ClientContext;
import com.amazonaws.services.lambda.runtime.CognitoIdentity;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.amazonaws.services.lambda.runtime.logging.LogLevel;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.standin.LocalWorld;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One invocation as Lambda describes it to a function, and what the function logged in it. */
@SuppressWarnings("NullAway") // Lambda itself answers null where it has nothing to say.
final class TestContext implements Context, LambdaLogger {

  private final String requestId;
  private final Duration left;
  private final @Nullable String trace;
  private AccountRegion place = LocalWorld.PLACE;
  private String function = "guard-StopFunction:live";
  final List<String> lines = new ArrayList<>();
  final List<LogLevel> levels = new ArrayList<>();

  TestContext(String requestId, Duration left, @Nullable String trace) {
    this.requestId = requestId;
    this.left = left;
    this.trace = trace;
  }

  TestContext(String requestId) {
    this(requestId, Duration.ofSeconds(90), null);
  }

  /** Invokes the function by this name, with an alias or without one. */
  TestContext at(String qualifiedName) {
    function = qualifiedName;
    return this;
  }

  /** Invokes the function of this account. */
  TestContext inAccount(String id) {
    return in(new AccountRegion(place.partition(), place.region(), id));
  }

  /** Invokes the function of this account and Region. */
  TestContext in(AccountRegion other) {
    place = other;
    return this;
  }

  @Override
  public void log(byte[] message, LogLevel level) {
    lines.add(new String(message, StandardCharsets.UTF_8));
    levels.add(level);
  }

  @Override
  public void log(byte[] message) {
    log(message, LogLevel.UNDEFINED);
  }

  @Override
  public void log(String message) {
    throw new AssertionError("a text would be wrapped in JSON once more: " + message);
  }

  @Override
  public LambdaLogger getLogger() {
    return this;
  }

  @Override
  public String getAwsRequestId() {
    return requestId;
  }

  @Override
  public int getRemainingTimeInMillis() {
    return (int) left.toMillis();
  }

  @Override
  public String getInvokedFunctionArn() {
    return "arn:%s:lambda:%s:%s:function:%s"
        .formatted(place.partition(), place.region(), place.accountId(), function);
  }

  /** What the runtime interface client sets as a property. */
  @Nullable String trace() {
    return trace;
  }

  @Override
  public String getXrayTraceId() {
    throw new NoSuchMethodError("the runtime's own core library may lack it");
  }

  @Override
  public String getLogGroupName() {
    return "/aws/lambda/guard-StopFunction";
  }

  @Override
  public String getLogStreamName() {
    return "2026/11/22/[1]0123456789abcdef";
  }

  @Override
  public String getFunctionName() {
    return "guard-StopFunction";
  }

  @Override
  public String getFunctionVersion() {
    return "1";
  }

  @Override
  public int getMemoryLimitInMB() {
    return 512;
  }

  @Override
  public CognitoIdentity getIdentity() {
    return null;
  }

  @Override
  public ClientContext getClientContext() {
    return null;
  }
}
