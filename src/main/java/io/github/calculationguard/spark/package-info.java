/**
 * The language of Athena for Apache Spark: calculations, sessions, their states and what they cost,
 * and the ports through which the rest of the guard reaches Athena. Knows nothing but the JDK.
 */
@NullMarked
package io.github.calculationguard.spark;

import org.jspecify.annotations.NullMarked;
