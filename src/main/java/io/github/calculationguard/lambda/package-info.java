/**
 * Lambda handlers, request parsing, HTTP replies, configuration. The only package that depends on
 * Lambda.
 */
@NullMarked
package io.github.calculationguard.lambda;

import org.jspecify.annotations.NullMarked;
