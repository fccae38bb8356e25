/**
 * Reaches AWS: the ports' adapters for its SDK. Knows the SDK, as nobody else does, and nothing of
 * Lambda.
 */
@NullMarked
package io.github.calculationguard.aws;

import org.jspecify.annotations.NullMarked;
