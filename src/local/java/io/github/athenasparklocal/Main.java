package io.github.athenasparklocal;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The command line of the local Athena. */
public final class Main {

  private static final String HELP =
      """
      Local Athena for Apache Spark: the Spark operations of Amazon Athena on this machine.

        java -jar athena-spark-local.jar [OPTIONS]

        --port N           listen on this port; 0 for a free one (4580)
        --host ADDRESS     listen on this address (127.0.0.1)
        --speed X          the clock runs X times as fast as the real one (1)
        --seed FILE        start with the workgroups, sessions and calculations of a JSON file
        --faults LIST      fail on purpose, such as GetSession=THROTTLED:2,*=INTERNAL_ERROR:5%
        --throttle N       refuse more than N calls a second with ThrottlingException
        --max-sessions N   refuse more active sessions with TooManyRequestsException
        --s3-endpoint URL  write results to this S3 too
        --execute          run code in Python processes of this machine, with PySpark if installed
        --python COMMAND   the Python of --execute (python3)
        --help             print this

      Results are served by S3's protocol on the same port. A page for people is at /,
      the state in JSON at /_local/state; POST /_local/reset removes everything.
      """;

  private static final int DEFAULT_PORT = 4580;

  private final LocalAthenaOptions options = new LocalAthenaOptions().primaryWorkGroup();
  private String host = "127.0.0.1";
  private int port = DEFAULT_PORT;
  private Faults faults = Faults.none();
  private @Nullable String seed;
  private boolean executes;
  private @Nullable String python;

  private Main() {}

  /** Serves until it is ended by a signal. */
  public static void main(String[] args) throws InterruptedException {
    if (List.of(args).contains("--help") || List.of(args).contains("-h")) {
      System.out.print(HELP);
      return;
    }
    try {
      new Main().start(args, System.out);
    } catch (IllegalArgumentException e) {
      System.err.println("athena-spark-local: " + e.getMessage());
      System.exit(2);
    }
    Thread.currentThread().join();
  }

  /**
   * Starts to serve, and prints how to reach it.
   *
   * @throws IllegalArgumentException for a bad option or an address that can't be used; the message
   *     is for people
   */
  static LocalAthena start(PrintStream out, String... args) {
    return new Main().start(args, out);
  }

  private LocalAthena start(String[] args, PrintStream out) {
    var left = new ArrayDeque<>(List.of(args));
    while (!left.isEmpty()) {
      read(left);
    }
    if (python != null && !executes) {
      throw new IllegalArgumentException("--python needs --execute; see --help");
    }
    if (executes) {
      findPython(python == null ? LocalAthenaOptions.PYTHON : python);
      out.println("WARNING: --execute runs the code that clients send, on this machine, as you.");
    }
    options.console(out::println);
    var athena = listen();
    try {
      plant(athena.model());
    } catch (IllegalArgumentException e) {
      athena.close();
      throw e;
    }
    athena.faults(faults);
    out.println("Local Athena for Apache Spark. Press Ctrl-C to end it.");
    environment(athena.endpoint()).forEach((name, value) -> out.println(name + "=" + value));
    return athena;
  }

  /** The variables by which AWS's SDKs and the AWS CLI find it, each with {@code export}. */
  private static Map<String, String> environment(URI endpoint) {
    var environment = new java.util.LinkedHashMap<String, String>();
    environment.put("export AWS_ENDPOINT_URL_ATHENA", endpoint.toString());
    environment.put("export AWS_ENDPOINT_URL_S3", endpoint.toString());
    environment.put("export AWS_REGION", "us-east-1");
    environment.put("export AWS_DEFAULT_REGION", "us-east-1");
    environment.put("export AWS_ACCESS_KEY_ID", "local");
    environment.put("export AWS_SECRET_ACCESS_KEY", "local");
    return environment;
  }

  private void read(ArrayDeque<String> left) {
    var option = left.remove();
    var equals = option.indexOf('=');
    if (option.startsWith("--") && equals > 0) {
      left.push(option.substring(equals + 1));
      option = option.substring(0, equals);
    }
    switch (option) {
      case "--port" -> port = whole(option, value(option, left), 65535);
      case "--host" -> host = value(option, left);
      case "--speed" ->
          options.clock(new FastClock(number(option, value(option, left), 0.001, 1e6)));
      case "--seed" -> seed = value(option, left);
      case "--faults" -> faults = FaultList.parse(value(option, left));
      case "--throttle" ->
          options.maxCallsPerSecond(number(option, value(option, left), 0.001, 1e6));
      case "--max-sessions" ->
          options.maxSessions(whole(option, value(option, left), 1_000_000));
      case "--s3-endpoint" -> options.s3Endpoint(uri(value(option, left)));
      case "--execute" -> {
        options.execute();
        executes = true;
      }
      case "--python" -> python = value(option, left);
      default -> throw new IllegalArgumentException("unknown option " + option + "; see --help");
    }
  }

  private static String value(String option, ArrayDeque<String> left) {
    if (left.isEmpty()) {
      throw new IllegalArgumentException(option + " needs a value; see --help");
    }
    return left.remove();
  }

  private static int whole(String option, String value, int max) {
    try {
      var number = Integer.parseInt(value);
      if (number >= 0 && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Refused below.
    }
    throw new IllegalArgumentException(
        "%s takes a whole number from 0 to %d, not %s".formatted(option, max, value));
  }

  private static double number(String option, String value, double min, double max) {
    try {
      var number = Double.parseDouble(value);
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Refused below.
    }
    throw new IllegalArgumentException(
        "%s takes a number from %s to %s, not %s"
            .formatted(option, plain(min), plain(max), value));
  }

  private static String plain(double number) {
    return new java.math.BigDecimal(Double.toString(number)).stripTrailingZeros().toPlainString();
  }

  private static URI uri(String value) {
    try {
      var uri = new URI(value);
      if (uri.getHost() != null && List.of("http", "https").contains(uri.getScheme())) {
        return uri;
      }
    } catch (URISyntaxException e) {
      // Refused below.
    }
    throw new IllegalArgumentException(
        "--s3-endpoint takes a URL such as http://localhost:9000, not " + value);
  }

  private void findPython(String command) {
    try {
      new ProcessBuilder(command, "--version").start().destroy();
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "--execute needs a Python; name one by --python: " + e.getMessage(), e);
    }
    options.python(command);
  }

  private LocalAthena listen() {
    try {
      return new LocalAthena(
          options.address(new InetSocketAddress(InetAddress.getByName(host), port)));
    } catch (IOException | UncheckedIOException e) {
      var cause = e.getCause() == null ? e : e.getCause();
      throw new IllegalArgumentException(
          "can't listen on %s, port %d: %s; choose others by --host and --port, where 0 is a free port"
              .formatted(host, port, cause.getMessage()),
          e);
    }
  }

  private void plant(SparkModel model) {
    if (seed == null) {
      model.addWorkGroup("spark", SparkModel.PYSPARK_3, Map.of());
      model.addWorkGroup("spark-connect", SparkModel.SPARK_35, Map.of());
      return;
    }
    try {
      Seed.plant(Files.readString(Path.of(seed)), model);
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException("can't read " + seed + ": there is no such file", e);
    } catch (IOException e) {
      throw new IllegalArgumentException("can't read " + seed + ": " + e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(seed + ": " + e.getMessage(), e);
    }
  }
}
