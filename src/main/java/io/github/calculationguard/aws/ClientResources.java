package io.github.calculationguard.aws;

import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProviderChain;
import software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider;
import software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider;
import software.amazon.awssdk.auth.credentials.SystemPropertyCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.utils.SdkAutoCloseable;

/**
 * What the clients of one function share: its connections, its credentials, and the thread that
 * ends calls that take too long.
 */
public record ClientResources(
    SdkHttpClient http, AwsCredentialsProvider credentials, ScheduledExecutorService timer)
    implements AutoCloseable {

  /** With the function's own credentials, which the first call fetches, or {@link #prepare}. */
  static ClientResources by(SdkHttpClient http) {
    return new ClientResources(
        http,
        // Lambda gives them in variables, and with SnapStart as a container does. The SDK's own
        // chain looks through files first.
        AwsCredentialsProviderChain.of(
            SystemPropertyCredentialsProvider.create(),
            EnvironmentVariableCredentialsProvider.create(),
            ContainerCredentialsProvider.create()),
        oneThread());
  }

  /**
   * One thread for all clients, started before the first call. Left alone, the SDK starts up to
   * five for each client.
   */
  private static ScheduledExecutorService oneThread() {
    var timer =
        new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("timer").factory());
    timer.setRemoveOnCancelPolicy(true);
    timer.prestartCoreThread();
    return timer;
  }

  /** Gets the credentials before a call needs them; should that fail, the call tries again. */
  public void prepare() {
    try {
      var _ = credentials.resolveCredentials();
    } catch (SdkException e) {
      // That call tells what is wrong.
    }
  }

  @Override
  public void close() {
    http.close();
    timer.shutdownNow();
    if (credentials instanceof SdkAutoCloseable closeable) {
      closeable.close();
    }
  }
}
