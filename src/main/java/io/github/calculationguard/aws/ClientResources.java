package io.github.calculationguard.aws;

import module java.base;

import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProviderChain;
import software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider;
import software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider;
import software.amazon.awssdk.auth.credentials.SystemPropertyCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.utils.SdkAutoCloseable;

/** What the clients of one function share; the timer ends calls that take too long. */
public record ClientResources(
    SdkHttpClient http, AwsCredentialsProvider credentials, ScheduledExecutorService timer)
    implements AutoCloseable {

  /** With the function's own credentials, which the first call fetches, or {@link #prepare}. */
  static ClientResources by(SdkHttpClient http) {
    // Lambda gives them in variables, and with SnapStart as a container does. The SDK's own chain
    // looks through files first.
    var credentials =
        AwsCredentialsProviderChain.of(
            SystemPropertyCredentialsProvider.create(),
            EnvironmentVariableCredentialsProvider.create(),
            ContainerCredentialsProvider.create());
    // One thread, started before the first call. The SDK's default is up to five for each client.
    var thread = Thread.ofPlatform().daemon().name("timer").factory();
    var timer = new ScheduledThreadPoolExecutor(1, thread);
    timer.setRemoveOnCancelPolicy(true);
    timer.prestartCoreThread();
    return new ClientResources(http, credentials, timer);
  }

  /** Fetches the credentials before a call needs them. If that fails, the call tries again. */
  public void prepare() {
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
    if (credentials instanceof SdkAutoCloseable closeable) {
      closeable.close();
    }
  }
}
