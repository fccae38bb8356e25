package io.github.athenasparklocal;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/** An HTTP response. */
public final class Reply {

  private final int status;
  private final String contentType;
  private final byte[] body;
  private final Map<String, String> headers;

  Reply(int status, String contentType, byte[] body, Map<String, String> headers) {
    this.status = status;
    this.contentType = contentType;
    this.body = body.clone();
    this.headers = Map.copyOf(headers);
  }

  /** A response with a text. */
  public Reply(int status, String contentType, String body) {
    this(status, contentType, body.getBytes(StandardCharsets.UTF_8), Map.of());
  }

  /** A response of AWS's JSON protocol. */
  public static Reply json(int status, Map<String, ?> body) {
    return new Reply(status, "application/x-amz-json-1.1", Json.text(body));
  }

  int status() {
    return status;
  }

  String contentType() {
    return contentType;
  }

  byte[] body() {
    return body.clone();
  }

  Map<String, String> headers() {
    return headers;
  }
}
