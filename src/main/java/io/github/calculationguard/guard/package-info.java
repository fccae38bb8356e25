/**
 * Finds what runs away: limits, the judge who applies them, and the sweep that walks through an
 * account and orders what is over them to be stopped. It stops nothing itself. Knows the language
 * of Athena's Spark side and the JDK; where orders and announcements go, its ports say.
 */
@NullMarked
package io.github.calculationguard.guard;

import org.jspecify.annotations.NullMarked;
