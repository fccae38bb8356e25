package io.github.calculationguard.guard;

import static java.util.Comparator.comparing;
import static java.util.Comparator.comparingDouble;
import static java.util.stream.Collectors.toSet;

import module java.base;

import io.github.calculationguard.guard.Inventory.*;
import io.github.calculationguard.guard.InventoryReader.*;
import io.github.calculationguard.spark.*;
import io.github.calculationguard.spark.AccountRegion.WorkGroup;
import io.github.calculationguard.spark.Session.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Reads what is active in an account, for a person who waits: every session from the lists, then
 * what runs and what it costs, as far as the calls go that need not wait. What it remembers only
 * saves calls. It calls Athena from several threads, and is not thread-safe itself.
 */
public final class PageReader {

  /** So many calls at once show some fifty sessions, with what runs in them. */
  public static final int BURST = 60;

  /** So many that a burst is over within 150 ms if each call takes 20 ms. */
  private static final int MAX_IN_FLIGHT = 8;

  /** Calls that are kept for the nodes and the tags of the costliest sessions. */
  private static final int FOR_COSTLIEST = 10;

  /** Details that take longer than this are left out. */
  private static final Duration MAX_DETAILS = Duration.ofSeconds(2);

  private static final Duration REMEMBERED = Duration.ofMinutes(1);

  /** What is known of a session. Its size never changes; its cost only ranks it. */
  private record Known(@Nullable Integer maxDpus, double dpuHours) {}

  private record TimedTags(Map<String, String> tags, Instant at) {}

  private final InventoryReader reader;
  private final RateLimiter limiter;

  private final Map<SessionId, Known> known = new HashMap<>();

  /** By the last known cost; sessions of unknown cost come last. */
  private final Comparator<Session> costliest =
      comparingDouble(this::dpuHours).reversed().thenComparing(Session.OLDEST_FIRST);

  private final Map<String, TimedTags> knownTags = new HashMap<>();
  private @Nullable Inventory last;

  /** How many calls a reading takes that shows what runs. */
  private int callsNeeded;

  /**
   * @param limiter which the reader's calls go through
   */
  public PageReader(InventoryReader reader, RateLimiter limiter) {
    this.reader = reader;
    this.limiter = limiter;
  }

  /**
   * Reads what can be read by the deadline, and reports what it did not reach. The costliest come
   * first, those of unknown cost last. Where too few calls are left to read what runs, it gives the
   * last reading, of its own time, if that is at most a minute old.
   */
  public Inventory read(AccountRegion place, Deadline deadline) {
    var now = reader.clock().instant();
    if (last != null
        && !last.at().isBefore(now.minus(REMEMBERED))
        && !limiter.isSlowedDown()
        && limiter.callsBy(now) < callsNeeded) {
      return last.with(new Failure("anything newer", "", null));
    }
    last = new PageReading(place, deadline).read();
    return last;
  }

  private double dpuHours(Session session) {
    var it = known.get(session.id());
    return it == null ? -1 : it.dpuHours;
  }

  private void remember(Snapshot described) {
    var session = described.requireSession();
    var cost = described.cost();
    known.put(session.id(), new Known(session.maxDpus(), cost == null ? -1 : cost.dpuHours()));
  }

  private record Seen(Session session, boolean isDescribed, List<Calculation> calculations) {}

  private final class PageReading extends Reading {

    private final ExecutorService threads = Executors.newFixedThreadPool(MAX_IN_FLIGHT);

    private int calls;

    PageReading(AccountRegion place, Deadline deadline) {
      super(reader, place, deadline);
    }

    Inventory read() {
      try (threads) {
        var end = deadline;
        var before = limiter.callsBy(startedAt);
        var listed = list(end);
        var isSlow = limiter.isSlowedDown();
        deadline = isSlow ? end : new Deadline(now().plus(MAX_DETAILS)).orEarlier(end);
        calls = limiter.callsBy(isSlow ? end.at() : now());
        callsNeeded = before - calls;
        forget(listed);
        var groups = new TreeMap<String, Supplier<Map<String, String>>>();
        for (var session : listed) {
          var name = session.workGroup();
          groups.computeIfAbsent(name, _ -> tags(place.arnOf(new WorkGroup(name)), name));
        }
        var seen = readRunning(ranked(listed));
        seen.sort(comparing(Seen::session, costliest));
        // Each starts to read before the first is waited for.
        var started = seen.stream().map(this::startInDepth).toList();
        var groupTags = new HashMap<String, EffectiveTags>();
        groups.forEach(
            (name, tags) -> groupTags.put(name, effectiveTags(new WorkGroup(name), tags.get())));
        var entries = new ArrayList<>(started.stream().map(it -> it.apply(groupTags)).toList());
        entries.sort(comparing(Entry::session, costliest));
        return inventory(entries, now());
      }
    }

