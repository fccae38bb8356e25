package io.github.calculationguard.aws;

import io.github.calculationguard.guard.Finding;
import io.github.calculationguard.guard.RateLimiter;
import io.github.calculationguard.report.NotificationPublisher;
import io.github.calculationguard.spark.AthenaSpark;
import io.github.calculationguard.spark.AthenaSparkReader;
import java.time.Duration;
import java.time.InstantSource;
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

  private static final Duration MAX_TO_CONNECT = Duration.ofSeconds(1);

  /** Athena, for a function that acts. */
  public AthenaSpark athena(ClientResources resources, InstantSource clock) {
    return athena(resources, clock, List.of());
  }

  /** Athena, called at a limited rate. */
  public AthenaSparkReader athena(
      ClientResources resources, InstantSource clock, RateLimiter limiter) {
    return athena(resources, clock, List.of(new RateLimitedCalls(limiter)));
  }

  private AthenaSpark athena(
      ClientResources resources, InstantSource clock, List<ExecutionInterceptor> interceptors) {
    var client = configured(AthenaClient.builder(), resources, interceptors).build();
    return new SdkAthenaSpark(client, clock);
  }

  /** The internal event bus. */
  public Finding.Publisher eventBridge(
      ClientResources resources, String busName, InstantSource clock) {
    var client = configured(EventBridgeClient.builder(), resources, List.of()).build();
    return new EventBridgeFindings(client, busName, clock);
  }

  /** The topic for notifications. */
  public NotificationPublisher sns(
      ClientResources resources, String topicArn, InstantSource clock) {
    var client = configured(SnsClient.builder(), resources, List.of()).build();
    return new SnsPublisher(client, topicArn, clock);
  }

  /** What the clients of one function share. */
  public ClientResources resources() {
    return ClientResources.by(timed().build());
  }

  /** An HTTP client that trusts nobody but whom it is told to. */
  SdkHttpClient http(TrustManagerFactory trust) {
    return timed().tlsTrustManagersProvider(trust::getTrustManagers).build();
  }

  private Apache5HttpClient.Builder timed() {
    return Apache5HttpClient.builder()
        .connectionTimeout(attempt.compareTo(MAX_TO_CONNECT) < 0 ? attempt : MAX_TO_CONNECT)
        .socketTimeout(attempt);
  }

  private <B extends AwsClientBuilder<B, C> & AwsSyncClientBuilder<B, C>, C> B configured(
      B builder, ClientResources resources, List<ExecutionInterceptor> interceptors) {
    return builder
        .httpClient(resources.http())
        .credentialsProvider(resources.credentials())
        .overrideConfiguration(
            ClientOverrideConfiguration.builder()
                .apiCallAttemptTimeout(attempt)
                .scheduledExecutorService(resources.timer())
                .executionInterceptors(interceptors)
                .retryStrategy(
                    AwsRetryStrategy.standardRetryStrategy().toBuilder()
                        .maxAttempts(attempts)
                        .build())
                .build());
  }
}
