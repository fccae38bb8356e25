/** Tests of the language, and a working fake of its port. */
@NullMarked
package io.github.calculationguard.spark;

import org.jspecify.annotations.NullMarked;
