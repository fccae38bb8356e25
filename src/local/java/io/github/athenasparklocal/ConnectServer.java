package io.github.athenasparklocal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * A session's Spark Connect server.
 *
 * @param token that clients send
 */
record ConnectServer(PythonProcess process, int port, String token) {

  private static final String SCRIPT = "connect.py.txt";
  private static final Duration POLL = Duration.ofMillis(100);

  // Shorter than the time after which AWS's clients give up.
  private static final Duration MAX_START = Duration.ofSeconds(50);

  /**
   * Starts a server on a free port of the loopback address.
   *
   * @throws UncheckedIOException if there is no such Python; the message is for people
   */
  static ConnectServer start(String python, SparkModel model) {
    var port = freePort();
    var token = SparkModel.newId();
    var process = PythonProcess.start(python, model, SCRIPT, Integer.toString(port));
    // Everybody on this machine can read a command line.
    process.send(token);
    return new ConnectServer(process, port, token);
  }

  /** Where it listens. Clients send a token without TLS to this name only. */
  URI uri() {
    return URI.create("sc://localhost:" + port);
  }

  /**
   * Waits until it listens, or for at most 50 seconds.
   *
   * @return false if the process ended
   */
  boolean awaitListening() throws InterruptedException {
    for (var polls = MAX_START.dividedBy(POLL); polls > 0 && !listens(); polls--) {
      if (!process.isAlive()) {
        return false;
      }
      TimeUnit.MILLISECONDS.sleep(POLL.toMillis());
    }
    return true;
  }

  private boolean listens() {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static int freePort() {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
