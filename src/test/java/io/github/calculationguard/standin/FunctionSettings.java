package io.github.calculationguard.standin;

import io.github.calculationguard.spark.AccountRegion;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How a function is deployed.
 *
 * @param handler such as {@code a.b.Handler}
 * @param environment its own variables
 * @param snapStart whether it waits, initialised, to be restored before its first invocation
 * @param jvmOptions what Lambda's runtime would start the JVM with
 * @param classPath where the function's classes are, and the interface client's
 */
public record FunctionSettings(
    String name,
    String handler,
    AccountRegion place,
    Map<String, String> environment,
    int memoryMegabytes,
    boolean snapStart,
    List<String> jvmOptions,
    String classPath) {

  public FunctionSettings {
    environment = Map.copyOf(environment);
    jvmOptions = List.copyOf(jvmOptions);
  }

  /** With this JVM's class path, 512 MB, no SnapStart, and the options that Lambda uses then. */
  public static FunctionSettings of(
      String name, String handler, AccountRegion place, Map<String, String> environment) {
    return new FunctionSettings(
        name,
        handler,
        place,
        environment,
        512,
        false,
        List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
        absoluteClassPath());
  }

  /** The function runs in another folder. */
  private static String absoluteClassPath() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** The same with SnapStart, and the full compiler that Lambda uses then. */
  public FunctionSettings withSnapStart() {
    return new FunctionSettings(
        name,
        handler,
        place,
        environment,
        memoryMegabytes,
        true,
        List.of("-XX:+UseSerialGC"),
        classPath);
  }

  /** Of the alias that AWS services invoke. */
  String arn() {
    return "arn:%s:lambda:%s:%s:function:%s:live"
        .formatted(place.partition(), place.region(), place.accountId(), name);
  }
}
