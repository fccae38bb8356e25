package io.github.calculationguard.guard;

import static java.util.Comparator.comparing;
import static java.util.Comparator.reverseOrder;

import module java.base;

import io.github.calculationguard.guard.Limits.InvalidTag;
import io.github.calculationguard.guard.SweepReport.Judged;
import io.github.calculationguard.spark.SessionId;
import org.jspecify.annotations.Nullable;

/**
 * What people are notified of.
 *
 * @param isShared whether one notification has it for several addressees
 */
public record News(
    List<Judged> judged, SequencedMap<InvalidTag, Addressee> invalidTags, boolean isShared) {

  /** At most this many notifications have one addressee each. */
  static final int MAX_ADDRESSED = 20;

  /**
   * Whom a part of the news is for.
   *
   * @param owner absent where no tag names one
   */
  public record Addressee(String workGroup, @Nullable String owner) {}

  private News() {
    this(new ArrayList<>(), new LinkedHashMap<>(), false);
  }

  /** Whether there is nothing to notify of. */
  public boolean isEmpty() {
    return judged.isEmpty() && invalidTags.isEmpty();
  }

  /** Each addressee once. */
  public Set<Addressee> addressees() {
    return Stream.concat(judged.stream().map(Judged::addressee), invalidTags.values().stream())
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /** One part for each addressee, the costliest first; the rest share the last part. */
  List<News> parts() {
    var parts = new LinkedHashMap<Addressee, News>();
    Function<Addressee, News> part = to -> parts.computeIfAbsent(to, _ -> new News());
    judged.forEach(it -> part.apply(it.addressee()).judged.add(it));
    invalidTags.forEach((tag, to) -> part.apply(to).invalidTags.put(tag, to));
    var ranked = parts.values().stream().sorted(comparing(News::dpuHours, reverseOrder()));
    var all = ranked.toList();
    if (all.size() <= MAX_ADDRESSED) {
      return all;
    }
    var rest = new News(new ArrayList<>(), new LinkedHashMap<>(), true);
    for (var it : all.subList(MAX_ADDRESSED, all.size())) {
      rest.judged.addAll(it.judged);
      rest.invalidTags.putAll(it.invalidTags);
    }
    return Stream.concat(all.stream().limit(MAX_ADDRESSED), Stream.of(rest)).toList();
  }

  /** Of its sessions, each counted once. */
  private double dpuHours() {
    var sessions = new HashMap<SessionId, Double>();
    judged.forEach(it -> sessions.merge(it.session().id(), it.dpuHours(), Math::max));
    return sessions.values().stream().mapToDouble(it -> it).sum();
  }
}
