package io.github.athenasparklocal;

import java.util.Map;

/** What goes back over the wire. */
public record Reply(int status, String contentType, String body) {

  /** An answer of AWS's JSON protocol. */
  public static Reply json(int status, Map<String, ?> body) {
    return new Reply(status, "application/x-amz-json-1.1", Json.text(body));
  }
}
