package io.github.athenasparklocal;

/** What can go wrong with one request. */
public sealed interface Fault {

  /** AWS refuses, each service in its own words; the operation has no effect. */
  enum Refusal implements Fault {
    THROTTLED,
    INTERNAL_ERROR,
    UNAVAILABLE,
    DENIED,
    EXPIRED_TOKEN
  }

  /** An error of one's own choice; the operation has no effect. */
  record Chosen(int status, String code, String message) implements Fault {}

  /** What can happen to an answer on its way. */
  enum Mishap {
    /** It does not come while a client may be waiting, or until the server closes. */
    HANGS,
    /** The connection closes instead. */
    CUT_OFF,
    /** It ends before the length that it promised. */
    TRUNCATED,
    /** It says 200 and is no JSON, nor XML. */
    MALFORMED,
    /** It says 200 and nothing else. */
    EMPTY
  }

  /**
   * Something happens to the answer.
   *
   * @param effective whether the operation takes effect all the same
   */
  record Spoilt(Mishap mishap, boolean effective) implements Fault {}
}
