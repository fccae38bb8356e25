/** Tests of what is told. */
@NullMarked
package io.github.calculationguard.report;

import org.jspecify.annotations.NullMarked;
