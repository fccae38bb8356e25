package io.github.athenasparklocal;

/** Lets so many calls a second pass. It holds the calls of one second. */
final class Throttle {

  private static final double NANOS = 1e9;

  private final double perSecond;
  private double tokens;
  private long last = System.nanoTime();

  Throttle(double perSecond) {
    this.perSecond = perSecond;
    tokens = Math.max(1, perSecond);
  }

  synchronized boolean allows() {
    if (Double.isInfinite(perSecond)) {
      return true;
    }
    var now = System.nanoTime();
    tokens = Math.min(Math.max(1, perSecond), tokens + (now - last) / NANOS * perSecond);
    last = now;
    if (tokens < 1) {
      return false;
    }
    tokens--;
    return true;
  }
}
