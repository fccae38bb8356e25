package io.github.calculationguard.report;

import module java.base;

import io.github.calculationguard.guard.News;
import io.github.calculationguard.guard.News.Addressee;
import io.github.calculationguard.spark.*;
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

  String inSubject() {
    if (isShared()) {
      var groups = news.addressees().stream().map(Addressee::workGroup).distinct();
      return Format.count(groups.count(), "workgroup");
    }
    var group = UserText.clean(addressee().workGroup(), MAX_IN_SUBJECT);
    var owner = owner();
    return owner == null ? group : group + " | " + UserText.clean(owner, MAX_IN_SUBJECT);
  }

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

  LogRecord putInto(LogRecord record) {
    return record
        .put(Notification.WORK_GROUP, workGroup())
        .put(Notification.OWNER, UserText.cleanOrNull(owner()));
  }

  /** The workgroup and owner of one finding; null if the whole notification has one addressee. */
  @Nullable String member(String workGroup, @Nullable String owner) {
    var group = "workgroup " + UserText.clean(workGroup);
    var quoted = UserText.quotedOrNull(owner);
    return !isShared() ? null : quoted == null ? group : group + "; owner " + quoted;
  }

  /** How many names do not fit into the attributes; null if all do. */
  @Nullable Integer leftOut() {
    var leftOut = names(Addressee::workGroup).leftOut() + names(Addressee::owner).leftOut();
    return isShared() && leftOut > 0 ? (Integer) leftOut : null;
  }

  private Addressee addressee() {
    return news.addressees().iterator().next();
  }

  /** The names that fit into an attribute, and how many do not. Null stands for no owner. */
  private record Names(List<@Nullable String> fitting, int leftOut) {}

  private Names names(Function<Addressee, @Nullable String> name) {
    var all = new LinkedHashSet<@Nullable String>();
    for (var it : news.addressees()) {
      var text = name.apply(it);
      all.add(text == null ? null : UserText.ascii(text));
    }
    var fitting = new ArrayList<@Nullable String>();
    var left = MAX_OF_LIST;
    var leftOut = 0;
    for (var it : all) {
      left -= it == null ? 0 : it.length() + SEPARATORS;
      if (it == null || left >= 0) {
        fitting.add(it);
      } else {
        leftOut++;
      }
    }
    return new Names(fitting, leftOut);
  }

  /** Where no name is known, the attribute is absent. */
  private static void putList(Map<String, Object> attributes, String key, Names names) {
    if (names.fitting().stream().anyMatch(Objects::nonNull)) {
      attributes.put(key, names.fitting());
    }
  }
}
