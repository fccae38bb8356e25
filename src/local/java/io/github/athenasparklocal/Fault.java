package io.github.athenasparklocal;

/** A failure of one request. */
public sealed interface Fault {

  /** An error of AWS. The operation has no effect. */
  enum Refusal implements Fault {
    THROTTLED,
    INTERNAL_ERROR,
    UNAVAILABLE,
    DENIED,
    EXPIRED_TOKEN
  }

  /** Any other error. The operation has no effect. */
  record Chosen(int status, String code, String message) implements Fault {}

  /** How a response can be damaged. */
  enum Mishap {
    /** No response, for two minutes or until the server closes. */
    HANGS,
    /** The connection closes without a response. */
    CUT_OFF,
    /** The body is shorter than its Content-Length. */
    TRUNCATED,
    /** Status 200, with a body that is neither JSON nor XML. */
    MALFORMED,
    /** Status 200, with an empty body. */
    EMPTY
  }

  /**
   * A damaged response.
   *
   * @param effective whether the operation takes effect
   */
  record Spoilt(Mishap mishap, boolean effective) implements Fault {}
}
