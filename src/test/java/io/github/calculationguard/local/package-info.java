/**
 * The AWS side of the guard on one machine, over HTTP: Athena's Spark API, SNS, EventBridge and the
 * Lambda Runtime API, for tests, for the local run and for anybody's own SDK. Knows the AWS SDK's
 * model classes and the words of {@code spark}, and nothing of the guard's decisions.
 */
@NullMarked
package io.github.calculationguard.local;

import org.jspecify.annotations.NullMarked;
