/** Measures the guard against the same job in Python. */
@NullMarked
package io.github.calculationguard.bench;

import org.jspecify.annotations.NullMarked;
