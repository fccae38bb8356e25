package io.github.calculationguard.bench;

import java.util.Comparator;
import java.util.List;

/**
 * One order as the stand-ins saw it, in nanoseconds of one clock.
 *
 * @param begun when it was handed over, or before that the restore began
 * @param spans handshakes and calls, by their beginning
 */
record Order(long begun, long handedOver, long answered, List<Span> spans) {

  /** A handshake, or a call from its arrival to the end of its answer. */
  record Span(String what, String service, long from, long to, String body) {

    static final String TLS = "TLS";
    static final String CONNECT = "Connect";

    /** From the stand-ins' own line. */
    static Span of(String line) {
      var parts = line.split(" ", 5);
      return new Span(
          parts[0], parts[1], Long.parseLong(parts[2]), Long.parseLong(parts[3]), parts[4]);
    }

    boolean isCall() {
      return !what.equals(TLS) && !what.equals(CONNECT);
    }
  }

  static Order of(
      long begun, long handedOver, long answered, String calculation, List<String> lines) {
    var spans = lines.stream().map(Span::of).sorted(Comparator.comparingLong(Span::from)).toList();
    var order = new Order(begun, handedOver, answered, spans);
    order.check(calculation);
    return order;
  }

  /** Both sides make the same calls, Stop first, and tell it last. */
  private void check(String calculation) {
    var calls = spans.stream().filter(Span::isCall).toList();
    var names = calls.stream().map(Span::what).toList();
    var isComplete =
        names.stream().sorted().toList().equals(Bench.CALLS.stream().sorted().toList());
    var named = calls.stream().filter(it -> it.body().contains(calculation)).count();
    if (!isComplete
        || !names.subList(0, 2).equals(Bench.CALLS.subList(0, 2))
        || named < Bench.NAMING) {
      throw new IllegalStateException("called " + spans);
    }
  }

  /** From the hand-over to the answer, in milliseconds. */
  double millis() {
    return (answered - handedOver) / 1e6;
  }

  /** The same with what happened between the restore and the hand-over. */
  double millisWithHook() {
    return (answered - begun) / 1e6;
  }

  /** From the hand-over until Stop arrived. */
  double millisToStop() {
    var stop = spans.stream().filter(Span::isCall).findFirst().orElseThrow();
    return (stop.from() - handedOver) / 1e6;
  }

  long handshakes() {
    return spans.stream().filter(it -> it.what().equals(Span.TLS)).count();
  }
}
