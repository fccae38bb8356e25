package io.github.calculationguard.standin;

import com.amazonaws.services.lambda.runtime.api.client.AWSLambda;
import io.github.calculationguard.standin.RuntimeApi.Event;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One execution environment: the interface client's JVM, its Runtime API and its log. */
public final class FunctionProcess implements AutoCloseable {

  private final RuntimeApi api;
  private final Process process;
  private final Path directory;
  private final FunctionLog log;

  public FunctionProcess(FunctionSettings settings) {
    this(settings, command(settings), null);
  }

  /**
   * @param command what starts the function's runtime
   * @param taskRoot where the function's package is; a folder of its own if absent
   */
  public FunctionProcess(FunctionSettings settings, List<String> command, @Nullable Path taskRoot) {
    api = new RuntimeApi(settings.arn());
    try {
      directory = Files.createTempDirectory("local-lambda");
      var output = directory.resolve("log");
      log = new FunctionLog(output);
      var task = taskRoot == null ? directory : taskRoot;
      var builder = new ProcessBuilder(command);
      builder.environment().clear();
      builder.environment().putAll(environment(settings, task));
      process =
          builder
              .directory(task.toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
    } catch (IOException e) {
      api.close();
      throw new UncheckedIOException(e);
    }
    var _ =
        process.onExit().thenAccept(gone -> api.events().add(new Event.Exited(gone.exitValue())));
  }

  private static List<String> command(FunctionSettings settings) {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(settings.jvmOptions());
    command.add("-Xmx" + settings.memoryMegabytes() * 85 / 100 + "m");
    // The interface client makes a file out of the number of its log's descriptor, and loads a
    // native library.
    command.addAll(
        List.of("--add-opens=java.base/java.io=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED"));
    // Where hooks written against org.crac find the interface client's own implementation.
    command.add("-Dorg.crac.Core.Compat=com.amazonaws.services.lambda.crac");
    command.add(
        "-Dcom.amazonaws.services.lambda.runtime.api.client.runtimeapi.NativeClient.JNI="
            + NativePart.FILE);
    command.addAll(
        List.of("-cp", settings.classPath(), AWSLambda.class.getName(), settings.handler()));
    return command;
  }

  private Map<String, String> environment(FunctionSettings settings, Path task) {
    var region = settings.place().region();
    var environment = new HashMap<String, String>();
    environment.put("PATH", "/usr/local/bin:/usr/bin:/bin");
    environment.put("LANG", "en_US.UTF-8");
    environment.put("TZ", ":UTC");
    environment.put("LAMBDA_TASK_ROOT", task.toString());
    environment.put("LAMBDA_RUNTIME_DIR", "/var/runtime");
    environment.put("AWS_EXECUTION_ENV", "AWS_Lambda_java25");
    environment.put("AWS_REGION", region);
    environment.put("AWS_DEFAULT_REGION", region);
    environment.put("_HANDLER", settings.handler());
    environment.put("AWS_LAMBDA_RUNTIME_API", api.address());
    environment.put("AWS_LAMBDA_FUNCTION_NAME", settings.name());
    environment.put("AWS_LAMBDA_FUNCTION_VERSION", settings.snapStart() ? "1" : "$LATEST");
    environment.put(
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", Integer.toString(settings.memoryMegabytes()));
    environment.put("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/" + settings.name());
    environment.put("AWS_LAMBDA_LOG_STREAM_NAME", "local/" + UUID.randomUUID());
    environment.put("AWS_LAMBDA_LOG_FORMAT", "JSON");
    environment.put("AWS_LAMBDA_LOG_LEVEL", "INFO");
    // Standard error: Lambda gives a descriptor of its own, which Java can't hand to a child.
    environment.put("_LAMBDA_TELEMETRY_LOG_FD", "2");
    if (settings.snapStart()) {
      environment.put("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start");
      environment.put("AWS_CONTAINER_CREDENTIALS_FULL_URI", api.credentials());
      environment.put("AWS_CONTAINER_AUTHORIZATION_TOKEN", "local");
    } else {
      environment.put("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
      environment.put("AWS_ACCESS_KEY_ID", "local");
      environment.put("AWS_SECRET_ACCESS_KEY", "local");
      environment.put("AWS_SESSION_TOKEN", "local");
    }
    environment.putAll(settings.environment());
    return environment;
  }

  public long id() {
    return process.pid();
  }

  public RuntimeApi api() {
    return api;
  }

  public long pid() {
    return process.pid();
  }

  /** The runtime's next event; absent if there is none in time. */
  public @Nullable Event await(Duration time) {
    try {
      return api.events().poll(Math.max(0, time.toNanos()), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }

  /** The log since the last call. It is complete once the runtime waits for work. */
  public List<String> log() {
    return log.entries();
  }

  @Override
  public void close() {
    kill();
  }

  /** Kills it, and returns the log since the last call. */
  public List<String> kill() {
    process.destroyForcibly();
    process.onExit().join();
    api.close();
    var rest = log.entries();
    try {
      Files.delete(directory.resolve("log"));
      Files.delete(directory);
    } catch (IOException e) {
      // The function left files there. They stay.
      directory.toFile().deleteOnExit();
    }
    return rest;
  }

  /**
   * The interface client's native part. Left to themselves all clients of a machine unpack it to
   * one place, and of two that start together one may load what the other has half written; in
   * Lambda each has a machine of its own.
   */
  private static final class NativePart {

    static final Path FILE = unpacked();

    private static Path unpacked() {
      var system = Files.exists(Path.of("/etc/alpine-release")) ? "linux_musl" : "linux";
      var processor = System.getProperty("os.arch").equals("aarch64") ? "aarch_64" : "x86_64";
      var name = "/jni/libaws-lambda-jni.%s-%s.so".formatted(system, processor);
      try (var packed = AWSLambda.class.getResourceAsStream(name)) {
        var file = Files.createTempFile("local-lambda", ".so");
        file.toFile().deleteOnExit();
        Files.copy(Objects.requireNonNull(packed, name), file, StandardCopyOption.REPLACE_EXISTING);
        return file;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
