/**
 * The way in from Lambda: what an event means, what is answered, and how the parts are put
 * together. Knows Lambda, as nobody else does.
 */
@NullMarked
package io.github.calculationguard.lambda;

import org.jspecify.annotations.NullMarked;
