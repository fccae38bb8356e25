package io.github.calculationguard.aws;

import module java.base;

import io.github.calculationguard.guard.RateLimiter;
import io.github.calculationguard.report.NotificationPublisher;
import io.github.calculationguard.spark.AthenaSpark;
import io.github.calculationguard.spark.InternalBus;
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

  private final Duration attempt;
  private final int attempts;
  private final Connections http;
  private final AwsCredentialsProviderChain credentials;
  private final ScheduledThreadPoolExecutor timer;

  /**
   * @param attempt the time limit of one try of a call
   * @param attempts how often a call is tried, including the first time
   */
  public AwsClients(Duration attempt, int attempts) {
    this(attempt, attempts, httpClient(attempt).build());
  }

  /** With another HTTP client than Apache's. */
  public AwsClients(Duration attempt, int attempts, SdkHttpClient http) {
    this(attempt, attempts, new Connections(http));
  }

  private AwsClients(Duration attempt, int attempts, Connections http) {
    this.attempt = attempt;
    this.attempts = attempts;
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

  /** The like, with other connections, a timer and credentials of their own. */
  AwsClients through(UnaryOperator<SdkHttpClient> wrapper, TrustManagerFactory trust) {
    var other = httpClient(attempt).tlsTrustManagersProvider(trust::getTrustManagers).build();
    return new AwsClients(attempt, attempts, http.through(wrapper.apply(other)));
  }

  Connections http() {
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

  /**
   * Begins to open a connection to each endpoint that the rehearsal used, while nobody needs it
   * yet.
   */
  public void connect() {
    http.open();
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

  private static Apache5HttpClient.Builder httpClient(Duration attempt) {
    return Apache5HttpClient.builder()
        .connectionTimeout(attempt.compareTo(MAX_TO_CONNECT) < 0 ? attempt : MAX_TO_CONNECT)
        .socketTimeout(attempt);
  }

  private <B extends AwsClientBuilder<B, C> & AwsSyncClientBuilder<B, C>, C> C configured(
      B builder, ExecutionInterceptor... interceptors) {
    var retries = AwsRetryStrategy.standardRetryStrategy().toBuilder().maxAttempts(attempts);
    return builder
        .httpClient(http)
        .credentialsProvider(credentials)
        .overrideConfiguration(
            c ->
                c.apiCallAttemptTimeout(attempt)
                    .scheduledExecutorService(timer)
                    .executionInterceptors(List.of(interceptors))
                    .retryStrategy(retries.build()))
        .build();
  }

  /** Spaces out every try of every call. */
  private record RateLimitedCalls(RateLimiter limiter) implements ExecutionInterceptor {

    private static final ExecutionAttribute<Boolean> WAITED = new ExecutionAttribute<>("Waited");

    /**
     * Waits out here for the first try, where the wait does not count as a part of its time: not
     * for longer than the call has, or several that wait would run past their deadline.
     */
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
