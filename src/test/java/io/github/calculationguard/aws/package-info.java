/** Tests of the adapters, by the real SDK against AWS's wire protocols on this machine. */
@NullMarked
package io.github.calculationguard.aws;

import org.jspecify.annotations.NullMarked;
