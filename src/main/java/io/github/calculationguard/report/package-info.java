/**
 * Tells: the flat record of an outcome, and what is made of it: the log line, the metrics line, the
 * messages. Knows what happened, and neither AWS's SDK nor Lambda.
 */
@NullMarked
package io.github.calculationguard.report;

import org.jspecify.annotations.NullMarked;
