/**
 * The page on the dashboard in a real browser: a browser that is driven, and a stand-in for
 * CloudWatch's console.
 */
@NullMarked
package io.github.calculationguard.browser;

import org.jspecify.annotations.NullMarked;
