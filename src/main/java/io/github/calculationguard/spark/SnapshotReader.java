package io.github.calculationguard.spark;

import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads what people want to know of a calculation or a session; what can't be read is left out.
 *
 * @param ownerTag the key of the tag that names an owner, in whatever case
 */
public record SnapshotReader(AthenaSparkView athena, String ownerTag, InstantSource clock) {

  /** The calculation with its session, its owner and the session's executors. */
  public Snapshot read(Calculation calculation, AccountRegion place, Deadline deadline) {
    var id = calculation.sessionId();
    var session = id == null ? null : orNull(() -> athena.session(id, deadline));
    return session == null
        ? new Snapshot(calculation, null, null, List.of(), clock.instant())
        : read(session, place, deadline).about(calculation);
  }

  /** The session with its owner and its executors. */
  public Snapshot read(Session session, AccountRegion place, Deadline deadline) {
    var executors =
        session.state().isOver() ? null : orNull(() -> athena.executors(session.id(), deadline));
    return new Snapshot(
        null,
        session,
        owner(session, place, deadline),
        executors == null ? List.of() : executors,
        clock.instant());
  }

  private @Nullable String owner(Session session, AccountRegion place, Deadline deadline) {
    var workGroup = new WorkGroup(session.workGroup());
    var own = ownerIn(place.arnOf(workGroup, session.id()), deadline);
    return own != null ? own : ownerIn(place.arnOf(workGroup), deadline);
  }

  private @Nullable String ownerIn(String arn, Deadline deadline) {
    var tags = orNull(() -> athena.tags(arn, deadline));
    return tags == null ? null : owner(tags, ownerTag);
  }

  /** The owner whom tags name, by a key in whatever case. */
  public static @Nullable String owner(Map<String, String> tags, String ownerTag) {
    return tags.entrySet().stream()
        .filter(tag -> tag.getKey().equalsIgnoreCase(ownerTag) && !tag.getValue().isBlank())
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(null);
  }

  /** Neither a failed call nor a defect of ours may hide what was done. */
  private static <T> @Nullable T orNull(Supplier<T> reading) {
    try {
      return reading.get();
    } catch (RuntimeException e) {
      return null;
    }
  }
}
