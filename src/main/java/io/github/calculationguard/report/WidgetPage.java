package io.github.calculationguard.report;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;

import module java.base;

import io.github.calculationguard.guard.Inventory;
import io.github.calculationguard.guard.Inventory.*;
import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.Verdict.Usage;
import io.github.calculationguard.report.Costs.Amount;
import io.github.calculationguard.spark.*;
import io.jstach.jstache.JStache;
import io.jstach.jstache.JStacheConfig;
import io.jstach.jstache.JStacheType;
import org.jspecify.annotations.Nullable;

/**
 * The page on the dashboard: what runs now, what it costs, and a button to stop or end it. The
 * template makes it a fragment of HTML without a script, as CloudWatch's custom widgets require.
 * All text in it is clean.
 *
 * @param usdPerDpuHour the price of a DPU-hour in this Region, in dollars
 * @param all the rows, the costliest first
 * @see <a
 *     href="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard_interactivity.html">Interactivity
 *     in a custom widget</a>
 */
@JStache(path = "widget.mustache")
public record WidgetPage(Inventory inventory, double usdPerDpuHour, boolean isDark, List<Row> all) {

  /**
   * What a viewer may do with a row.
   *
   * @param stopFunctionArn the function that the buttons call; null for no buttons
   * @param mayTerminate whether the guard may end sessions
   * @param widgetFunctionArn the page's own function, which opens the Spark UI; null for no links
   */
  public record Actions(
      @Nullable String stopFunctionArn, boolean mayTerminate, @Nullable String widgetFunctionArn) {}

  /** At most this many rows; the costliest sessions come first. */
  private static final int MAX_ROWS = 500;

  private static final int MAX_REASONS = 8;
  private static final int MAX_NAMES = 3;
  private static final int SHORT_ID = 8;

  public WidgetPage(Inventory inventory, double usdPerDpuHour, Actions actions, boolean isDark) {
    var rows =
        inventory.entries().stream()
            .map(it -> new Row(it, new Costs(it.details(), usdPerDpuHour), actions));
    this(inventory, usdPerDpuHour, isDark, rows.toList());
  }

  /** The page as HTML. */
  public String html() {
    return WidgetPageRenderer.of().execute(this);
  }

  /** What the page says of itself, in Markdown. */
  public static String documentation() {
    return DocumentationRenderer.of().execute(new Documentation());
  }

  List<Total> totals() {
    return List.of(
        total("Cost so far", Costs::soFar),
        total("Cost an hour from now on", Costs::perHour),
        new Total("Active sessions", String.valueOf(all.size()), states()));
  }

  private Total total(String name, Function<Costs, @Nullable Amount> amount) {
    var known = all.stream().map(it -> amount.apply(it.costs())).filter(Objects::nonNull).toList();
    var bound = usd(known.stream().filter(Amount::isUpperBound));
    var unknown = all.size() - known.size();
    var note =
        UserText.joined(
            "; ",
            bound > 0 ? Format.usd(bound) + " of it is an upper bound" : null,
            unknown > 0
                ? "without " + Format.count(unknown, "session") + " of unknown cost"
                : null);
    return new Total(name, Format.usd(usd(known.stream())), note);
  }

  private static double usd(Stream<? extends Amount> amounts) {
    return amounts.mapToDouble(Amount::usd).sum();
  }

  private String states() {
    return inventory.entries().stream()
        .map(it -> UserText.clean(it.session().state().name()).toLowerCase(Locale.ROOT))
        .collect(groupingBy(Function.identity(), LinkedHashMap::new, counting()))
        .entrySet()
        .stream()
        .map(it -> it.getValue() + " " + it.getKey())
        .collect(joining(", "));
  }

  List<Row> rows() {
    return all.stream().limit(MAX_ROWS).toList();
  }

  @Nullable String notShown() {
    var rest = all.stream().skip(MAX_ROWS).toList();
    var usd = usd(rest.stream().map(it -> it.costs().soFar()).filter(Objects::nonNull));
    return rest.isEmpty()
        ? null
        : "%s not shown, which cost less: %s so far, as far as known. The totals include them."
            .formatted(Format.count(rest.size(), "more session"), Format.usd(usd));
  }

  List<String> failures() {
    var byReason =
        inventory.failures().stream()
            .collect(
                groupingBy(
                    it -> new Failure(it.what(), "", it.why()),
                    LinkedHashMap::new,
                    mapping(Failure::of, toList())));
    var texts = byReason.entrySet().stream().map(it -> gap(it.getKey(), it.getValue())).toList();
    var rest = texts.size() - MAX_REASONS;
    var more = "and more, for %d other reasons".formatted(rest);
    return rest > 0
        ? Stream.concat(texts.stream().limit(MAX_REASONS), Stream.of(more)).toList()
        : texts;
  }

