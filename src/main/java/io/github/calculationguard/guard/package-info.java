/**
 * Finds what exceeds its limits: the limits, the judge that applies them, and the sweep that reads
 * an account and publishes findings. It stops nothing itself. Depends on the domain and the JDK.
 */
@NullMarked
package io.github.calculationguard.guard;

import org.jspecify.annotations.NullMarked;
