package io.github.calculationguard.aws;

import module java.base;

import io.github.calculationguard.guard.RateLimiter;
import io.github.calculationguard.report.NotificationPublisher;
import io.github.calculationguard.spark.*;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProviderChain;
import software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider;
import software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider;
import software.amazon.awssdk.auth.credentials.SystemPropertyCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.client.builder.AwsSyncClientBuilder;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttribute;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.core.interceptor.SdkExecutionAttribute;
import software.amazon.awssdk.core.retry.RetryUtils;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.services.athena.AthenaClient;
import software.amazon.awssdk.services.eventbridge.EventBridgeClient;
import software.amazon.awssdk.services.sns.SnsClient;

/**
 * The SDK's clients of one function, all alike. They share an HTTP client, the function's
 * credentials, and a timer that ends calls that take too long. Region, credentials and endpoints
 * are the environment's.
 */
public final class AwsClients implements AutoCloseable {

  private static final Duration MAX_TO_CONNECT = Duration.ofSeconds(1);

  private final Duration attemptTimeout;
  private final int maxAttempts;
  private final PreconnectingHttpClient http;
  private final AwsCredentialsProviderChain credentials;
  private final ScheduledThreadPoolExecutor timer;

  /**
   * @param attemptTimeout the time limit of each attempt of a call
   * @param maxAttempts how often a call is attempted, the first time included
   */
  public AwsClients(Duration attemptTimeout, int maxAttempts) {
    this(attemptTimeout, maxAttempts, httpClient(attemptTimeout).build());
  }

  public AwsClients(Duration attemptTimeout, int maxAttempts, SdkHttpClient http) {
    this(attemptTimeout, maxAttempts, new PreconnectingHttpClient(http));
  }

  private AwsClients(Duration attemptTimeout, int maxAttempts, PreconnectingHttpClient http) {
    this.attemptTimeout = attemptTimeout;
    this.maxAttempts = maxAttempts;
    this.http = http;
    // Lambda gives them in variables, and with SnapStart as a container does. The SDK's own chain
    // looks through files first.
    credentials =
        AwsCredentialsProviderChain.of(
            SystemPropertyCredentialsProvider.create(),
            EnvironmentVariableCredentialsProvider.create(),
            ContainerCredentialsProvider.create());
    // One thread, started before the first call. The SDK's default is up to five for each client.
    timer =
        new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("timer").factory());
    timer.setRemoveOnCancelPolicy(true);
    timer.prestartCoreThread();
  }

  /** The same clients, with a wrapped HTTP client, a timer and credentials of their own. */
  AwsClients withHttpClient(
      UnaryOperator<SdkHttpClient> wrapper, TrustManagerFactory trustManagers) {
    var other =
        httpClient(attemptTimeout)
            .tlsTrustManagersProvider(trustManagers::getTrustManagers)
            .build();
    return new AwsClients(attemptTimeout, maxAttempts, http.withHttpClient(wrapper.apply(other)));
  }

  PreconnectingHttpClient http() {
    return http;
  }

  public AthenaSpark athena(InstantSource clock) {
    return new SdkAthenaSpark(configured(AthenaClient.builder()), clock);
  }

  /** Athena, called at a limited rate. */
  public SdkAthenaSpark athena(InstantSource clock, RateLimiter limiter) {
    var limited = new RateLimitedCalls(limiter);
    return new SdkAthenaSpark(configured(AthenaClient.builder(), limited), clock);
  }

  public InternalBus eventBridge(String busName, InstantSource clock) {
    return new EventBridgePublisher(configured(EventBridgeClient.builder()), busName, clock);
  }

  public NotificationPublisher sns(String topicArn, InstantSource clock) {
    return new SnsPublisher(configured(SnsClient.builder()), topicArn, clock);
  }

  /** Begins to open a connection to each endpoint that priming used, before a call needs it. */
  public void preconnect() {
    http.preconnect();
  }

  /** Fetches the credentials before a call needs them. If that fails, the call tries again. */
  public void fetchCredentials() {
    try {
      var _ = credentials.resolveCredentials();
    } catch (SdkException e) {
      // That call reports the error.
    }
  }

  @Override
  public void close() {
    http.close();
    timer.shutdownNow();
    credentials.close();
  }

  private static Apache5HttpClient.Builder httpClient(Duration attemptTimeout) {
    return Apache5HttpClient.builder()
        .connectionTimeout(
            attemptTimeout.compareTo(MAX_TO_CONNECT) < 0 ? attemptTimeout : MAX_TO_CONNECT)
        .socketTimeout(attemptTimeout);
  }

  private <B extends AwsClientBuilder<B, C> & AwsSyncClientBuilder<B, C>, C> C configured(
      B builder, ExecutionInterceptor... interceptors) {
    var retries = AwsRetryStrategy.standardRetryStrategy().toBuilder().maxAttempts(maxAttempts);
    return builder
        .httpClient(http)
        .credentialsProvider(credentials)
        .overrideConfiguration(
            c ->
                c.apiCallAttemptTimeout(attemptTimeout)
                    .scheduledExecutorService(timer)
                    .executionInterceptors(List.of(interceptors))
                    .retryStrategy(retries.build()))
        .build();
  }

  /** Spaces out every attempt of every call. */
  private record RateLimitedCalls(RateLimiter limiter) implements ExecutionInterceptor {

    private static final ExecutionAttribute<Boolean> WAITED = new ExecutionAttribute<>("Waited");

    /** Waits before the first attempt, outside its timeout, and at most until the deadline. */
    @Override
    public void beforeExecution(Context.BeforeExecution context, ExecutionAttributes attributes) {
      var limits = context.request().overrideConfiguration().orElseThrow();
      var operation = attributes.getAttribute(SdkExecutionAttribute.OPERATION_NAME);
      if (!limiter.before(operation, limits.apiCallTimeout().orElseThrow())) {
        throw AwsCalls.outOfTime();
      }
      attributes.putAttribute(WAITED, true);
    }

    @Override
    public void beforeTransmission(
        Context.BeforeTransmission context, ExecutionAttributes attributes) {
      if (!attributes.getAttribute(WAITED)) {
        // A call is repeated where Athena throttled it, failed or did not answer in time.
        limiter.slowDown();
        limiter.before(attributes.getAttribute(SdkExecutionAttribute.OPERATION_NAME));
      }
      attributes.putAttribute(WAITED, false);
    }

    @Override
    public void onExecutionFailure(
        Context.FailedExecution context, ExecutionAttributes attributes) {
      if (context.exception() instanceof SdkException e && RetryUtils.isThrottlingException(e)) {
        limiter.slowDown();
      }
    }
  }
}
