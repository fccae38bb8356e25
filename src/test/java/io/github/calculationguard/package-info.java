/**
 * Tests of what is deployed, rather than of one package: the template and the samples. May know
 * everything.
 */
@NullMarked
package io.github.calculationguard;

import org.jspecify.annotations.NullMarked;
