package io.github.calculationguard.aws;

import io.github.calculationguard.guard.Pace;
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
public record Clients(Duration attempt, int attempts) {

  private static final Duration MOST_TO_CONNECT = Duration.ofSeconds(1);

  /** Athena's. */
  public AthenaClient athena(SdkHttpClient http) {
    return configured(AthenaClient.builder(), http).build();
  }

  /** Athena's, at a pace. */
  public AthenaClient athena(SdkHttpClient http, Pace pace) {
    return configured(AthenaClient.builder(), http, new PacedCalls(pace)).build();
  }

  /** EventBridge's. */
  public EventBridgeClient eventBridge(SdkHttpClient http) {
    return configured(EventBridgeClient.builder(), http).build();
  }

  /** SNS's. */
  public SnsClient sns(SdkHttpClient http) {
    return configured(SnsClient.builder(), http).build();
  }

  /** The one HTTP client that they share. */
  public SdkHttpClient http() {
    return timed().build();
  }

  /** The same, which trusts nobody but whom it is told to. */
  SdkHttpClient http(TrustManagerFactory trust) {
    return timed().tlsTrustManagersProvider(trust::getTrustManagers).build();
  }

  private Apache5HttpClient.Builder timed() {
    return Apache5HttpClient.builder()
        .connectionTimeout(attempt.compareTo(MOST_TO_CONNECT) < 0 ? attempt : MOST_TO_CONNECT)
        .socketTimeout(attempt);
  }

  private <B extends AwsClientBuilder<B, C> & AwsSyncClientBuilder<B, C>, C> B configured(
      B builder, SdkHttpClient http, ExecutionInterceptor... interceptors) {
    return builder
        .httpClient(http)
        .overrideConfiguration(
            ClientOverrideConfiguration.builder()
                .apiCallAttemptTimeout(attempt)
                .executionInterceptors(List.of(interceptors))
                .retryStrategy(
                    AwsRetryStrategy.standardRetryStrategy().toBuilder()
                        .maxAttempts(attempts)
                        .build())
                .build());
  }
}
