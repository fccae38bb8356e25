package io.github.calculationguard.report;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;

import io.github.calculationguard.guard.Inventory;
import io.github.calculationguard.guard.Inventory.ReadFailure;
import io.github.calculationguard.spark.Format;
import io.jstach.jstache.JStache;
import io.jstach.jstache.JStacheConfig;
import io.jstach.jstache.JStacheType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The page on the dashboard: what runs now, what it costs, and a button to stop it. The template
 * makes it a fragment of HTML without a script, as CloudWatch's custom widgets require.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard_interactivity.html">Interactivity
 *     in a custom widget</a>
 */
@JStache(path = "widget.mustache")
public final class WidgetPage {

  /** CloudWatch's console has two. */
  public enum Theme {
    LIGHT,
    DARK
  }

  private static final int MAX_ROWS = 50;
  private static final int MAX_REASONS = 8;
  private static final int MAX_NAMES = 3;

  /** An amount at the top. */
  record Total(String name, String value, String note) {}

  /** What could not be read. */
  record Gaps(List<String> reasons) {}

  /** What the page says of itself, in Markdown. */
  @JStache(path = "widget.md")
  @JStacheConfig(type = JStacheType.STACHE)
  record Documentation() {}

  private final Inventory inventory;
  private final double usdPerDpuHour;
  private final Theme theme;
  private final List<WidgetRow> all;

  private WidgetPage(
      Inventory inventory, double usdPerDpuHour, @Nullable String stopFunctionArn, Theme theme) {
    this.inventory = inventory;
    this.usdPerDpuHour = usdPerDpuHour;
    this.theme = theme;
    this.all =
        inventory.entries().stream()
            .map(entry -> new WidgetRow(entry, usdPerDpuHour, stopFunctionArn))
            .toList();
  }

  /**
   * The page as HTML.
   *
   * @param usdPerDpuHour the price of a DPU-hour in this Region, in dollars
   * @param stopFunctionArn the function that a Stop button calls; null for no buttons
   */
  public static String of(
      Inventory inventory, double usdPerDpuHour, @Nullable String stopFunctionArn, Theme theme) {
    return WidgetPageRenderer.of()
        .execute(new WidgetPage(inventory, usdPerDpuHour, stopFunctionArn, theme));
  }

  /** What the page says of itself, in Markdown. */
  public static String documentation() {
    return DocumentationRenderer.of().execute(new Documentation());
  }

  String theme() {
    return theme.name().toLowerCase(Locale.ROOT);
  }

  List<Total> totals() {
    return List.of(
        total("Cost so far", WidgetRow::usdSoFar, WidgetRow::isUpperBound),
        total("Cost an hour from now on", WidgetRow::usdAnHour, row -> row.entry().isHeldAtMost()),
        new Total("Active sessions", Integer.toString(all.size()), states()));
  }

  private Total total(
      String name, Function<WidgetRow, @Nullable Double> usd, Predicate<WidgetRow> isUpperBound) {
    var bound = sum(all.stream().filter(isUpperBound), usd);
    var unknown = all.stream().filter(row -> usd.apply(row) == null).count();
    return new Total(
        name,
        Format.usd(sum(all.stream(), usd)),
        Stream.of(
                bound > 0 ? Format.usd(bound) + " of it is an upper bound" : "",
                unknown > 0
                    ? "without " + Format.count(unknown, "session") + " of unknown cost"
                    : "")
            .filter(note -> !note.isEmpty())
            .collect(joining("; ")));
  }

  private static double sum(Stream<WidgetRow> rows, Function<WidgetRow, @Nullable Double> usd) {
    return rows.map(usd).filter(Objects::nonNull).mapToDouble(Double::doubleValue).sum();
  }

  private String states() {
    return inventory.entries().stream()
        .collect(
            groupingBy(
                it -> UserText.clean(it.session().state().name()).toLowerCase(Locale.ROOT),
                LinkedHashMap::new,
                counting()))
        .entrySet()
        .stream()
        .map(it -> it.getValue() + " " + it.getKey())
        .collect(joining(", "));
  }

  @Nullable String nothing() {
    if (!all.isEmpty()) {
      return null;
    }
    return "Nothing is running" + (inventory.gaps().isEmpty() ? "." : ", as far as could be read.");
  }

  List<WidgetRow> rows() {
    return all.subList(0, Math.min(all.size(), MAX_ROWS));
  }

  @Nullable String cut() {
    if (all.size() <= MAX_ROWS) {
      return null;
    }
    var cut = all.subList(MAX_ROWS, all.size());
    return "%s not shown, which cost less: %s so far, as far as known. The totals include them."
        .formatted(
            Format.count(cut.size(), "more session"),
            Format.usd(sum(cut.stream(), WidgetRow::usdSoFar)));
  }

  @Nullable Gaps gaps() {
    var names =
        inventory.gaps().stream()
            .collect(
                groupingBy(
                    gap -> new ReadFailure(gap.what(), "", gap.why()),
                    LinkedHashMap::new,
                    mapping(ReadFailure::of, toList())));
    if (names.isEmpty()) {
      return null;
    }
    var reasons = names.entrySet().stream().map(it -> reason(it.getKey(), it.getValue()));
    var more =
        names.size() <= MAX_REASONS
            ? Stream.<String>of()
            : Stream.of("and more, for %d other reasons".formatted(names.size() - MAX_REASONS));
    return new Gaps(Stream.concat(reasons.limit(MAX_REASONS), more).toList());
  }

  private static String reason(ReadFailure gap, List<String> names) {
    var of =
        names.stream().limit(MAX_NAMES).map(UserText::clean).collect(joining(", "))
            + (names.size() > MAX_NAMES ? " and %d more".formatted(names.size() - MAX_NAMES) : "");
    var what =
        switch (gap.what()) {
          case WORK_GROUPS -> "the workgroups";
          case SESSIONS -> "the sessions of workgroup " + of;
          case SESSION -> "the details of session " + of;
          case CALCULATIONS -> "what runs in session " + of;
          case NODES -> "the nodes of session " + of;
          case TAGS -> "the tags of " + of;
        };
    var why = gap.why();
    return what
        + ": "
        + (why == null ? "there was no time left" : UserText.clean(why, UserText.MOST_OF_AWS));
  }

  String scope() {
    return "%s, account %s in %s, seen %s"
        .formatted(
            Format.count(inventory.workGroups(), "workgroup"),
            inventory.place().accountId(),
            inventory.place().region(),
            Format.time(inventory.at()));
  }

  String price() {
    return Format.number(usdPerDpuHour);
  }
}
