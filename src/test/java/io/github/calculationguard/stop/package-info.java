/** The ladder over a working fake of Athena, in virtual time. */
@NullMarked
package io.github.calculationguard.stop;

import org.jspecify.annotations.NullMarked;
