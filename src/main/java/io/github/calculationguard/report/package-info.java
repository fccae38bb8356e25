/**
 * Tells: the flat record of an outcome, and what is made of it: the log line, the metrics line, the
 * messages, the page. Knows what happened, and neither AWS's SDK nor Lambda. Markup is in mustache
 * templates, which are compiled into classes named Renderer.
 */
@NullMarked
@JStacheConfig(pathing = @JStachePath(prefix = "io/github/calculationguard/report/", suffix = ""))
package io.github.calculationguard.report;

import io.jstach.jstache.JStacheConfig;
import io.jstach.jstache.JStachePath;
import org.jspecify.annotations.NullMarked;
