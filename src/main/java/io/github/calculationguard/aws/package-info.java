/** Adapters that implement the ports with the AWS SDK. The only package that depends on it. */
@NullMarked
package io.github.calculationguard.aws;

import org.jspecify.annotations.NullMarked;
