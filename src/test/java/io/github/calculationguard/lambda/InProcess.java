package io.github.calculationguard.lambda;

import com.amazonaws.services.lambda.runtime.RequestHandler;
import io.github.athenasparklocal.HandClock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.Consumer;

/** The functions in this JVM, where a variable of the environment can't be set. */
public final class InProcess {

  private InProcess() {}

  /** The stop function, with an environment that it would find in Lambda. */
  public static RequestHandler<Map<String, Object>, Object> stop(Map<String, String> environment) {
    return stop(environment, InstantSource.system(), SweepHandler::sleep);
  }

  /** The sweep function, with an environment that it would find in Lambda. */
  public static RequestHandler<Map<String, Object>, Map<String, Object>> sweep(
      Map<String, String> environment) {
    tellTheSdk(environment);
    return new SweepHandler(
        new Configuration(environment), InstantSource.system(), SweepHandler::sleep);
  }

  /** The widget function, with an environment that it would find in Lambda. */
  public static RequestHandler<Map<String, Object>, Object> widget(
      Map<String, String> environment) {
    tellTheSdk(environment);
    return new WidgetHandler(
        new Configuration(environment), InstantSource.system(), SweepHandler::sleep);
  }

  /** The stop function by a clock that its pauses move. */
  public static RequestHandler<Map<String, Object>, Object> stop(
      Map<String, String> environment, HandClock clock) {
    return stop(environment, clock, clock::advance);
  }

  static StopHandler stop(
      Map<String, String> environment, InstantSource clock, Consumer<Duration> sleep) {
    tellTheSdk(environment);
    var configuration = new Configuration(environment);
    return new StopHandler(configuration, configuration.clients(), clock, sleep);
  }

  /** The widget function by a clock that its pauses move. */
  public static RequestHandler<Map<String, Object>, Object> widget(
      Map<String, String> environment, HandClock clock) {
    tellTheSdk(environment);
    return new WidgetHandler(new Configuration(environment), clock, clock::advance);
  }

  /** The sweep function by a clock that its pauses move. */
  public static SweepHandler sweep(Map<String, String> environment, HandClock clock) {
    tellTheSdk(environment);
    return new SweepHandler(new Configuration(environment), clock, clock::advance);
  }

  static void tellTheSdk(Map<String, String> environment) {
    // The SDK's own way to be told where its services are, but for variables.
    var properties =
        Map.of(
            "AWS_ENDPOINT_URL_ATHENA", "aws.endpointUrlAthena",
            "AWS_ENDPOINT_URL_SNS", "aws.endpointUrlSns",
            "AWS_ENDPOINT_URL_EVENTBRIDGE", "aws.endpointUrlEventBridge",
            "AWS_REGION", "aws.region",
            "AWS_ACCESS_KEY_ID", "aws.accessKeyId",
            "AWS_SECRET_ACCESS_KEY", "aws.secretAccessKey");
    properties.forEach(
        (variable, property) -> {
          var value = environment.get(variable);
          if (value != null) {
            System.setProperty(property, value);
          }
        });
  }
}
