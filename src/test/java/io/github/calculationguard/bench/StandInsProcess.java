package io.github.calculationguard.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** {@link StandIns} in a process of their own, warmed up. */
final class StandInsProcess implements AutoCloseable {

  static final String PASSWORD = "changeit";

  private static final String TOPIC = "arn:aws:sns:us-east-1:123456789012:calculation-guard";

  private final Path out;
  private final Process process;
  private final BufferedReader said;
  private final PrintWriter commands;
  private final Map<String, String> endpoints = new HashMap<>();

  /**
   * @param out the folder that bench/run prepared
   */
  StandInsProcess(Path out) throws Exception {
    this.out = out;
    process =
        new ProcessBuilder(
                Functions.javaProgram(),
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                StandIns.class.getName(),
                out.resolve("server.p12").toString(),
                PASSWORD)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    said = process.inputReader(StandardCharsets.UTF_8);
    commands = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
    var ports = said.readLine().split(" ", -1);
    endpoints.put("AWS_ENDPOINT_URL_ATHENA", "https://localhost:" + ports[0]);
    endpoints.put("AWS_ENDPOINT_URL_SNS", "https://localhost:" + ports[1]);
    endpoints.put("AWS_ENDPOINT_URL_EVENTBRIDGE", "https://localhost:" + ports[1]);
    endpoints.put("TOPIC_ARN", TOPIC);
    endpoints.put("BUS_NAME", "guard-internal");
    for (var port : ports) {
      warmUp(Integer.parseInt(port));
    }
  }

  Map<String, String> endpoints() {
    return endpoints;
  }

  /** Makes enough handshakes and requests that the stand-ins' code is compiled. */
  private void warmUp(int port) throws Exception {
    var authority = KeyStore.getInstance(out.resolve("trust.p12").toFile(), PASSWORD.toCharArray());
    var trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(authority);
    for (var i = 0; i < 1500; i++) {
      // A new context each time, so that no TLS session is resumed.
      var tls = SSLContext.getInstance("TLS");
      tls.init(null, trust.getTrustManagers(), null);
      try (var socket = tls.getSocketFactory().createSocket("localhost", port)) {
        var request = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
        for (var j = 0; j < 4; j++) {
          socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
          var _ = socket.getInputStream().read(new byte[4096]);
        }
      }
    }
    ask("take");
  }

  List<String> ask(String command) throws IOException {
    commands.println(command);
    var lines = new ArrayList<String>();
    for (var line = said.readLine(); !line.equals("done"); line = said.readLine()) {
      lines.add(line);
    }
    return lines;
  }

  @Override
  public void close() {
    process.destroy();
    process.onExit().join();
  }
}
