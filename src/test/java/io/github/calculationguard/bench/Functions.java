package io.github.calculationguard.bench;

import io.github.calculationguard.Template;
import io.github.calculationguard.standin.FunctionProcess;
import io.github.calculationguard.standin.FunctionSettings;
import io.github.calculationguard.standin.LocalWorld;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How the functions of both sides are started.
 *
 * @param out the folder that bench/run prepared
 * @param python the peers' interpreter
 * @param endpoints the variables that name the stand-ins
 * @param share what each of them gets of the processors
 * @param megabytes the function's memory, of which its flags follow
 */
record Functions(Path out, Path python, Map<String, String> endpoints, Share share, int megabytes) {

  private static final String STOP_HANDLER = "io.github.calculationguard.lambda.StopHandler";

  // The flags of Lambda's java25 runtime. Those of sizes follow.
  private static final List<String> FLAGS =
      List.of(
          "-XX:+UseSerialGC",
          "-Djava.net.preferIPv4Stack=true",
          "--enable-native-access=ALL-UNNAMED",
          "--add-opens=java.base/java.io=ALL-UNNAMED",
          "-Dorg.crac.Core.Compat=com.amazonaws.services.lambda.crac");

  /** The list of the classes that Java loaded. */
  Path classes() {
    return out.resolve("classes.log");
  }

  /** The stop function, in Java. */
  FunctionProcess stop(boolean snapStart) {
    var environment = new HashMap<>(endpoints);
    var log = snapStart ? " -Xlog:class+load:file=" + classes() : "";
    environment.put("JAVA_TOOL_OPTIONS", Template.read().javaOptions() + log);
    return java(STOP_HANDLER, environment, snapStart);
  }

  /** Any of our functions. */
  FunctionProcess java(String handler, Map<String, String> environment, boolean snapStart) {
    var settings = FunctionSettings.of("bench", handler, LocalWorld.PLACE, environment);
    return new FunctionProcess(
        snapStart ? settings.withSnapStart() : settings,
        share.of(javaCommand(handler)),
        out.resolve("task"));
  }

  /** A peer of one of them, in Python. */
  FunctionProcess python(String handler, Map<String, String> environment) {
    var more = new HashMap<>(environment);
    more.put("AWS_CA_BUNDLE", out.resolve("trust.pem").toString());
    var command = List.of(python.toString(), "-m", "awslambdaric", handler);
    return new FunctionProcess(
        FunctionSettings.of("bench", handler, LocalWorld.PLACE, more),
        share.of(command),
        Path.of("bench").toAbsolutePath());
  }

  /** Starts the runtime interface client, which finds the function's package by itself. */
  private List<String> javaCommand(String handler) {
    var interfaceClient =
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(
                entry ->
                    Path.of(entry)
                        .getFileName()
                        .toString()
                        .matches(
                            "(aws-lambda-java-(core|serialization|runtime-interface-client)|utils-lite)-.*"))
            .collect(Collectors.joining(File.pathSeparator));
    var command = new ArrayList<>(List.of(javaProgram()));
    command.addAll(FLAGS);
    command.add(flag("MaxHeapSize", 0.85));
    command.add(flag("MaxMetaspaceSize", 0.1));
    command.add(flag("ReservedCodeCacheSize", 0.05));
    command.addAll(
        List.of(
            "-Djavax.net.ssl.trustStore=" + out.resolve("trust.p12"),
            "-Djavax.net.ssl.trustStorePassword=" + StandInsProcess.PASSWORD,
            "-cp",
            interfaceClient,
            "com.amazonaws.services.lambda.runtime.api.client.AWSLambda",
            handler));
    return command;
  }

  private String flag(String name, double part) {
    return "-XX:%s=%dk".formatted(name, Math.round(part * megabytes * 1024));
  }

  static String javaProgram() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }
}
