package io.github.athenasparklocal;

import java.net.URI;
import java.util.function.Supplier;

/**
 * What the operations need to know of the server.
 *
 * @param maxSessions active at a time in one Region; more are refused
 * @param endpoint where the server listens
 */
record Settings(int maxSessions, Supplier<URI> endpoint, ObjectStore objects) {}
