package io.github.athenasparklocal;

import java.time.Instant;

/**
 * A notebook.
 *
 * @param payload in Jupyter's format
 */
record Notebook(
    String id,
    String name,
    String workGroup,
    String payload,
    Instant createdAt,
    Instant modifiedAt) {

  Notebook named(String newName, Instant now) {
    return new Notebook(id, newName, workGroup, payload, createdAt, now);
  }

  Notebook holding(String newPayload, Instant now) {
    return new Notebook(id, name, workGroup, newPayload, createdAt, now);
  }
}
