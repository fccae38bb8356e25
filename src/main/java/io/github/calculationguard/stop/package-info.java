/**
 * Acts: carries out a stop request, confirms that what it names ended, and returns the outcome.
 * Knows only the spark package.
 */
@NullMarked
package io.github.calculationguard.stop;

import org.jspecify.annotations.NullMarked;
