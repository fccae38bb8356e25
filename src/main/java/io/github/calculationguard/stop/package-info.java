/**
 * Acts: takes an order, stops what it names, makes sure that it stopped, and says what became of
 * it. Knows the language of Spark, and neither AWS's SDK nor Lambda.
 */
@NullMarked
package io.github.calculationguard.stop;

import org.jspecify.annotations.NullMarked;
