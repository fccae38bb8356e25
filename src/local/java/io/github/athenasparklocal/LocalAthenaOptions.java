package io.github.athenasparklocal;

import java.net.InetSocketAddress;
import java.net.URI;
import java.time.InstantSource;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How a local Athena is set up. Unless told otherwise it listens on the loopback address, on a free
 * port, by the system's clock, and is empty.
 */
public final class LocalAthenaOptions {

  static final String PYTHON = "python3";

  InetSocketAddress address = LocalService.loopback();
  InstantSource clock = InstantSource.system();
  AwsRegion region = new AwsRegion("aws", "us-east-1", "123456789012");
  Pace pace = Pace.USUAL;
  boolean primary;
  boolean execute;
  String python = PYTHON;
  Consumer<String> console = System.err::println;
  int maxSessions = Integer.MAX_VALUE;
  double maxCallsPerSecond = Double.POSITIVE_INFINITY;
  @Nullable URI s3Endpoint;

  /** Where it listens; port 0 stands for a free one. */
  public LocalAthenaOptions address(InetSocketAddress address) {
    this.address = address;
    return this;
  }

  /** The clock that sessions and calculations move by. */
  public LocalAthenaOptions clock(InstantSource clock) {
    this.clock = clock;
    return this;
  }

  /** The account, and the Region of requests that are not signed. */
  public LocalAthenaOptions region(AwsRegion region) {
    this.region = region;
    return this;
  }

  /** How long Athena's own steps take. */
  public LocalAthenaOptions pace(Pace pace) {
    this.pace = pace;
    return this;
  }

  /** Each Region has the workgroup {@code primary}, as in a new account. */
  public LocalAthenaOptions primaryWorkGroup() {
    this.primary = true;
    return this;
  }

  /** Runs the code of calculations in Python processes of this machine. */
  public LocalAthenaOptions execute() {
    this.execute = true;
    return this;
  }

  /** The Python that runs code: a command or a path. By default the one on the path. */
  public LocalAthenaOptions python(String python) {
    this.python = python;
    return this;
  }

  /** Takes what people should know while it serves. The default is the standard error stream. */
  public LocalAthenaOptions console(Consumer<String> console) {
    this.console = console;
    return this;
  }

  /** Refuses more active sessions in a Region with TooManyRequestsException. */
  public LocalAthenaOptions maxSessions(int maxSessions) {
    this.maxSessions = maxSessions;
    return this;
  }

  /** Refuses more calls a second with ThrottlingException. */
  public LocalAthenaOptions maxCallsPerSecond(double maxCallsPerSecond) {
    this.maxCallsPerSecond = maxCallsPerSecond;
    return this;
  }

  /** Writes results there too, by path-style PUT requests without a signature. */
  public LocalAthenaOptions s3Endpoint(URI s3Endpoint) {
    this.s3Endpoint = s3Endpoint;
    return this;
  }
}
