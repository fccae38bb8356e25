package io.github.calculationguard.aws;

import io.github.calculationguard.guard.RateLimiter;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttribute;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.core.interceptor.SdkExecutionAttribute;

/** Keeps every try of every call at a pace. */
final class RateLimitedCalls implements ExecutionInterceptor {

  private static final ExecutionAttribute<Boolean> PACED = new ExecutionAttribute<>("Paced");

  private final RateLimiter pace;

  RateLimitedCalls(RateLimiter pace) {
    this.pace = pace;
  }

  /** Waits out here, where the wait does not count as a part of a try's time. */
  @Override
  public void beforeExecution(Context.BeforeExecution context, ExecutionAttributes attributes) {
    pace.before(attributes.getAttribute(SdkExecutionAttribute.OPERATION_NAME));
    attributes.putAttribute(PACED, true);
  }

  @Override
  public void beforeTransmission(
      Context.BeforeTransmission context, ExecutionAttributes attributes) {
    if (!attributes.getAttribute(PACED)) {
      pace.before(attributes.getAttribute(SdkExecutionAttribute.OPERATION_NAME));
    }
    attributes.putAttribute(PACED, false);
  }
}
