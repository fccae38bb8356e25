package io.github.calculationguard.bench;

import io.github.calculationguard.bench.Order.Span;
import java.util.Locale;
import java.util.Map;

/** Draws who waits for whom: a row for each handshake and each call of an order. */
final class OrderPicture {

  private static final int LEFT = 230;
  private static final int WIDTH = 900;
  private static final int ROW = 17;
  private static final Map<String, String> COLORS =
      Map.of("athena", "#3b6fb6", "sns", "#b4572f", "events", "#6b4fa0");
  private static final String HANDSHAKE = "#9aa3ad";

  private final StringBuilder svg = new StringBuilder();
  private final double pixelsPerMilli;
  private int y = 24;

  private OrderPicture(double millis) {
    pixelsPerMilli = (WIDTH - LEFT - 70) / millis;
  }

  /** Both sides at the same scale. */
  static String of(String title, Map<String, Order> orders) {
    var longest = orders.values().stream().mapToDouble(Order::millisWithHook).max().orElse(1);
    var picture = new OrderPicture(longest);
    picture.text(8, picture.y, "bold", title);
    picture.y += ROW;
    orders.forEach(picture::draw);
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">%n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>%n%s</svg>%n"
        .formatted(WIDTH, picture.y, picture.svg);
  }

  private void draw(String side, Order order) {
    y += ROW;
    text(8, y, "bold", String.format(Locale.ROOT, "%s: %.0f ms", side, order.millisWithHook()));
    y += 6;
    var top = y;
    for (var span : order.spans()) {
      if (!span.what().equals(Span.CONNECT)) {
        bar(span, order.begun());
      }
    }
    line(order.handedOver() - order.begun(), top, "the order is handed over");
    line(order.answered() - order.begun(), top, "answered");
    y += ROW;
  }

  private void bar(Span span, long begun) {
    var isHandshake = span.what().equals(Span.TLS);
    text(8, y + 12, "normal", isHandshake ? "TLS with " + span.service() : span.what());
    svg.append(
        String.format(
            Locale.ROOT,
            "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\" fill=\"%s\"/>%n",
            x(span.from() - begun),
            y + 2,
            Math.max(1, (span.to() - span.from()) / 1e6 * pixelsPerMilli),
            ROW - 4,
            isHandshake ? HANDSHAKE : COLORS.get(span.service())));
    y += ROW;
  }

  private void line(long nanos, int top, String label) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<path d=\"M%1$.1f %2$dV%3$d\" stroke=\"#444\" stroke-dasharray=\"3 3\"><title>%4$s</title></path>%n",
            x(nanos),
            top,
            y,
            label));
  }

  private void text(int x, int baseline, String weight, String text) {
    svg.append(
        "<text x=\"%d\" y=\"%d\" font-weight=\"%s\">%s</text>%n"
            .formatted(x, baseline, weight, text));
  }

  private double x(long nanos) {
    return LEFT + nanos / 1e6 * pixelsPerMilli;
  }
}
