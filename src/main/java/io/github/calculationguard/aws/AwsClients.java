package io.github.calculationguard.aws;

import module java.base;

import io.github.calculationguard.guard.Finding;
import io.github.calculationguard.guard.RateLimiter;
import io.github.calculationguard.report.NotificationPublisher;
import io.github.calculationguard.spark.AthenaSpark;
import io.github.calculationguard.spark.AthenaSparkReader;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.client.builder.AwsSyncClientBuilder;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttribute;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.core.interceptor.SdkExecutionAttribute;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.services.athena.AthenaClient;
import software.amazon.awssdk.services.eventbridge.EventBridgeClient;
import software.amazon.awssdk.services.sns.SnsClient;

/**
 * Builds the SDK's clients, all alike. Region, credentials and endpoints are the environment's.
 *
 * @param attempt the time limit of one try of a call
 * @param attempts how often a call is tried, including the first time
 */
public record AwsClients(Duration attempt, int attempts) {

  private static final Duration MAX_TO_CONNECT = Duration.ofSeconds(1);

  public AthenaSpark athena(ClientResources resources, InstantSource clock) {
    var client = configured(AthenaClient.builder(), resources).build();
    return new SdkAthenaSpark(client, clock);
  }

  /** Athena, called at a limited rate. */
  public AthenaSparkReader athena(
      ClientResources resources, InstantSource clock, RateLimiter limiter) {
    var limited = new RateLimitedCalls(limiter);
    var client = configured(AthenaClient.builder(), resources, limited).build();
    return new SdkAthenaSpark(client, clock);
  }

  public Finding.Publisher eventBridge(
      ClientResources resources, String busName, InstantSource clock) {
    var client = configured(EventBridgeClient.builder(), resources).build();
    return new EventBridgeFindings(client, busName, clock);
  }

  public NotificationPublisher sns(
      ClientResources resources, String topicArn, InstantSource clock) {
    var client = configured(SnsClient.builder(), resources).build();
    return new SnsPublisher(client, topicArn, clock);
  }

  /** What the clients of one function share. */
  public ClientResources resources() {
    return ClientResources.by(timed().build());
  }

  /** An HTTP client that trusts only these certificates. */
  SdkHttpClient http(TrustManagerFactory trust) {
    return timed().tlsTrustManagersProvider(trust::getTrustManagers).build();
  }

  private Apache5HttpClient.Builder timed() {
    return Apache5HttpClient.builder()
        .connectionTimeout(attempt.compareTo(MAX_TO_CONNECT) < 0 ? attempt : MAX_TO_CONNECT)
        .socketTimeout(attempt);
  }

  private <B extends AwsClientBuilder<B, C> & AwsSyncClientBuilder<B, C>, C> B configured(
      B builder, ClientResources resources, ExecutionInterceptor... interceptors) {
    var retries = AwsRetryStrategy.standardRetryStrategy().toBuilder().maxAttempts(attempts);
    return builder
        .httpClient(resources.http())
        .credentialsProvider(resources.credentials())
        .overrideConfiguration(
            c ->
                c.apiCallAttemptTimeout(attempt)
                    .scheduledExecutorService(resources.timer())
                    .executionInterceptors(List.of(interceptors))
                    .retryStrategy(retries.build()));
  }

  /** Spaces out every try of every call. */
  private record RateLimitedCalls(RateLimiter limiter) implements ExecutionInterceptor {

    private static final ExecutionAttribute<Boolean> WAITED = new ExecutionAttribute<>("Waited");

    /** Waits out here for the first try, where the wait does not count as a part of its time. */
    @Override
    public void beforeExecution(Context.BeforeExecution context, ExecutionAttributes attributes) {
      limiter.before(attributes.getAttribute(SdkExecutionAttribute.OPERATION_NAME));
      attributes.putAttribute(WAITED, true);
    }

    @Override
    public void beforeTransmission(
        Context.BeforeTransmission context, ExecutionAttributes attributes) {
      if (!attributes.getAttribute(WAITED)) {
        limiter.before(attributes.getAttribute(SdkExecutionAttribute.OPERATION_NAME));
      }
      attributes.putAttribute(WAITED, false);
    }
  }
}
