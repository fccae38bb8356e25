package io.github.calculationguard.report;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;

import io.github.calculationguard.guard.Inventory;
import io.github.calculationguard.guard.Inventory.Entry;
import io.github.calculationguard.guard.Inventory.ReadFailure;
import io.github.calculationguard.guard.Limits.Mode;
import io.github.calculationguard.guard.Rule;
import io.github.calculationguard.guard.Verdict.Usage;
import io.github.calculationguard.spark.Calculation;
import io.github.calculationguard.spark.Cost;
import io.github.calculationguard.spark.Format;
import io.github.calculationguard.spark.Session;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The page on the dashboard: what runs now, what it costs, and a button to stop it. A fragment of
 * HTML without a script, as CloudWatch's custom widgets want it.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard_interactivity.html">what
 *     a widget can do</a>
 */
public final class WidgetPage {

  /** CloudWatch's console has two. */
  public enum Theme {
    LIGHT,
    DARK
  }

  /** What the page says of itself, in Markdown. */
  public static final String DOCUMENTATION =
      """
      ## What runs now in Athena for Apache Spark, and what it costs
      A row for each active session, the costliest first: what runs in it, whose it is, for how \
      long it has been busy or idle, its DPU-hours and dollars so far and how they are known, and \
      the limit of which most is used.

      **How a cost is known** | What it means
      ---|---
      REPORTED | Athena's own statistics
      LIVE | the sizes of the session's nodes, each times its own time
      UPPER_BOUND | the most DPUs that the session may hold, all the time: the truth may be far less

      **Stop** cancels the calculation that runs in a session, and leaves the session open. It calls \
      the stop function as you, so you need `lambda:InvokeFunction` on its alias. CloudWatch does not \
      tell the function who you are, so what it announces says "a viewer of the dashboard".

      A session of the Spark 3.5 release shows no calculation, so it has no such button: \
      `aws athena terminate-session --session-id …` ends it, and the full id is shown on hover.

      The page reads Athena at a measured pace, for ten seconds at most, and says what it did not \
      come to.

      ### Parameters
      None. Which workgroups are shown, what a DPU-hour costs and whether there is a Stop button are \
      parameters of the stack that this function belongs to.
      """;

  private static final int MOST_ROWS = 50;
  private static final int MOST_GAPS = 8;
  private static final int SHORT_ID = 8;

  private final Inventory overview;
  private final double usdPerDpuHour;
  private final @Nullable String stopFunctionArn;
  private final StringBuilder html = new StringBuilder();

  private WidgetPage(Inventory overview, double usdPerDpuHour, @Nullable String stopFunctionArn) {
    this.overview = overview;
    this.usdPerDpuHour = usdPerDpuHour;
    this.stopFunctionArn = stopFunctionArn;
  }

  /**
   * The page.
   *
   * @param usdPerDpuHour what a DPU-hour costs in this Region, in dollars
   * @param stopFunctionArn whom Stop calls; absent where there is no such button
   */
  public static String of(
      Inventory overview, double usdPerDpuHour, @Nullable String stopFunctionArn, Theme theme) {
    var page = new WidgetPage(overview, usdPerDpuHour, stopFunctionArn);
    page.html
        .append("<div class=\"cg cg-%s cwdb-no-default-styles\">\n".formatted(lower(theme)))
        .append(WidgetStyle.CSS);
    page.totals();
    page.rows();
    page.gaps();
    page.legend();
    return page.html.append("</div>\n").toString();
  }

  // The total

  private void totals() {
    var entries = overview.entries();
    var costs = entries.stream().map(it -> it.details().cost()).filter(Objects::nonNull).toList();
    var soFar = costs.stream().mapToDouble(it -> it.usd(usdPerDpuHour)).sum();
    var atMost =
        costs.stream()
            .filter(it -> it.basis() == Cost.Basis.UPPER_BOUND)
            .mapToDouble(it -> it.usd(usdPerDpuHour))
            .sum();
    var held = entries.stream().filter(it -> it.details().dpusStillHeld() != null).toList();
    var anHour = held.stream().mapToDouble(this::usdAnHour).sum();
    var anHourAtMost = held.stream().filter(Entry::isHeldAtMost).mapToDouble(this::usdAnHour).sum();
    html.append("<div class=\"cg-totals\">\n");
    total("Dollars so far", Format.usd(soFar), unsure(atMost, entries.size() - costs.size()));
    total(
        "Dollars an hour from now on",
        Format.usd(anHour),
        unsure(anHourAtMost, entries.size() - held.size()));
    total("Active sessions", Integer.toString(entries.size()), states());
    html.append("</div>\n");
  }

