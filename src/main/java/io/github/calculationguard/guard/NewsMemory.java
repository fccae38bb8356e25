package io.github.calculationguard.guard;

import module java.base;

import io.github.calculationguard.guard.Inventory.Failure;
import io.github.calculationguard.guard.SweepReport.Judged;
import io.github.calculationguard.spark.*;

/** What people were told of in the last 24 hours. The rest of what a sweep finds is news. */
public final class NewsMemory {

  private static final String EVENT_OF = "event of ";

  private final WarningMemory warnings;
  private final RecordedWarning.Store store;
  private final InstantSource clock;
  private final Map<String, Instant> notifiedAt = new HashMap<>();

  NewsMemory(WarningMemory warnings, RecordedWarning.Store store, InstantSource clock) {
    this.warnings = warnings;
    this.store = store;
    this.clock = clock;
  }

  /** The news among these; notifications before an instant are forgotten. */
  News among(List<Judged> judged, Inventory inventory, Instant longAgo) {
    notifiedAt.values().removeIf(at -> !at.isAfter(longAgo));
    var news = judged.stream().filter(it -> it.disposition().isNews && isNew(it, longAgo));
    var tags = new LinkedHashMap<>(inventory.invalidTags());
    tags.keySet().removeIf(it -> notifiedAt.containsKey(it.toString()));
    return new News(news.toList(), tags, false);
  }

  /** Whether people are to be notified of it: once a day, and again if a warning has lapsed. */
  private boolean isNew(Judged it, Instant longAgo) {
    var usage = it.verdict().usage();
    if (usage == null || !it.leadsToStop()) {
      return !notifiedAt.containsKey(it.key());
    }
    var warnedAt = warnings.warnedAt(it.snapshot(), it.limits(), usage);
    return warnedAt.filter(at -> at.isAfter(longAgo)).isEmpty();
  }

  /**
   * Remembers that people were notified, so that it is not new again for a day. What they were
   * warned of may be stopped from now on, so a tag of its session says so to the sweeps of other
   * environments.
   *
   * @return the tags that could not be set: this environment alone knows of those warnings
   */
  public List<Failure> notified(SweepReport report, Deadline deadline) {
    var at = report.inventory().startedAt();
    report.news().judged().forEach(it -> notifiedAt.put(it.key(), at));
    report.news().invalidTags().keySet().forEach(tag -> notifiedAt.put(tag.toString(), at));
    var now = clock.instant();
    // Several calculations of a session share a tag.
    var tags = new LinkedHashMap<SessionTag, RecordedWarning>();
    for (var it : report.news().judged()) {
      var usage = it.verdict().usage();
      if (usage != null && it.leadsToStop()) {
        var key = Limits.PREFIX + RecordedWarning.NAME + usage.rule();
        tags.put(new SessionTag(report.arnOf(it), key), warnings.remember(it, usage, now));
      }
    }
    var failures = new ArrayList<Failure>();
    tags.forEach(
        (tag, warning) -> {
          try {
            store.tag(tag.sessionArn, tag.key, warning.value(), deadline);
          } catch (AthenaSparkException e) {
            failures.add(new Failure("tag on", tag.sessionArn, e.getMessage(), e));
          }
        });
    return failures;
  }

  private record SessionTag(String sessionArn, String key) {}

  /** What to publish as events: new warnings, and what had no event in the last 24 hours. */
  public List<Judged> unsent(SweepReport report) {
    var news = report.news().judged();
    return report.judged().stream()
        .filter(it -> it.disposition().isNews)
        .filter(
            it ->
                !notifiedAt.containsKey(EVENT_OF + it.key())
                    || (it.leadsToStop() && news.contains(it)))
        .toList();
  }

  /** Remembers that an event was sent. */
  public void sent(Judged judged) {
    notifiedAt.put(EVENT_OF + judged.key(), judged.snapshot().at());
  }
}
