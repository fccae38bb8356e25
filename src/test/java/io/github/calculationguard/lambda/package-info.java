/** The functions through their front doors: events in, AWS's wire protocols out. */
@NullMarked
package io.github.calculationguard.lambda;

import org.jspecify.annotations.NullMarked;
