package io.github.calculationguard.report;

import module java.base;

import io.github.calculationguard.guard.News;
import io.github.calculationguard.guard.News.Addressee;
import io.github.calculationguard.spark.Format;
import io.github.calculationguard.spark.Severity;
import org.jspecify.annotations.Nullable;

/** Whom a sweep's notification is for: one addressee, or the many that share the last one. */
record Audience(News news) {

  private static final int MAX_IN_SUBJECT = 25;
  // Attributes count towards the size of a message.
  private static final int MAX_OF_LIST = 16_000;
  // The quotation marks and the comma of a name in a list.
  private static final int SEPARATORS = 3;

  boolean isShared() {
    return news.isShared();
  }

  @Nullable String workGroup() {
    return isShared() ? null : UserText.name(addressee().workGroup());
  }

  private @Nullable String owner() {
    return isShared() ? null : addressee().owner();
  }

  @Nullable String quotedOwner() {
    return UserText.quotedOrNull(owner());
  }

  /** As the subject names it. */
  String inSubject() {
    if (isShared()) {
      return Format.count(names(Addressee::workGroup).size(), "workgroup");
    }
    var group = UserText.clean(addressee().workGroup(), MAX_IN_SUBJECT);
    var owner = owner();
    return owner == null ? group : group + " | " + UserText.clean(owner, MAX_IN_SUBJECT);
  }

  /** The attributes of its notification. */
  Map<String, Object> attributes(Severity severity) {
    var attributes = new LinkedHashMap<String, Object>();
    attributes.put("outcome", "SWEPT");
    attributes.put("trigger", "sweep");
    attributes.put("severity", severity.name());
    if (isShared()) {
      putList(attributes, Notification.WORK_GROUP, names(Addressee::workGroup));
      putList(attributes, Notification.OWNER, names(Addressee::owner));
    } else {
      Notification.putAttribute(attributes, Notification.WORK_GROUP, addressee().workGroup());
      Notification.putAttribute(attributes, Notification.OWNER, owner());
    }
    return attributes;
  }

  /** Adds the one addressee to a record. */
  LogRecord putInto(LogRecord record) {
    return record
        .put(Notification.WORK_GROUP, workGroup())
        .put(Notification.OWNER, UserText.cleanOrNull(owner()));
  }

  /** What a finding says of its own addressee; absent where the notification says it once. */
  @Nullable String member(String workGroup, @Nullable String owner) {
    var group = "workgroup " + UserText.clean(workGroup);
    var quoted = UserText.quotedOrNull(owner);
    return !isShared() ? null : quoted == null ? group : group + "; owner " + quoted;
  }

  /** How many names the attributes have no room for; absent if they have room for all. */
  @Nullable Integer leftOut() {
    var leftOut = leftOut(names(Addressee::workGroup)) + leftOut(names(Addressee::owner));
    return isShared() && leftOut > 0 ? (Integer) leftOut : null;
  }

  private static int leftOut(Set<@Nullable String> names) {
    return names.size() - fitting(names).size();
  }

  private Addressee addressee() {
    return news.addressees().iterator().next();
  }

  private Set<@Nullable String> names(Function<Addressee, @Nullable String> name) {
    var names = new LinkedHashSet<@Nullable String>();
    for (var it : news.addressees()) {
      var text = name.apply(it);
      names.add(text == null ? null : UserText.attribute(text));
    }
    return names;
  }

  /** Null stands for no owner. Where nothing else is known, the attribute is absent. */
  private static void putList(
      Map<String, Object> attributes, String key, Set<@Nullable String> names) {
    if (names.stream().anyMatch(Objects::nonNull)) {
      attributes.put(key, fitting(names));
    }
  }

  private static List<@Nullable String> fitting(Set<@Nullable String> names) {
    var fitting = new ArrayList<@Nullable String>();
    var left = MAX_OF_LIST;
    for (var name : names) {
      left -= String.valueOf(name).length() + SEPARATORS;
      if (left < 0) {
        break;
      }
      fitting.add(name);
    }
    return fitting;
  }
}
