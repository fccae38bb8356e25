/**
 * The guard, played on this machine: a stop, a sweep and the page, with what each of them prints.
 */
@NullMarked
package io.github.calculationguard.play;

import org.jspecify.annotations.NullMarked;
