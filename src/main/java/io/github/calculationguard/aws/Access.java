package io.github.calculationguard.aws;

import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProviderChain;
import software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider;
import software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider;
import software.amazon.awssdk.auth.credentials.SystemPropertyCredentialsProvider;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.utils.SdkAutoCloseable;

/** What the clients of one function share: its connections and its credentials. */
public record Access(SdkHttpClient http, AwsCredentialsProvider credentials)
    implements AutoCloseable {

  /** With the function's own credentials, which are fetched when the first call needs them. */
  static Access by(SdkHttpClient http) {
    return new Access(
        http,
        // Lambda gives them in variables, and with SnapStart as a container does. The SDK's own
        // chain looks through files first.
        AwsCredentialsProviderChain.of(
            SystemPropertyCredentialsProvider.create(),
            EnvironmentVariableCredentialsProvider.create(),
            ContainerCredentialsProvider.create()));
  }

  @Override
  public void close() {
    http.close();
    if (credentials instanceof SdkAutoCloseable closeable) {
      closeable.close();
    }
  }
}