    private List<Session> list(Deadline end) {
      var groups = read("the workgroups", "", this::workGroups).orElse(List.of());
      deadline = end.fraction(0.4, now());
      var lists = new ArrayList<Supplier<Optional<List<Session>>>>();
      for (var it : groups) {
        var what = "the sessions of workgroup";
        lists.add(start(what, it.name(), () -> athena.activeSessions(it, deadline)));
      }
      var listed = new ArrayList<Session>();
      for (var list : lists) {
        var sessions = list.get();
        workGroupsDone += sessions.isPresent() ? 1 : 0;
        sessions.map(this::once).ifPresent(listed::addAll);
      }
      return listed;
    }

    private void forget(List<Session> listed) {
      known.keySet().retainAll(listed.stream().map(Session::id).collect(toSet()));
      knownTags.values().removeIf(it -> it.at.isBefore(startedAt.minus(REMEMBERED)));
    }

    private <T> Supplier<Optional<T>> start(String what, Object of, Supplier<T> reading) {
      var attempt = CompletableFuture.supplyAsync(() -> attempt(what, of, reading), threads);
      return () -> result(attempt.join());
    }

    private Supplier<Map<String, String>> tags(String arn, Object of) {
      var remembered = knownTags.get(arn);
      if (remembered != null) {
        return () -> remembered.tags;
      }
      if (calls <= 0) {
        leaveOut("the tags of", of);
        return Map::of;
      }
      calls--;
      var reading = start("the tags of", of, () -> athena.tags(arn, deadline));
      return () -> {
        var read = reading.get();
        read.ifPresent(it -> knownTags.put(arn, new TimedTags(it, startedAt)));
        return read.orElse(Map.of());
      };
    }

    /** The costliest of those that are known, in turns with the oldest of the others. */
    private List<Session> ranked(List<Session> listed) {
      Predicate<Session> isKnown = it -> known.containsKey(it.id());
      var old = listed.stream().filter(isKnown).sorted(costliest).iterator();
      var other = listed.stream().filter(isKnown.negate()).sorted(Session.OLDEST_FIRST).iterator();
      var ranked = new ArrayList<Session>();
      while (old.hasNext() || other.hasNext()) {
        Stream.of(old, other).filter(Iterator::hasNext).forEach(it -> ranked.add(it.next()));
      }
      return ranked;
    }

    /** Each session; the first ones with what runs in them, and with their details. */
    private List<Seen> readRunning(List<Session> ranked) {
      var spare = calls - Math.min(FOR_COSTLIEST, calls / 4);
      var running = new HashMap<SessionId, Supplier<Optional<List<Calculation>>>>();
      for (var session : ranked) {
        var id = session.id();
        if (session.state().isIdle() || !session.supportsCalculations()) {
          continue;
        }
        var what = "what runs in session";
        if (running.size() < spare / 2) {
          Supplier<List<Calculation>> list =
              () -> athena.calculations(id, Instant.MAX, deadline).calculations();
          running.put(id, start(what, id, list));
        } else {
          leaveOut(what, id);
        }
      }
      callsNeeded = Math.min(callsNeeded + running.size(), BURST / 2);
      var details = new HashMap<SessionId, Supplier<Optional<Session>>>();
      for (var session : ranked.subList(0, Math.min(ranked.size(), spare - running.size()))) {
        var id = session.id();
        details.put(id, start("the details of session", id, () -> athena.session(id, deadline)));
      }
      calls -= running.size() + details.size();
      var seen = new ArrayList<Seen>();
      for (var listed : ranked) {
        var id = listed.id();
        var described = details.getOrDefault(id, Optional::empty).get();
        var calculations = running.getOrDefault(id, Optional::empty).get().orElse(List.of());
        var size = known.containsKey(id) ? known.get(id).maxDpus : null;
        described.ifPresent(it -> remember(new Snapshot(null, it, null, List.of(), now())));
        var session = described.orElse(listed.withMaxDpus(size));
        if (!details.containsKey(id) && size == null) {
          leaveOut("the size of session", id);
        }
        if (!session.state().hasEnded()) {
          seen.add(new Seen(session, described.isPresent(), calculations));
        }
      }
      return seen;
    }

    /** Starts to read the nodes and tags of a session, as long as there are calls left. */
    private Function<Map<String, EffectiveTags>, Entry> startInDepth(Seen it) {
      var session = it.session;
      var id = session.id();
      Supplier<Optional<List<Executor>>> executors = Optional::empty;
      if (calls > 0) {
        calls--;
        executors = start("the nodes of session", id, () -> athena.executors(id, deadline));
      }
      var nodes = executors;
      var own = tags(place.arnOf(session), id);
      return groupTags -> {
        var group = Objects.requireNonNull(groupTags.get(session.workGroup()));
        var alive = nodes.get().orElse(List.of());
        var tags = effectiveTags(session, own.get(), group, now());
        var details = new Snapshot(null, session, tags.owner(), alive, now());
        if (it.isDescribed) {
          remember(details);
        }
        return new Entry(details, it.calculations, tags.limits());
      };
    }
  }
}