  private static String gap(Failure failure, List<String> names) {
    var shown = names.stream().limit(MAX_NAMES).map(UserText::clean).collect(joining(", "));
    var rest = names.size() - MAX_NAMES;
    return (failure.what() + " " + shown).strip()
        + (rest > 0 ? " and %d more: ".formatted(rest) : ": ")
        + (failure.why() == null
            ? "there was no time left, or no call"
            : UserText.aws(failure.why()));
  }

  String workGroups() {
    return Format.count(inventory.workGroups(), "workgroup");
  }

  String seenAt() {
    return Format.time(inventory.at());
  }

  String price() {
    return Format.number(usdPerDpuHour);
  }

  record Total(String name, String value, String note) {}

  /** How much of a limit is used, and how wide its bar is. */
  record Bar(String used, String percent, String color, long width) {

    static Bar of(Usage usage, int warnAtPercent) {
      var percent = usage.percent();
      return new Bar(
          usage.observedInWords() + " of " + usage.limitInWords(),
          "%.0f %% of %s used".formatted(percent, usage.rule()),
          usage.isExceeded() ? "over" : percent >= warnAtPercent ? "near" : "fine",
          Math.round(Math.clamp(percent, 1, 100)));
    }
  }

  @JStache(path = "widget.md")
  @JStacheConfig(type = JStacheType.STACHE)
  record Documentation() {}

  record Row(Entry entry, Costs costs, Actions actions) {

    /** What it costs; if its size is not known, as much as Athena's largest session would. */
    Costs displayedCosts() {
      var details = entry.details();
      var session = entry.session().withMaxDpus(Session.MAX_DPUS);
      return entry.session().maxDpus() != null || details.cost() != null
          ? costs
          : new Costs(
              new Snapshot(null, session, null, details.executors(), details.at()),
              costs.usdPerDpuHour());
    }

    Snapshot current() {
      var current = entry.current();
      return current == null ? entry.details() : entry.details().withCalculation(current);
    }

    @Nullable String description() {
      return Stream.of(current(), entry.details())
          .map(Snapshot::description)
          .filter(Objects::nonNull)
          .map(UserText::clean)
          .filter(text -> !text.isEmpty())
          .findFirst()
          .orElse(null);
    }

    @Nullable String quotedDescription() {
      return UserText.quotedOrNull(description());
    }

    String workGroup() {
      return UserText.clean(entry.session().workGroup());
    }

    String shortId() {
      var id = entry.session().id().value();
      return id.length() > SHORT_ID ? id.substring(0, SHORT_ID) + "…" : id;
    }

    @Nullable String owner() {
      return UserText.cleanOrNull(entry.details().owner());
    }

    @Nullable Integer waiting() {
      return entry.calculations().size() > 1 ? entry.calculations().size() - 1 : null;
    }

    @Nullable String state() {
      return UserText.cleanOrNull(current().state());
    }

    String badge() {
      var state = entry.session().state();
      var idle = state.isIdle() && entry.current() == null;
      return state.isDegraded() ? "bad" : idle ? "idle" : "busy";
    }

    /** Whether its button ends the session, because there is no calculation to stop. */
    boolean isEndable() {
      var session = entry.session();
      var state = session.state();
      return actions.mayTerminate()
          && entry.current() == null
          && (!session.supportsCalculations() || state.isIdle() || state.isDegraded());
    }

    @Nullable String since() {
      var idle = entry.current() == null ? entry.details().idle() : null;
      var time = idle == null ? current().age() : idle;
      var isOpen = entry.current() == null && idle == null;
      return time == null ? null : (isOpen ? "open for " : "for ") + Format.duration(time);
    }

    @Nullable Bar limit() {
      var limits = entry.limits();
      return limits.mode() == Mode.OFF
          ? null
          : entry.nearestLimit().map(it -> Bar.of(it, limits.warnAtPercent())).orElse(null);
    }

    /** Why nothing is stopped here. */
    @Nullable String note() {
      var limits = entry.limits();
      if (limits.mode() == Mode.OFF) {
        return "not guarded: the mode is off";
      }
      if (entry.nearestLimit().isEmpty()) {
        return "no limit";
      }
      if (limits.exemptUntil() != null && limits.isExempt(entry.details().at())) {
        return "exempt until " + Format.time(limits.exemptUntil());
      }
      var isKept = entry.isSessionExceeded() && !actions.mayTerminate();
      return UserText.joined(
          "; ",
          limits.mode() == Mode.OBSERVE ? "only observed" : null,
          isKept ? "the guard may not end it: Escalation is NONE" : null);
    }
  }
}
