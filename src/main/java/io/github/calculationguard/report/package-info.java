/**
 * Reports what happened: one flat record of each outcome becomes the log line, the messages and the
 * events. The metrics and the page are made here too. Depends neither on AWS's SDK nor on Lambda.
 * Markup is in mustache templates, which are compiled into classes named Renderer.
 */
@NullMarked
@JStacheConfig(pathing = @JStachePath(prefix = "io/github/calculationguard/report/", suffix = ""))
package io.github.calculationguard.report;

import io.jstach.jstache.JStacheConfig;
import io.jstach.jstache.JStachePath;
import org.jspecify.annotations.NullMarked;
