package io.github.athenasparklocal;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The latest requests, and how many there were of each operation. Its size is bounded. */
final class CallLog {

  private static final int MAX_CALLS = 100_000;
  private static final int MAX_OPERATIONS = 1000;
  private static final int MAX_CHARACTERS = 8 << 20;
  private static final int MAX_BODY = 100_000;

  private final Deque<Call> calls = new ArrayDeque<>();
  private final Map<String, Integer> counts = new HashMap<>();
  private int characters;

  synchronized Call add(
      String operation, String body, Instant at, @Nullable String accessKeyId) {
    // A name that no service has is a client's to choose.
    var known = counts.containsKey(operation) || counts.size() < MAX_OPERATIONS;
    var nth = counts.merge(known ? operation : "", 1, Integer::sum);
    var kept = body.length() <= MAX_BODY ? body : body.substring(0, MAX_BODY);
    var call = new Call(operation, nth, kept, at, accessKeyId);
    calls.add(call);
    characters += kept.length();
    while (calls.size() > MAX_CALLS || characters > MAX_CHARACTERS) {
      characters -= calls.remove().body().length();
    }
    return call;
  }

  synchronized List<Call> latest() {
    return List.copyOf(calls);
  }

  synchronized Map<String, Integer> counts() {
    return new TreeMap<>(counts);
  }

  synchronized void forget() {
    calls.clear();
    counts.clear();
    characters = 0;
  }
}