  private void total(String name, String value, String note) {
    html.append(
        "<div class=\"cg-total\"><div class=\"cg-dim\">%s</div><div class=\"cg-big\">%s</div><div class=\"cg-dim\">%s</div></div>\n"
            .formatted(name, value, Html.text(note)));
  }

  private static String unsure(double atMost, int unknown) {
    return Stream.of(
            atMost > 0 ? Format.usd(atMost) + " of it is an upper bound" : null,
            unknown > 0 ? "without " + counted(unknown, "session") + " of unknown cost" : null)
        .flatMap(Stream::ofNullable)
        .collect(joining("; "));
  }

  private String states() {
    return overview.entries().stream()
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

  // The rows

  private void rows() {
    var entries = overview.entries();
    if (entries.isEmpty()) {
      html.append("<p class=\"cg-nothing\">Nothing is running")
          .append(overview.gaps().isEmpty() ? "." : ", as far as could be read.")
          .append("</p>\n");
      return;
    }
    html.append(
        """
        <table>
        <thead><tr><th class="cg-num">So far</th><th class="cg-num">DPU-hours</th><th>What</th><th>State</th><th>Limit</th><th></th></tr></thead>
        <tbody>
        """);
    entries.stream().limit(MOST_ROWS).forEach(this::row);
    html.append("</tbody>\n</table>\n");
    if (entries.size() > MOST_ROWS) {
      var cut = entries.subList(MOST_ROWS, entries.size());
      var usd =
          cut.stream()
              .map(it -> it.details().cost())
              .filter(Objects::nonNull)
              .mapToDouble(it -> it.usd(usdPerDpuHour))
              .sum();
      html.append(
          "<p class=\"cg-dim\">Cut: %s that cost less, %s so far as far as is known. The totals count them.</p>\n"
              .formatted(counted(cut.size(), "more session"), Format.usd(usd)));
    }
  }

  private void row(Entry entry) {
    html.append("<tr>\n");
    cost(entry);
    what(entry);
    state(entry);
    limit(entry);
    html.append("<td class=\"cg-stop\">");
    stop(entry);
    html.append("</td>\n</tr>\n");
  }

  private void cost(Entry entry) {
    var cost = entry.details().cost();
    if (cost == null) {
      html.append(
          "<td class=\"cg-num cg-usd\"><b>not known</b></td>\n<td class=\"cg-num cg-dpu\"></td>\n");
      return;
    }
    var atMost = cost.basis() == Cost.Basis.UPPER_BOUND ? "at most " : "";
    html.append(
        "<td class=\"cg-num cg-usd\"><b>%s%s</b><span class=\"cg-dim\">%s</span></td>\n"
            .formatted(atMost, Format.usd(cost.usd(usdPerDpuHour)), anHour(entry)));
    html.append(
        "<td class=\"cg-num cg-dpu\">%s<span class=\"cg-unit\"> DPU-hours</span><span class=\"cg-dim\">%s</span></td>\n"
            .formatted(number(cost.dpuHours()), cost.basis()));
  }

  private String anHour(Entry entry) {
    return entry.details().dpusStillHeld() == null
        ? ""
        : (entry.isHeldAtMost() ? "at most " : "") + Format.usd(usdAnHour(entry)) + " an hour";
  }

  private double usdAnHour(Entry entry) {
    var held = entry.details().dpusStillHeld();
    return held == null ? 0 : held * usdPerDpuHour;
  }

  private void what(Entry entry) {
    var session = entry.session();
    var calculation = entry.current();
    var description = description(entry);
    var waiting = entry.calculations().size() - 1;
    var id = session.id().value();
    html.append("<td class=\"cg-what\">");
    html.append(
        description == null
            ? "<span class=\"cg-dim\">no description</span>"
            : "<bdi class=\"cg-said\" title=\"%1$s\">%1$s</bdi>".formatted(Html.text(description)));
    var facts =
        Stream.of(
            user("cg-group", session.workGroup()),
            "<span class=\"cg-id\" title=\"session %s%s\">%s</span>"
                .formatted(
                    id,
                    calculation == null ? "" : ", calculation " + calculation.id(),
                    id.length() > SHORT_ID ? id.substring(0, SHORT_ID) + "…" : id),
            entry.owner() == null ? null : user("cg-owner", entry.owner()),
            waiting > 0 ? "%d more %s".formatted(waiting, waiting == 1 ? "waits" : "wait") : null);
    html.append("<span class=\"cg-dim\">")
        .append(facts.flatMap(Stream::ofNullable).collect(joining(" · ")))
        .append("</span></td>\n");
  }

  private static @Nullable String description(Entry entry) {
    var calculation = entry.current();
    return Stream.of(
            calculation == null ? null : calculation.description(), entry.session().description())
        .flatMap(Stream::ofNullable)
        .map(UserText::clean)
        .filter(text -> !text.isEmpty())
        .findFirst()
        .orElse(null);
  }

  private static String user(String style, String text) {
    return "<bdi class=\"%s\">%s</bdi>".formatted(style, Html.text(UserText.clean(text)));
  }

  private void state(Entry entry) {
    var session = entry.session();
    var calculation = entry.current();
    var name = calculation == null ? session.state().name() : calculation.state().name();
    html.append(
        "<td class=\"cg-state\"><span class=\"cg-badge cg-%s\">%s</span><span class=\"cg-dim\">%s</span></td>\n"
            .formatted(mood(session, calculation), Html.text(UserText.clean(name)), since(entry)));
  }

  private static String mood(Session session, @Nullable Calculation calculation) {
    if (session.state().name().equals("DEGRADED")) {
      return "bad";
    }
    return session.state().isIdle() && calculation == null ? "idle" : "busy";
  }

  private String since(Entry entry) {
    var session = entry.session();
    var calculation = entry.current();
    var at = entry.at();
    if (calculation != null) {
      var age = calculation.age(at);
      return age == null ? "" : "for " + Format.duration(age);
    }
    if (session.state().isIdle() && session.idleSince() != null) {
      var idle = Duration.between(session.idleSince(), at);
      return "for " + Format.duration(idle.isNegative() ? Duration.ZERO : idle);
    }
    var age = session.age(at);
    return age == null ? "" : "open for " + Format.duration(age);
  }

  private void limit(Entry entry) {
    var limits = entry.limits();
    var usage = limits.mode() == Mode.OFF ? null : entry.fullest();
    html.append("<td class=\"cg-limit\">");
    if (usage == null) {
      html.append("<span class=\"cg-dim\">")
          .append(limits.mode() == Mode.OFF ? "not guarded: the mode is off" : "no limit")
          .append("</span>");
    } else {
      var percent = 100 * usage.observed() / usage.limit();
      var mood = usage.isOver() ? "over" : percent >= limits.warnAtPercent() ? "near" : "fine";
      html.append(
          "<span>%s</span><div class=\"cg-bar\" role=\"img\" title=\"%s\" aria-label=\"%2$s\"><div class=\"cg-%s\" style=\"width:%.0f%%\"></div></div>"
              .formatted(
                  used(usage),
                  "%.0f %% of %s is used".formatted(percent, usage.rule()),
                  mood,
                  Math.clamp(percent, 1, 100)));
      var mercy = mercy(entry);
      if (mercy != null) {
        html.append("<span class=\"cg-dim\">").append(mercy).append("</span>");
      }
    }
    html.append("</td>\n");
  }

  private static @Nullable String mercy(Entry entry) {
    var until = entry.limits().exemptUntil();
    if (until != null && entry.limits().exempt(entry.at())) {
      return "exempt until " + Format.time(until);
    }
    return entry.limits().mode() == Mode.OBSERVE ? "only observed" : null;
  }

  private static String used(Usage usage) {
    var doing =
        switch (usage.rule()) {
          case MAX_CALCULATION_MINUTES -> "ran";
          case MAX_SESSION_IDLE_MINUTES -> "idle";
          case MAX_SESSION_HOURS -> "open";
          case MAX_CALCULATION_DPU_HOURS, MAX_SESSION_DPU_HOURS ->
              usage.isUpperBound() ? "used at most" : "used";
        };
    return "%s %s of %s"
        .formatted(
            doing, amount(usage.rule(), usage.observed()), amount(usage.rule(), usage.limit()));
  }

  private static String amount(Rule rule, double number) {
    return switch (rule) {
      case MAX_CALCULATION_MINUTES, MAX_SESSION_IDLE_MINUTES ->
          duration(number * Duration.ofMinutes(1).toMillis());
      case MAX_SESSION_HOURS -> duration(number * Duration.ofHours(1).toMillis());
      case MAX_CALCULATION_DPU_HOURS, MAX_SESSION_DPU_HOURS -> number(number) + " DPU-hours";
    };
  }

  private static String duration(double millis) {
    return Format.duration(Duration.ofMillis(Math.round(millis))).replaceFirst(" 0 (h|min|s)$", "");
  }

  private void stop(Entry entry) {
    var calculation = entry.current();
    if (stopFunctionArn == null || calculation == null) {
      return;
    }
    var description = description(entry);
    var question =
        "Stop the calculation %s in workgroup %s%s? What it has not written yet is lost. Its session stays open."
            .formatted(
                calculation.id(),
                UserText.clean(entry.session().workGroup()),
                description == null ? "" : ", " + UserText.quoted(description));
    html.append(
        "<a class=\"btn cg-button\">Stop</a><cwdb-action action=\"call\" display=\"popup\" confirmation=\"%s\" endpoint=\"%s\">%s</cwdb-action>"
            .formatted(
                Html.text(question),
                Html.text(stopFunctionArn),
                // An id is letters, digits and hyphens: nothing of it can end the element.
                Json.line(Map.of("calculationExecutionId", calculation.id().value()))));
  }

  // What could not be read

  private void gaps() {
    var gaps =
        overview.gaps().stream()
            .collect(
                groupingBy(
                    gap -> new ReadFailure(gap.what(), "", gap.why()),
                    LinkedHashMap::new,
                    mapping(ReadFailure::of, toList())));
    if (gaps.isEmpty()) {
      return;
    }
    html.append("<div class=\"cg-gaps\"><b>Not all could be read</b>\n<ul>\n");
    gaps.entrySet().stream()
        .limit(MOST_GAPS)
        .forEach(
            gap ->
                html.append("<li>")
                    .append(Html.text(words(gap.getKey(), gap.getValue())))
                    .append("</li>\n"));
    if (gaps.size() > MOST_GAPS) {
      html.append("<li>and more, for %d other reasons</li>\n".formatted(gaps.size() - MOST_GAPS));
    }
    html.append("</ul></div>\n");
  }

  private static String words(ReadFailure gap, List<String> of) {
    var named = of.stream().limit(3).map(UserText::clean).collect(joining(", "));
    var more = of.size() > 3 ? " and %d more".formatted(of.size() - 3) : "";
    var what =
        switch (gap.what()) {
          case WORK_GROUPS -> "the workgroups";
          case SESSIONS -> "the sessions of workgroup " + named + more;
          case SESSION -> "the details of session " + named + more;
          case CALCULATIONS -> "what runs in session " + named + more;
          case NODES -> "the nodes of session " + named + more;
          case TAGS -> "the tags of " + named + more;
        };
    return what
        + ": "
        + (gap.why() == null
            ? "there was no time left"
            : UserText.clean(gap.why(), UserText.MOST_OF_AWS));
  }

  private void legend() {
    html.append(
        """
        <p class="cg-dim cg-legend">%s, %s in %s, seen %s, at %s USD a DPU-hour. \
        REPORTED: Athena's own statistics. LIVE: its nodes' sizes and times. \
        UPPER_BOUND: as if it had held all its DPUs all the time.</p>
        """
            .formatted(
                counted(overview.workGroups(), "workgroup"),
                "account " + Html.text(overview.place().accountId()),
                Html.text(overview.place().region()),
                Format.time(overview.at()),
                number(usdPerDpuHour)));
  }

  private static String counted(int count, String thing) {
    return count + " " + thing + (count == 1 ? "" : "s");
  }

  private static String number(double number) {
    return String.format(Locale.ROOT, number < 10 ? "%.2f" : "%.1f", number);
  }

  private static String lower(Theme theme) {
    return theme.name().toLowerCase(Locale.ROOT);
  }
}
