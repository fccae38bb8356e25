package io.github.calculationguard.aws;

import io.github.calculationguard.guard.RateLimiter;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.TrustManagerFactory;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.client.builder.AwsSyncClientBuilder;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.services.athena.AthenaClient;
import software.amazon.awssdk.services.eventbridge.EventBridgeClient;
import software.amazon.awssdk.services.sns.SnsClient;

/**
 * Builds the SDK's clients, all alike. Region, credentials and endpoints are the environment's.
 *
 * @param attempt how long one try of a call may take
 * @param attempts how often a call is tried, the first time included
 */
public record AwsClients(Duration attempt, int attempts) {

  private static final Duration MOST_TO_CONNECT = Duration.ofSeconds(1);

  /** Athena's. */
  public AthenaClient athena(ClientResources access) {
    return configured(AthenaClient.builder(), access).build();
  }

  /** Athena's, at a pace. */
  public AthenaClient athena(ClientResources access, RateLimiter pace) {
    return configured(AthenaClient.builder(), access, new RateLimitedCalls(pace)).build();
  }

  /** EventBridge's. */
  public EventBridgeClient eventBridge(ClientResources access) {
    return configured(EventBridgeClient.builder(), access).build();
  }

  /** SNS's. */
  public SnsClient sns(ClientResources access) {
    return configured(SnsClient.builder(), access).build();
  }

  /** What those of one function share. */
  public ClientResources access() {
    return ClientResources.by(timed().build());
  }

  /** An HTTP client that trusts nobody but whom it is told to. */
  SdkHttpClient http(TrustManagerFactory trust) {
    return timed().tlsTrustManagersProvider(trust::getTrustManagers).build();
  }

  private Apache5HttpClient.Builder timed() {
    return Apache5HttpClient.builder()
        .connectionTimeout(attempt.compareTo(MOST_TO_CONNECT) < 0 ? attempt : MOST_TO_CONNECT)
        .socketTimeout(attempt);
  }

  private <B extends AwsClientBuilder<B, C> & AwsSyncClientBuilder<B, C>, C> B configured(
      B builder, ClientResources access, ExecutionInterceptor... interceptors) {
    return builder
        .httpClient(access.http())
        .credentialsProvider(access.credentials())
        .overrideConfiguration(
            ClientOverrideConfiguration.builder()
                .apiCallAttemptTimeout(attempt)
                .scheduledExecutorService(access.timer())
                .executionInterceptors(List.of(interceptors))
                .retryStrategy(
                    AwsRetryStrategy.standardRetryStrategy().toBuilder()
                        .maxAttempts(attempts)
                        .build())
                .build());
  }
}
