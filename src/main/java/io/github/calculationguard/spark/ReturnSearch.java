package io.github.calculationguard.spark;

import static java.util.Comparator.comparing;
import static java.util.Objects.requireNonNull;

import module java.base;

import io.github.calculationguard.spark.AthenaSparkException.NotFoundException;
import org.jspecify.annotations.Nullable;

/**
 * Decides from Athena's own history whether work returned: whether it started at most {@link
 * #WITHIN} after the same work was canceled in its session, or after the same owner's session of
 * the same workgroup was terminated. A description tells which work it is.
 */
public record ReturnSearch(History history) {

  /** Clients that retry do so within minutes. */
  public static final Duration WITHIN = Duration.ofMinutes(30);

  /** A client may start again while Athena still terminates. */
  private static final Duration TERMINATING = Duration.ofMinutes(1);

  /** More than one matches only where several owners share a workgroup and a description. */
  private static final int MAX_CANDIDATES = 3;

  /** What is known of the past; every method may throw an {@link AthenaSparkException}. */
  public interface History {

    /** The canceled calculations of a session, from {@link #WITHIN} before that instant on. */
    List<Calculation> canceledIn(SessionId session, Instant start);

    /** The terminated sessions of a workgroup, as far as they are known. */
    List<Session> terminatedIn(String workGroup);

    /** Whom the tags of a session that has ended, or else of its workgroup, name. */
    @Nullable String ownerOf(Session ended);

    /** Whether the guard itself ordered the stop that ended it at that instant. */
    boolean isOurs(String id, Instant end);
  }

  private record Stopped(String id, Instant end, @Nullable Session session) {}

  /** What a calculation, or else a session, returned after. */
  public Optional<Return> find(Snapshot snapshot) {
    var session = snapshot.session();
    if (session == null) {
      return Optional.empty();
    }
    var calculation = snapshot.calculation();
    if (calculation != null && isNamed(calculation.description())) {
      var start = calculation.submittedAt();
      var canceled =
          start == null ? List.<Calculation>of() : history.canceledIn(session.id(), start);
      var same =
          canceled.stream()
              .filter(it -> Objects.equals(it.description(), calculation.description()))
              .filter(it -> isSoonAfter(it.completedAt(), start))
              .map(it -> new Stopped(it.id().value(), requireNonNull(it.completedAt()), null));
      var found = first(same, snapshot);
      if (found.isPresent()) {
        return found;
      }
    }
    if (!isNamed(session.description())) {
      return Optional.empty();
    }
    var same =
        history.terminatedIn(session.workGroup()).stream()
            .filter(it -> Objects.equals(it.description(), session.description()))
            .filter(it -> isSoonAfter(it.endedAt(), session.startedAt()))
            .map(it -> new Stopped(it.id().value(), requireNonNull(it.endedAt()), it));
    return first(same, snapshot);
  }

  private static boolean isNamed(@Nullable String description) {
    return description != null && !description.isBlank();
  }

  /** The guard's own stops first, then the most recent. */
  private Optional<Return> first(Stream<Stopped> same, Snapshot snapshot) {
    // What has just been stopped itself is a part of the history, too.
    return same.filter(it -> !it.id.equals(snapshot.id()))
        .sorted(comparing(this::isOurs).thenComparing(Stopped::end).reversed())
        .limit(MAX_CANDIDATES)
        .flatMap(it -> returned(it, snapshot.owner()).stream())
        .findFirst();
  }

  private static boolean isSoonAfter(@Nullable Instant end, @Nullable Instant start) {
    return end != null
        && start != null
        && !start.isBefore(end.minus(TERMINATING))
        && !start.isAfter(end.plus(WITHIN));
  }

  private Optional<Return> returned(Stopped stopped, @Nullable String owner) {
    try {
      var isSameOwner =
          stopped.session == null || Objects.equals(history.ownerOf(stopped.session), owner);
      return isSameOwner ? Optional.of(new Return(stopped.id, isOurs(stopped))) : Optional.empty();
    } catch (NotFoundException _) {
      // Athena no longer knows whose it was.
      return Optional.of(new Return(stopped.id, false));
    }
  }

  private boolean isOurs(Stopped stopped) {
    return history.isOurs(stopped.id, stopped.end);
  }
}
