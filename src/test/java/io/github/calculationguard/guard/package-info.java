/** Tests of limits, judge and sweep, against the fake of Athena and a clock that is set by hand. */
@NullMarked
package io.github.calculationguard.guard;

import org.jspecify.annotations.NullMarked;
